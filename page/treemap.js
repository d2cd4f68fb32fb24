// SPDX-License-Identifier: MIT
// The biggest retainers as a treemap: what would go with each object, inside what would go with
// the one that retains it.
import { hierarchy, treemap } from "d3-hierarchy";
import { element, longTable, shape } from "./dom.js";
import { familyColor, familyOf } from "./kinds.js";
import { place, show } from "./place.js";
import { bytes, integer, shortened } from "./text.js";

const HEIGHT = 340;
const TITLE = 17; // pixels above what is inside
const LETTER = 6.6; // pixels, in 11 px

// The list, each object behind the one that retains it, as a tree.
function treeOf(report) {
    const root = { what: "all that roots lead to", children: [],
        retained_bytes: report.reached_bytes ?? 0 };
    const path = [root];
    for (const one of report.largest) {
        const node = { ...one, children: [] };
        path.length = Math.min(path.length, one.depth + 1);
        path.at(-1).children.push(node);
        path.push(node);
    }
    return root;
}

// What of a node's bytes none of its children retains.
function ownPart(node) {
    const inside = node.children.reduce((sum, child) => sum + child.retained_bytes, 0);
    return Math.max(0, node.retained_bytes - inside);
}

// Each node with its rest as one more leaf, so that areas are to scale.
function withRests(node) {
    if (!node.children.length) {
        return { ...node, value: node.retained_bytes };
    }
    const rest = { what: "", value: ownPart(node), isRest: true, of: node };
    return { ...node, children: [...node.children.map(withRests), rest] };
}

function colorOf(state, node) {
    const row = node.address ? state.heap.rowAt(Number(node.address)) : -1;
    return familyColor(row < 0 ? familyOf("?") : state.heap.family[row]);
}

function label(node) {
    return `${node.what}: ${bytes(node.retained_bytes)} retained, ` +
        `${integer(node.own_bytes ?? 0)} of its own`;
}

function box(state, { x0, y0, x1, y1, data }) {
    const room = Math.floor((x1 - x0 - 8) / LETTER);
    const pick = () => show(state, state.heap.rowAt(Number(data.address)));
    const press = (event) => {
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            pick();
        }
    };
    const group = shape("g", { class: "retainer", tabindex: "0", role: "button",
        "aria-label": label(data), onclick: pick, onkeydown: press },
    shape("title", {}, label(data)),
    shape("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }));
    group.lastChild.style.fill = colorOf(state, data);
    if (room >= 3 && y1 - y0 >= TITLE - 2) {
        group.append(shape("text", { x: x0 + 4, y: y0 + 12 }, shortened(data.what, room)));
    }
    return group;
}

function draw(state, report, width) {
    const root = hierarchy(withRests(treeOf(report)), (node) => node.children)
        .sum((node) => node.children ? 0 : node.value)
        .sort((one, other) => other.value - one.value);
    treemap().size([width, HEIGHT]).paddingInner(2).paddingOuter(2).paddingTop((node) =>
        node.depth ? TITLE : 2).round(true)(root);
    const boxes = root.descendants().filter((node) => node.depth && !node.data.isRest);
    return shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "treemap", role: "group",
        "aria-label": "Biggest retainers" }, boxes.map((node) => box(state, node)));
}

function suspects(state, report) {
    return element("ul", {}, (report.suspects ?? []).map(({ holder, ...suspect }) =>
        element("li", { class: "target" }, place(state, holder.address, holder.what),
            ` keeps ${integer(suspect.count)} ${suspect.type}, ` +
            `${bytes(suspect.retained_bytes)}${suspect.is_chain ? ", in a chain" : ""}`)));
}

function list(state, report) {
    const rows = report.largest.map((one) => [
        element("span", { class: "target" },
            "\u00b7 ".repeat(Math.min(one.depth, 8)), place(state, one.address, one.what)),
        integer(one.retained_bytes), integer(one.own_bytes), integer(one.count),
        element("span", { class: "target" }, (one.roots ?? []).map((root) => root.name).join(", ")),
    ]);
    return element("details", {}, element("summary", {}, "As a table"), longTable([
        { title: "Object", isLong: true }, { title: "Retains", isNumber: true },
        { title: "Own", isNumber: true }, { title: "Objects", isNumber: true },
        { title: "Held by roots" }], rows, 20));
}

export function retainers(state, report) {
    const frame = element("div", { class: "treemap-frame" });
    new ResizeObserver(() => {
        const width = Math.floor(frame.clientWidth);
        if (width && frame.dataset.width !== String(width)) {
            frame.dataset.width = width;
            frame.replaceChildren(draw(state, report, width));
        }
    }).observe(frame);
    return element("div", {}, suspects(state, report), frame,
        element("p", { class: "muted small" }, "What is empty belongs to the box " +
            "around it, or to objects that retain less than those of the list."),
        list(state, report));
}
