// SPDX-License-Identifier: MIT
// Free runs by size, now and after a collection, and the largest of them.
import { bar, element, table } from "./dom.js";
import { bytes, hex, integer } from "./text.js";

const LARGEST = 8;

// {count, blocks} by the power of two that a run's length begins.
function classesOf(runs) {
    const classes = new Map();
    for (const { length } of runs) {
        const from = 2 ** Math.floor(Math.log2(length));
        const one = classes.get(from) ?? { count: 0, blocks: 0 };
        classes.set(from, { count: one.count + 1, blocks: one.blocks + length });
    }
    return classes;
}

function afterCounts(report) {
    const classes = report?.after?.runs_by_blocks ?? [];
    return new Map(classes.map((one) => [one.from_blocks, one.count]));
}

function sizeText(from, size) {
    const to = 2 * from - 1;
    return from === to ? `${integer(from * size)}` : `${integer(from * size)} \u2013 ` +
        integer(to * size);
}

function histogram(heap, runs) {
    const now = classesOf(runs);
    const after = afterCounts(heap.reports.garbage);
    const most = Math.max(1, ...[...now.values()].map((one) => one.blocks));
    const sizes = [...new Set([...now.keys(), ...after.keys()])].sort((a, b) => a - b);
    return table([{ title: "Run of bytes", isNumber: true }, { title: "Count", isNumber: true },
        { title: "Free bytes", isNumber: true }, { title: "" },
        { title: "After a collection", isNumber: true }],
    sizes.map((from) => {
        const one = now.get(from) ?? { count: 0, blocks: 0 };
        return [sizeText(from, heap.blockBytes), integer(one.count),
            integer(one.blocks * heap.blockBytes), bar(one.blocks / most),
            after.size ? integer(after.get(from) ?? 0) : ""];
    }));
}

function largest(runs, heap, reveal) {
    const some = [...runs].sort((a, b) => b.length - a.length).slice(0, LARGEST);
    return element("p", {}, "Largest: ", some.map((run, i) => [i ? ", " : "",
        element("button", { type: "button", class: "link",
            onclick: () => reveal(run.block) },
        `${integer(run.length * heap.blockBytes)} at ${hex(heap.addressOf(run.block))}`)]).flat());
}

function afterText(report) {
    return !report ? "" : `A collection would free ${bytes(report.bytes)}` +
        `${report.certain ? "" : " at most"}: the largest run would be ` +
        `${bytes(report.after.largest_run_bytes)}.`;
}

// `reveal` shows a block of the map.
export function freeRuns(state, reveal) {
    const { heap } = state;
    const runs = heap.freeRuns();
    return element("div", {},
        element("p", {}, `${integer(runs.length)} free runs. ${afterText(heap.reports.garbage)}`),
        largest(runs, heap, reveal), histogram(heap, runs));
}
