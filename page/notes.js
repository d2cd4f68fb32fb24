// SPDX-License-Identifier: MIT
// What a reader must know besides, of every report.
import { element } from "./dom.js";

const COMMON = 3; // reports that have a note: it is not repeated in each of them

function isCommon(heap, note) {
    return Object.values(heap.reports)
        .filter((report) => report.notes?.includes(note)).length >= COMMON;
}

// The notes of one report, without those that many have, or nothing.
export function notesOf(heap, report) {
    const notes = (report.notes ?? []).filter((note) => !isCommon(heap, note));
    return notes.length ? element("ul", { class: "notes" }, notes.map((note) =>
        element("li", { class: "target" }, note))) : null;
}

function items(heap) {
    return [
        ...heap.notes.map((note) => ["page", note]),
        ...Object.entries(heap.errors).map(([name, text]) => [name, `failed: ${text}`]),
        ...Object.entries(heap.reports).flatMap(([name, report]) =>
            (report?.notes ?? []).map((note) => [name, note])),
    ];
}

// All notes and errors of a moment, each once, with the reports that have it; null without any.
export function allNotes(heap) {
    const names = new Map();
    for (const [name, note] of items(heap)) {
        names.set(note, [...(names.get(note) ?? []), name]);
    }
    return names.size === 0 ? null : element("ul", { class: "notes" }, [...names]
        .map(([note, reports]) => element("li", { class: "target" },
            element("b", {}, `${reports.join(", ")}: `), note)));
}
