// SPDX-License-Identifier: MIT
// What a block is, in a few words beside the pointer.
import { byId, element } from "./dom.js";
import { LOOSE } from "./heap.js";
import { FAMILIES, familyColor } from "./kinds.js";
import { count, hex, shortened } from "./text.js";

const VALUE_MAX = 160;

// A swatch with the kind's letter.
export function swatch(heap, row) {
    const box = element("span", { class: "swatch", "aria-hidden": "true" },
        heap.letter.at(row) ?? "?");
    box.style.backgroundColor = familyColor(heap.family[row]);
    box.dataset.family = FAMILIES[heap.family[row]].name;
    return box;
}

function emptyText(row) {
    return row === LOOSE ? "a tail without a head" : "free";
}

// One line: address, what it is, its size; as text and elements.
export function blockText(heap, block) {
    const row = heap.rowOfBlock[block];
    const address = hex(heap.addressOf(block));
    if (row < 0) {
        return [`${address}: ${emptyText(row)}`];
    }
    const start = heap.firstBlock(row);
    const part = block === start ? "" : `, block ${block - start + 1}`;
    return [`${address}: `, element("span", { class: "target" }, heap.titleOf(row)),
        `, ${count(heap.blocks[row], "block")}${part}`];
}

function describe(heap, block) {
    const row = heap.rowOfBlock[block];
    const address = element("code", { class: "address" }, hex(heap.addressOf(block)));
    if (row < 0) {
        return [element("div", {}, address, ` ${emptyText(row)}`)];
    }
    const value = heap.value.at(row);
    return [
        element("div", {}, swatch(heap, row), " ", element("b", {}, heap.titleOf(row))),
        value === null ? null
            : element("div", { class: "value" }, shortened(value, VALUE_MAX)),
        element("div", { class: "muted" }, address,
            heap.kind.at(row) === heap.typeOf(row) ? "" : ` ${heap.kind.at(row)}`,
            ` ${count(heap.blocks[row], "block")} from ${hex(heap.address[row])}`),
    ].filter(Boolean);
}

export function hideTip() {
    byId("tip").hidden = true;
}

// Shows it beside a pixel of the map's canvas; nothing for -1.
export function showTip(map, block, x, y) {
    if (block < 0) {
        hideTip();
        return;
    }
    const tip = byId("tip");
    tip.replaceChildren(...describe(map.state.heap, block));
    tip.hidden = false;
    const left = Math.min(x + 14, map.width - tip.offsetWidth - 4);
    const below = y + 18 + tip.offsetHeight < map.height;
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${below ? y + 18 : Math.max(0, y - tip.offsetHeight - 10)}px`;
}
