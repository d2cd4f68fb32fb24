// SPDX-License-Identifier: MIT
// The selected object: all that is known of it, and how a root leads to it.
import { definitions, element } from "./dom.js";
import { show } from "./place.js";
import { bytes, count, hex } from "./text.js";
import { swatch } from "./tip.js";

const HOPS_MAX = 24; // of a longer path the first and the last half
const HELD_MAX = 20;

function link(state, row) {
    const { heap } = state;
    return element("button", { type: "button", class: "link", onclick: () => show(state, row) },
        swatch(heap, row), " ", element("code", {}, hex(heap.address[row])), " ",
        element("span", { class: "target" }, heap.titleOf(row)));
}

function hop(state, row) {
    const how = state.heap.hop.at(row);
    return element("li", {}, how === null ? null
        : element("span", { class: "hop target" }, how), " ", link(state, row));
}

// How a root leads to a row.
function pathList(state, row) {
    if (!state.heap.knowsPaths()) {
        return null;
    }
    const rows = state.heap.path(row);
    if (!rows.length) {
        return element("p", {}, "Nothing that is known leads to it: a collection would free it.");
    }
    const items = rows.map((one) => () => hop(state, one));
    const middle = items.length - HOPS_MAX;
    if (middle > 0) {
        items.splice(HOPS_MAX / 2, middle,
            () => element("li", { class: "muted" }, `${count(middle, "more step")}`));
    }
    return element("ol", { class: "path" }, items.map((item) => item()));
}

function heldList(state, row) {
    const { rows, count: all } = state.heap.heldRows(row, HELD_MAX);
    if (!all) {
        return null;
    }
    const rest = all - rows.length;
    return element("ul", { class: "path" }, rows.map((one) => hop(state, one)),
        rest > 0 ? element("li", { class: "muted" }, `${count(rest, "more object")}`) : null);
}

function retainedText(heap, row) {
    const address = heap.address[row];
    const known = (heap.reports.retained?.largest ?? [])
        .find((one) => Number(one.address) === address);
    return known ? bytes(known.retained_bytes) : null;
}

function facts(state, row) {
    const { heap } = state;
    const owner = heap.ownerOf(row);
    const value = heap.value.at(row);
    const helpers = heap.helperBytes[row];
    return definitions([
        ["Address", element("code", {}, hex(heap.address[row]))],
        ["Kind", element("span", {}, swatch(heap, row), ` ${heap.kind.at(row) ?? "not known"}`)],
        ["Type", heap.type.at(row)],
        ["Name", heap.name.at(row)],
        ["Value", value === null ? null : element("span", { class: "value" }, value)],
        ["Size", `${bytes(heap.bytes[row])}, ${count(heap.blocks[row], "block")} from number ` +
            heap.firstBlock(row)],
        ["Holds blocks", helpers > 0 ? bytes(helpers) : null],
        ["Retains", retainedText(heap, row)],
        ["Owner", owner < 0 ? null : link(state, owner)],
        ["Held by", heap.holder.at(row)],
        ["At the other moment", state.changed ? (state.changed[row] ? "not the same" : "the same")
            : null],
    ]);
}

function titled(title, body) {
    return body ? [element("h3", {}, title), body] : [];
}

function draw(state, card) {
    const row = state.selected;
    card.replaceChildren(element("h2", {}, "Object"));
    if (row < 0) {
        card.append(element("p", { class: "muted" },
            "None selected: click a block of the map, or search for one."));
        return;
    }
    card.append(
        element("p", { class: "title target" }, state.heap.titleOf(row)),
        facts(state, row),
        ...titled("Path from a root", pathList(state, row)),
        ...titled("Reached through it", heldList(state, row)));
}

export function showObject(state, card) {
    state.addEventListener("selection", () => draw(state, card));
    draw(state, card);
}
