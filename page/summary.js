// SPDX-License-Identifier: MIT
// The numbers that a reader looks for first.
import { element } from "./dom.js";
import { bytes, count, integer, percent } from "./text.js";

// A number stands out from its unit.
function withUnit(value) {
    const [number, unit] = value.split(/ (?=bytes?$)/);
    return unit ? [number, element("span", { class: "small" }, ` ${unit}`)] : value;
}

function tile(title, value, besides) {
    return value === undefined || value === null || value === "" ? null
        : element("div", { class: "tile" }, element("span", { class: "muted" }, title),
            element("b", { class: "target" }, withUnit(value)),
            element("span", { class: "muted small target" }, besides ?? ""));
}

function stackTile({ stack }) {
    if (!stack?.limit_bytes) {
        return null;
    }
    const limit = `of ${bytes(stack.limit_bytes)} for Python`;
    return stack.used_bytes === undefined || stack.used_bytes === null
        ? tile("C stack", "not known", limit)
        : tile("C stack", bytes(stack.used_bytes), limit);
}

function collectorText({ state }) {
    const said = [state.is_collecting && "a collection is in progress",
        state.lock_depth > 0 && `the heap is locked ${count(state.lock_depth, "time")}`,
        state.is_torn && "blocks of more than one moment"];
    return said.filter(Boolean).join("; ");
}

function heapTiles(heap, info) {
    const { total_bytes: total, used_bytes: used, free_bytes: free } = info.heap;
    const largest = info.heap.max_free_blocks * info.heap.block_bytes;
    const room = heap.reports.garbage?.now ?? heap.reports.fit?.now;
    return [
        tile("Heap", bytes(total), `${count(info.heap.areas.length, "area")}, blocks of ` +
            bytes(info.heap.block_bytes)),
        tile("Used", bytes(used), percent(used / total)),
        tile("Free", bytes(free), percent(free / total)),
        tile("Largest free run", bytes(largest),
            room ? `fragmentation ${percent(room.fragmentation)}` : ""),
    ];
}

export function showSummary(state, box) {
    const draw = () => {
        const { heap } = state;
        const { info, garbage } = heap.reports;
        const tiles = info ? [
            ...heapTiles(heap, info),
            tile("Allocations", integer(heap.count),
                garbage ? `${integer(garbage.count)} of them garbage` : ""),
            stackTile(info),
            tile("Firmware", info.firmware.version || "version not known", info.firmware.tier),
            tile("Target", info.state.target, collectorText(info)),
        ] : [];
        box.replaceChildren(...tiles.filter(Boolean));
    };
    state.addEventListener("moment", draw);
    draw();
}
