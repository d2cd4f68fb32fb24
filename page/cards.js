// SPDX-License-Identifier: MIT
// The cards of the page, one for each report. Those that a moment has are drawn when the browser
// has nothing else to do, so that the map is there first.
import { byId, element } from "./dom.js";
import { curve } from "./curve.js";
import { difference } from "./difference.js";
import { freeRuns } from "./free_runs.js";
import { garbage } from "./garbage.js";
import { memoryLayout } from "./layout.js";
import { allNotes, notesOf } from "./notes.js";
import { qstrs } from "./qstrs.js";
import { fault, tasks, traceback } from "./traceback.js";
import { retainers } from "./treemap.js";
import { typesTable } from "./types.js";
import { boundsVerdicts, checkVerdicts, diagnosis } from "./verdicts.js";

// Title, the report that it shows, and the function that does.
const VERDICTS = [
    { title: "Diagnosis", report: "diagnose", body: diagnosis },
    { title: "Bounds", report: "bounds", body: boundsVerdicts },
    { title: "Integrity", report: "check", body: checkVerdicts },
];
const LEFT = [
    { title: "Fault", report: "fault", body: fault },
    { title: "Traceback", report: "bt", body: traceback },
    { title: "Types", report: "types", body: typesTable },
    { title: "Garbage", report: "garbage", body: garbage },
];
const RIGHT = [
    { title: "Biggest retainers", report: "retained", body: retainers },
    { title: "Interned strings", report: "qstr", body: qstrs },
];
const WIDE = [
    { title: "Tasks", report: "tasks", body: tasks },
    { title: "Memory layout", report: "bounds", body: memoryLayout },
];

function card(title, body) {
    return element("section", { class: "card", "aria-label": title },
        element("h2", {}, title), body);
}

function reportCard(state, { title, report: name, body }) {
    const { heap } = state;
    const report = heap.reports[name];
    if (report) {
        return card(title, element("div", {}, body(state, report), notesOf(heap, report)));
    }
    return heap.errors[name] ? card(title, element("p", { class: "target" },
        `Not known: ${heap.errors[name]}`)) : null;
}

// Does one thing after another, each when the browser is idle, as long as they are wanted: until
// another moment is chosen. `done` is called after the last.
function inIdleTime(steps, areWanted, done) {
    const later = globalThis.requestIdleCallback ?? ((step) => setTimeout(step, 1));
    const next = () => {
        const step = steps.shift();
        if (!areWanted()) {
            return;
        }
        if (step) {
            step();
            later(next, { timeout: 200 });
        } else {
            done();
        }
    };
    later(next, { timeout: 200 });
}

function differenceCard(state) {
    const { document: { diff }, heap } = state;
    return diff ? card("Difference", element("div", {}, difference(state, diff),
        notesOf(heap, diff))) : null;
}

function notesCard(state) {
    const notes = allNotes(state.heap);
    return notes ? card("Notes", notes) : null;
}

// What to draw, and where.
function plan(state, map, box) {
    const left = element("div", {});
    const right = element("div", {});
    const stacks = element("div", { class: "cards stacks" }, left, right);
    const reports = (list, place) => list.map((one) => [place, () => reportCard(state, one)]);
    box.append(stacks);
    return [
        [stacks, () => differenceCard(state), "before"],
        ...reports(LEFT, left),
        ...reports(RIGHT.slice(0, 1), right),
        [right, () => card("Free runs", freeRuns(state, (block) => map.goTo(block)))],
        ...reports(RIGHT.slice(1), right),
        ...reports(WIDE, box),
        [box, () => notesCard(state)],
    ];
}

// Draws all cards of the moment; `done` is called once they are there.
export function showCards(state, map, done) {
    const verdicts = VERDICTS.map((one) => reportCard(state, one)).filter(Boolean);
    const box = element("div", {});
    byId("verdicts").replaceChildren(...verdicts);
    byId("cards").replaceChildren(box);
    const steps = plan(state, map, box).map(([place, build, how = "append"]) => () => {
        const made = build();
        if (made) {
            place[how](made);
        }
    });
    inIdleTime(steps, () => box.isConnected, done);
}

export function showCurve(watch, onTheme) {
    byId("verdicts").before(card("Recorded", curve(watch, onTheme)));
}
