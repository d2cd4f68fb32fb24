// SPDX-License-Identifier: MIT
// Where Python stands: the frames of bt, the tasks of asyncio, and the fault that stopped it.
import { definitions, element, longTable } from "./dom.js";
import { place } from "./place.js";

function where({ file, line, function: name }) {
    return `File "${file ?? "?"}"${line ? `, line ${line}` : ""}${name ? `, in ${name}` : ""}`;
}

function frame(state, one) {
    return element("li", {}, element("code", { class: "target" }, where(one)),
        element("span", { class: "muted small" }, ` ${one.is_native ? "native code, " : ""}on the `,
            one.place ?? one.kind, " ", place(state, one.frame_address),
            one.uncertain ? ` (uncertain: ${one.uncertain})` : ""));
}

export function traceback(state, report) {
    const { processor } = report;
    const first = report.is_running ? "The target runs: there are no frames."
        : report.frames.length ? "Traceback (most recent call last):" : "No Python frames.";
    return element("div", {}, element("p", {}, first),
        element("ol", { class: "frames" }, report.frames.map((one) => frame(state, one))),
        processor ? element("p", { class: "target" }, "in C: ",
            element("code", {}, processor.address), ` ${processor.symbol ?? ""}`) : null);
}

function chain(task) {
    return (task.chain ?? []).map(where).join(" \u2192 ");
}

export function tasks(state, report) {
    if (!report.is_loaded) {
        return element("p", {}, "asyncio is not loaded.");
    }
    const text = (words) => element("span", { class: "target" }, words ?? "");
    const rows = report.tasks.map((task) => [
        place(state, task.address), task.state, text(task.name), text(task.coroutine),
        text(task.waits_on ?? (task.wake_in_ms === undefined || task.wake_in_ms === null ? ""
            : `due in ${task.wake_in_ms} ms`)),
        text(task.pending ?? task.result ?? task.problem), text(chain(task)),
    ]);
    return longTable([{ title: "Task" }, { title: "State" }, { title: "Name" },
        { title: "Coroutine" }, { title: "Waits for" }, { title: "Ends with" },
        { title: "Where", isLong: true }], rows, 12);
}

export function fault(state, report) {
    const point = (one) => one ? element("span", { class: "target" },
        element("code", {}, one.address), ` ${one.symbol ?? ""} ${one.instruction ?? ""}`) : null;
    return element("div", {}, element("p", { class: "target" }, report.verdict),
        definitions([["Exception", report.exception?.name], ["Happened at", point(report.code)],
            ["Returns to", point(report.return)], ["Handler", point(report.handler)],
            ["Status", (report.status ?? []).map((one) => `${one.name} ${one.word ?? ""}`)
                .join(", ") || null]]));
}
