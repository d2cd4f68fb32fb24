// SPDX-License-Identifier: MIT
// The page: reads its data, draws the map first and all else after it.
import { showCards, showCurve } from "./cards.js";
import { DataError, readDocument } from "./data.js";
import { byId, element, setText } from "./dom.js";
import { showLegend } from "./legend.js";
import { BlockMap } from "./map.js";
import { showObject } from "./object.js";
import { showSearch } from "./search.js";
import { State } from "./state.js";
import { showSummary } from "./summary.js";
import { watchTheme } from "./theme.js";

const MOMENTS = ["Earlier", "Later"];

// Calls back once the browser has painted what is there now.
function painted(callback) {
    requestAnimationFrame(() => setTimeout(callback, 0));
}

function showMoments(state) {
    const box = byId("moments");
    box.hidden = state.momentCount() < 2;
    for (let number = 0; number < state.momentCount(); number++) {
        const radio = element("input", { type: "radio", name: "moment", value: number,
            checked: number === state.moment, onchange: () => state.setMoment(number) });
        box.append(element("label", {}, radio, element("span", {}, MOMENTS[number])));
    }
}

// The page is complete.
function done() {
    performance.mark("mpheap-done");
}

function showHeap(state, themed) {
    const map = new BlockMap(state, byId("map"));
    themed.push(() => map.recolor());
    showSummary(state, byId("summary"));
    painted(() => {
        performance.mark("mpheap-map");
        showLegend(state, byId("legend"));
        showSearch(state);
        showObject(state, byId("object"));
        state.addEventListener("moment", () => showCards(state, map, done));
        showCards(state, map, done);
    });
}

function showDocument(whole) {
    const state = new State(whole);
    const themed = [];
    document.title = "mpheap report";
    setText(byId("input"), whole.input ?? "");
    setText(byId("footer"), `Written by mpheap ${whole.mpheap ?? ""}.`);
    watchTheme(byId("theme"), () => themed.forEach((redraw) => redraw()));
    if (whole.watch) {
        showCurve(whole.watch, (redraw) => themed.push(redraw));
    }
    if (state.momentCount()) {
        showMoments(state);
        showHeap(state, themed);
    } else {
        byId("workbench").hidden = true;
        byId("summary").hidden = true;
        painted(done);
    }
}

async function start() {
    try {
        showDocument(await readDocument(byId("data")));
    } catch (error) {
        const problem = byId("problem");
        problem.hidden = false;
        setText(problem, error instanceof DataError ? error.message
            : `The page's data cannot be shown: ${error.message}`);
    }
}

start();
