// SPDX-License-Identifier: MIT
// Free runs by size, now and after a collection; the largest of them; and whether a length fits.
import { bar, element, table } from "./dom.js";
import { bytes, count, hex, integer } from "./text.js";

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

function link(text, block, reveal) {
    return element("button", { type: "button", class: "link", onclick: () => reveal(block) }, text);
}

function largest(runs, heap, reveal) {
    const some = [...runs].sort((a, b) => b.length - a.length).slice(0, LARGEST);
    return element("p", {}, "Largest: ", some.map((run, i) => [i ? ", " : "",
        link(`${integer(run.length * heap.blockBytes)} at ${hex(heap.addressOf(run.block))}`,
            run.block, reveal)]).flat());
}

// What `fit` says, in a line.
function fitLine({ bytes: size, is_locked: isLocked, now, after }, heap, reveal) {
    const where = ({ address, fitting_runs: runs }) => [
        link(address, heap.blockAt(Number(address)), reveal),
        `, the first of ${count(runs, "free run")} long enough. `];
    const words = now.fits ? [`${bytes(size)} in one piece fit at `, where(now)]
        : [`${bytes(size)} in one piece do not fit. `,
            after ? ["After a collection: ", after.fits === false ? "nor then."
                : [after.fits ? "yes, at " : "perhaps, at ", where(after)]] : null];
    return element("p", {}, words, isLocked
        ? "The heap is locked: every allocation fails until it is unlocked." : null);
}

// `reveal` shows a block of the map.
export function freeRuns(state, reveal) {
    const { heap } = state;
    const { fit } = heap.reports;
    const runs = heap.freeRuns();
    return element("div", {}, element("p", {}, `${count(runs.length, "free run")}.`),
        largest(runs, heap, reveal), fit ? fitLine(fit, heap, reveal) : null,
        histogram(heap, runs));
}
