// SPDX-License-Identifier: MIT
// What is other at the later moment.
import { element, longTable, table } from "./dom.js";
import { place } from "./place.js";
import { change, integer, percent } from "./text.js";

const ROWS = [
    ["Used bytes", "used_bytes"], ["Free bytes", "free_bytes"], ["Objects", "objects"],
    ["Free runs", "runs"], ["Largest free run", "largest_run_bytes"], ["Pools", "pool_bytes"],
];

function numbers({ before, after }) {
    const rows = ROWS.map(([title, key]) => [title, integer(before[key]), integer(after[key]),
        change(after[key] - before[key])]);
    rows.push(["Fragmentation", percent(before.fragmentation), percent(after.fragmentation), ""]);
    return table([{ title: "" }, { title: "Earlier", isNumber: true },
        { title: "Later", isNumber: true }, { title: "Change", isNumber: true }], rows);
}

function growerName(state, one) {
    const words = one.is_garbage ? "garbage" : one.name ?? one.type ?? "all without a name";
    return element("span", { class: "target" },
        one.address ? place(state, one.address, words) : words, one.is_new ? " (new)" : "");
}

function lengths({ before_length: before, after_length: after }) {
    return after === undefined || after === null ? "" : `${before ?? "?"} \u2192 ${after}`;
}

function newTypes(one) {
    return (one.new_types ?? []).map((type) => `${integer(type.count)} ${type.type}`).join(", ");
}

function growers(state, report) {
    const rows = report.growers.map((one) => [growerName(state, one), one.type ?? "",
        change(one.change), lengths(one), newTypes(one),
        element("span", { class: "target" }, one.why ?? "")]);
    const { other_growers: others, shrinkers } = report;
    return element("div", {}, longTable([{ title: "What grew" }, { title: "Type" },
        { title: "Bytes", isNumber: true }, { title: "Length" }, { title: "New", isLong: true },
        { title: "Kept by", isLong: true }], rows, 12),
    element("p", { class: "muted small" }, `${integer(others.count)} more grew by ` +
        `${change(others.change)} bytes; ${integer(shrinkers.count)} shrank by ` +
        `${change(shrinkers.change)} bytes.`));
}

function types(state, report) {
    const rows = report.types.map((one) => [
        element("button", { type: "button", class: "link target",
            onclick: () => state.setFilter({ type: one.type }) }, one.type),
        change(one.change), integer(one.before_count), integer(one.after_count),
        integer(one.new_count), integer(one.gone_count)]);
    return longTable([{ title: "Type" }, { title: "Bytes", isNumber: true },
        { title: "Were", isNumber: true }, { title: "Are", isNumber: true },
        { title: "New", isNumber: true }, { title: "Gone", isNumber: true }], rows, 12);
}

export function difference(state, report) {
    return element("div", { class: "columns" },
        element("div", {}, numbers(report), types(state, report)), growers(state, report));
}
