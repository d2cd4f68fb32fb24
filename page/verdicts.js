// SPDX-License-Identifier: MIT
// What diagnose, check and bounds find.
import { badge, element } from "./dom.js";
import { place } from "./place.js";
import { bytes, count, integer } from "./text.js";

const MOODS = {
    trouble: "bad", wrong: "bad", damaged: "bad",
    unknown: "doubt", unsure: "doubt", unused: "doubt", unsettled: "doubt",
    fact: "fact", spare: "fact", right: "good",
};

// A level in words, what it is about, and a sentence.
function item(level, topic, text, ...besides) {
    return element("li", { class: "verdict" },
        element("div", { class: "level" }, badge(level, MOODS[level] ?? "fact"),
            element("div", { class: "muted small" }, topic)),
        element("div", { class: "target" }, text, ...besides));
}

function evidence(state, piece) {
    const { name, address, symbol, size_bytes: size, count: number, text } = piece;
    return element("span", { class: "evidence" }, `${name} `,
        address ? place(state, address) : null,
        symbol ? element("code", {}, ` ${symbol}`) : null,
        size === undefined || size === null ? null : bytes(size),
        number === undefined || number === null ? null : integer(number),
        text ?? null);
}

export function diagnosis(state, report) {
    return element("ul", { class: "verdicts" }, report.findings.map((finding) =>
        item(finding.level, finding.topic, finding.text,
            element("div", { class: "muted small" },
                (finding.evidence ?? []).map((piece) => evidence(state, piece))))));
}

export function boundsVerdicts(state, report) {
    return element("ul", { class: "verdicts" }, report.verdicts.map((verdict) =>
        item(verdict.level, null, verdict.text, verdict.change
            ? element("div", {}, element("b", {}, "To change: "), verdict.change) : null)));
}

function finding(state, one) {
    return item(one.is_certain ? "damaged" : "unsettled", one.kind, `${one.text} `,
        one.address ? place(state, one.address) : null,
        one.object ? element("div", { class: "muted small" }, "in ",
            place(state, one.object.address), ` ${one.object.meaning ?? ""}`) : null,
        one.why ? element("div", { class: "muted small" }, one.why) : null);
}

export function checkVerdicts(state, report) {
    const { allocations, references, maps } = report.checked ?? {};
    const looked = allocations === undefined ? "" : `${count(allocations, "allocation")}, ` +
        `${count(references, "reference")} and ${count(maps, "table")} were looked at`;
    const items = report.findings.map((one) => finding(state, one));
    if (!items.length) {
        items.push(item("right", null, "nothing on the heap contradicts itself"));
    }
    return element("div", {}, element("ul", { class: "verdicts" }, items),
        element("p", { class: "muted small" }, looked));
}
