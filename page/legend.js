// SPDX-License-Identifier: MIT
// The map's legend: a colour for each family, a letter for each kind. Letters are buttons that
// filter.
import { element } from "./dom.js";
import { FAMILIES, familyColor } from "./kinds.js";

// The first row of each kind: there are few kinds, and many rows.
function firstRows(heap) {
    const seen = new Set();
    return heap.kind.index.reduce((rows, kind, row) => {
        if (!seen.has(kind)) {
            seen.add(kind);
            rows.push(row);
        }
        return rows;
    }, []);
}

// The kinds of each letter that the heap has, in the order of addresses: S: ["str", "bytes"].
function kindsByLetter(heap) {
    const kinds = new Map();
    for (const row of firstRows(heap)) {
        const letter = heap.letter.at(row) ?? "?";
        kinds.set(letter, [...kinds.get(letter) ?? [], heap.kind.at(row) ?? "?"]);
    }
    return kinds;
}

function letterButton(state, letter, kinds, color) {
    const names = kinds.map((kind) => kind === "?" ? "not known" : kind).join(", ");
    const button = element("button", { type: "button", class: "letter", title: names,
        "aria-label": `${letter}: ${names}`, "data-letter": letter,
        "aria-pressed": String(state.filter.letters.has(letter)),
        onclick: () => state.toggleLetter(letter) }, letter);
    button.style.setProperty("--kind", color);
    return button;
}

function sample(color) {
    const box = element("span", { class: "sample", "aria-hidden": "true" });
    box.style.backgroundColor = color;
    return box;
}

function familyGroup(state, number, kinds) {
    const family = FAMILIES[number];
    const letters = [...family.letters].filter((letter) => kinds.has(letter));
    return letters.length === 0 ? null : element("span", { class: "family" },
        sample(familyColor(number)), element("span", {}, family.title),
        letters.map((letter) =>
            letterButton(state, letter, kinds.get(letter), familyColor(number))));
}

function draw(state, box) {
    const kinds = kindsByLetter(state.heap);
    const groups = FAMILIES.map((family, number) => familyGroup(state, number, kinds));
    const plain = [["free", "var(--free)"], ["tails without a head", "var(--loose)"]]
        .slice(0, state.heap.hasLoose ? 2 : 1)
        .map(([title, color]) => element("span", { class: "family" }, sample(color), title));
    const marks = element("span", { class: "family muted" }, "zoomed in: letters on heads; a " +
        "stroke: nothing reaches it", state.changed ? "; a corner: changed" : "");
    box.replaceChildren(...groups.filter(Boolean), ...plain, marks);
}

function press(state, box) {
    for (const button of box.querySelectorAll("[data-letter]")) {
        button.setAttribute("aria-pressed", state.filter.letters.has(button.dataset.letter));
    }
}

export function showLegend(state, box) {
    state.addEventListener("moment", () => draw(state, box));
    state.addEventListener("filter", () => press(state, box));
    draw(state, box);
}
