// SPDX-License-Identifier: MIT
// Search and filter: the field, the lists of types and states, and what was found.
import { byId, element, setText } from "./dom.js";
import { rowOfQuery } from "./matches.js";
import { show } from "./place.js";
import { bytes, count, hex, integer, shortened } from "./text.js";
import { swatch } from "./tip.js";

const RESULTS = 50; // of a list, and more at each click
const PAUSE_MS = 120; // after the last key
const VALUE_MAX = 80;

const STATES = [
    ["", "any"], ["garbage", "nothing reaches it"], ["object", "objects, without their blocks"],
    ["changed", "changed between the moments"],
];

function option(value, text) {
    return element("option", { value }, text);
}

function fillTypes(state) {
    const types = state.heap.reports.types?.types ?? [];
    byId("type-filter").replaceChildren(option("", "any"), ...types
        .filter((type) => type.type !== "(others)")
        .map((type) => option(type.type, `${type.type} (${integer(type.count)})`)));
}

function fillStates(state) {
    const known = STATES.filter(([value]) => value !== "changed" || state.momentCount() > 1);
    byId("state-filter").replaceChildren(...known.map(([value, text]) => option(value, text)));
}

function resultItem(state, row) {
    const { heap } = state;
    const value = heap.value.at(row);
    return element("li", {}, element("button",
        { type: "button", class: "result", onclick: () => show(state, row) },
        swatch(heap, row),
        element("span", { class: "target" },
            element("code", {}, hex(heap.address[row])), " ", heap.titleOf(row),
            value === null ? null
                : element("span", { class: "muted" }, ` ${shortened(value, VALUE_MAX)}`)),
        element("span", { class: "number" }, integer(heap.bytes[row]))));
}

function rowsOf(mask) {
    const rows = [];
    mask.forEach((isMatch, row) => isMatch && rows.push(row));
    return rows;
}

class Results {
    constructor(state) {
        this.state = state;
        state.addEventListener("filter", () => this.update());
    }

    update() {
        const { heap, filter, mask } = this.state;
        this.rows = mask ? rowsOf(mask) : [];
        const exact = rowOfQuery(heap, filter.query.trim());
        if (exact >= 0) {
            this.rows = [exact, ...this.rows.filter((row) => row !== exact)];
        }
        this.shown = RESULTS;
        const size = this.rows.reduce((sum, row) => sum + heap.bytes[row], 0);
        setText(byId("matches"), mask
            ? `${count(this.rows.length, "allocation")} of ${integer(heap.count)}, ${bytes(size)}`
            : `${count(heap.count, "allocation")} on the heap`);
        this.draw();
    }

    draw() {
        const items = this.rows.slice(0, this.shown).map((row) => resultItem(this.state, row));
        const rest = this.rows.length - items.length;
        if (rest > 0) {
            items.push(element("li", {}, element("button", { type: "button", class: "more",
                onclick: () => {
                    this.shown += 10 * RESULTS;
                    this.draw();
                    byId("results").children[items.length - 1].firstChild.focus();
                } }, `Show more (${integer(rest)} left)`)));
        }
        byId("results").replaceChildren(...items);
    }
}

function listenToField(state, results) {
    const field = byId("query");
    let timer = 0;
    const apply = () => {
        clearTimeout(timer);
        if (field.value !== state.filter.query) {
            state.setFilter({ query: field.value });
        }
    };
    field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(apply, PAUSE_MS);
    });
    field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            apply();
            if (results.rows.length) {
                show(state, results.rows[0]);
            }
        }
    });
    return field;
}

// The keys that work everywhere: / searches, Escape clears.
function listenToKeys(state, field) {
    document.addEventListener("keydown", (event) => {
        const isTyping = event.target.matches?.("input[type=search]");
        if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            field.focus();
            field.select();
        } else if (event.key === "Escape") {
            field.blur();
            state.clear();
        }
    });
}

function followFilter(state, field) {
    const { query, type, state: chosen } = state.filter;
    if (field.value !== query) {
        field.value = query;
    }
    const types = byId("type-filter");
    types.value = type;
    if (types.value !== type) { // the heap of this moment has none
        types.append(option(type, type));
        types.value = type;
    }
    byId("state-filter").value = chosen;
}

export function showSearch(state) {
    const results = new Results(state);
    const field = listenToField(state, results);
    listenToKeys(state, field);
    byId("type-filter").addEventListener("change", (event) =>
        state.setFilter({ type: event.target.value }));
    byId("state-filter").addEventListener("change", (event) =>
        state.setFilter({ state: event.target.value }));
    state.addEventListener("moment", () => fillTypes(state));
    state.addEventListener("filter", () => followFilter(state, field));
    fillTypes(state);
    fillStates(state);
    results.update();
}
