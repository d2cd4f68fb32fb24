// SPDX-License-Identifier: MIT
// What a collection would free.
import { element, longTable } from "./dom.js";
import { bytes, count, integer } from "./text.js";

const FEW = 8;

function amount({ certain, bytes: most, least_bytes: least }) {
    return certain ? bytes(most) : `at most ${bytes(most)}` +
        (least === undefined || least === null ? "" : `, and at least ${bytes(least)},`);
}

function verdict(report) {
    const { finalisers, after } = report;
    return `A collection would free ${amount(report)} in ${count(report.count, "allocation")}` +
        (finalisers ? `, and run ${count(finalisers, "finaliser")}` : "") +
        `. The largest free run would be ${bytes(after.largest_run_bytes)}.`;
}

function types(state, report) {
    const rows = report.types.map((one) => [
        element("button", { type: "button", class: "link target",
            onclick: () => state.setFilter({ type: one.type, state: "garbage" }) }, one.type),
        integer(one.count), integer(one.bytes)]);
    return longTable([{ title: "Type" }, { title: "Count", isNumber: true },
        { title: "Bytes", isNumber: true }], rows, FEW);
}

export function garbage(state, report) {
    return element("div", {}, element("p", {}, verdict(report)),
        report.types.length ? types(state, report) : null);
}
