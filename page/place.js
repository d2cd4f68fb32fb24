// SPDX-License-Identifier: MIT
// Addresses in the page: those of the heap lead to the object there.
import { byId, element } from "./dom.js";

// Selects a row, and brings the map and the object's card into sight.
export function show(state, row) {
    state.select(row);
    const isNarrow = matchMedia("(max-width: 900px)").matches;
    byId(isNarrow ? "object" : "workbench").scrollIntoView({ block: "nearest" });
}

// A text that shows what is at an address (as documents have it: "0x20000000"), or the text
// alone where that is not on the heap.
export function place(state, address, text = address) {
    const row = state.momentCount() && address ? state.heap.rowAt(Number(address)) : -1;
    if (row < 0) {
        return element("code", {}, text ?? "");
    }
    return element("button", { type: "button", class: "link code",
        onclick: () => show(state, state.heap.rowAt(Number(address))) }, text);
}
