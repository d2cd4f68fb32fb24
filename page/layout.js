// SPDX-License-Identifier: MIT
// Memory to scale: sections, areas, stack and the gaps between them. What lies far apart is drawn
// apart.
import { element, shape, table } from "./dom.js";
import { place } from "./place.js";
import { bytes, hex, integer, shortened } from "./text.js";

const LANES = [
    ["RAM", "region"], ["section", "reserved"], ["heap", "stack", "gap"],
];
const COLORS = {
    RAM: "var(--other)", region: "var(--other)", section: "var(--sequence)",
    reserved: "var(--buffer)", heap: "var(--mapping)", stack: "var(--class)", gap: "var(--free)",
};
const WIDTH = 1000;
const LANE = 30;
const LETTER = 8.4;
const FAR = 8; // a gap that is so many times as long as all before it begins another picture

function span(row) {
    const start = Number(row.start_address);
    return { ...row, start, end: row.end_address ? Number(row.end_address) : start };
}

// Rows in order of address, parted where nothing lies for long.
function clusters(rows) {
    const parts = [];
    let end = -Infinity;
    for (const row of rows.map(span).sort((a, b) => a.start - b.start)) {
        const part = parts.at(-1);
        if (!part || row.start - end > FAR * Math.max(256, end - part[0].start)) {
            parts.push([]);
        }
        parts.at(-1).push(row);
        end = Math.max(end, row.end);
    }
    return parts;
}

function label(row) {
    const size = row.end > row.start ? `, ${bytes(row.end - row.start)}` : "";
    const to = row.end > row.start ? ` to ${hex(row.end)}` : "";
    return `${row.kind} ${row.name}: ${hex(row.start)}${to}${size}`;
}

function block(row, scale, lane) {
    const x = scale(row.start);
    const width = Math.max(1.5, scale(row.end) - x);
    const words = row.kind === "gap" ? "" : row.name ? `${row.kind} ${row.name}` : row.kind;
    const room = Math.floor((width - 8) / LETTER);
    const group = shape("g", { class: `span ${row.kind}` }, shape("title", {}, label(row)),
        shape("rect", { x, y: lane * LANE + 4, width, height: LANE - 6 }));
    group.lastChild.style.fill = COLORS[row.kind];
    if (room >= 4) {
        group.append(shape("text", { x: x + 4, y: lane * LANE + 22 }, shortened(words, room)));
    }
    return group;
}

function mark(row, scale, foot) {
    const x = scale(row.start);
    const isRight = x > WIDTH / 2;
    return shape("g", { class: "mark" }, shape("title", {}, label(row)),
        shape("line", { x1: x, x2: x, y1: 0, y2: foot + 6 }),
        shape("path", { d: `M${x} ${foot + 2}l-5 8h10z` }),
        row.kind === "live" ? shape("text", { x: x + (isRight ? -8 : 8),
            y: foot + 16, "text-anchor": isRight ? "end" : "start" }, row.name)
            : null);
}

// The lanes that some rows need.
function lanesOf(rows) {
    return LANES.filter((kinds) => rows.some((row) => kinds.includes(row.kind)));
}

function picture(rows) {
    const start = rows[0].start;
    const end = Math.max(start + 1, ...rows.map((row) => row.end));
    const scale = (address) => (address - start) / (end - start) * (WIDTH - 2) + 1;
    const lanes = lanesOf(rows);
    const laneOf = (row) => lanes.findIndex((kinds) => kinds.includes(row.kind));
    const spans = rows.filter((row) => laneOf(row) >= 0);
    const marks = rows.filter((row) => laneOf(row) < 0);
    return element("figure", {}, shape("svg", { class: "layout", role: "img",
        viewBox: `0 0 ${WIDTH} ${lanes.length * LANE + (marks.length ? 24 : 2)}`,
        "aria-label": `Memory from ${hex(start)} to ${hex(end)}, to scale` },
    spans.map((row) => block(row, scale, laneOf(row))),
    marks.map((row) => mark(row, scale, lanes.length * LANE))),
    element("figcaption", { class: "code small muted" },
        element("span", {}, hex(start)), element("span", {}, bytes(end - start)),
        element("span", {}, hex(end))));
}

export function memoryLayout(state, report) {
    const rows = report.rows.map((row) => [row.kind, place(state, row.start_address),
        row.end_address ?? "", row.size_bytes === undefined ? "" : integer(row.size_bytes),
        element("span", { class: "target" }, row.name)]);
    const chip = [report.chip, report.flash_bytes && `flash of ${bytes(report.flash_bytes)}`];
    return element("div", {}, chip.some(Boolean)
        ? element("p", { class: "target" }, chip.filter(Boolean).join("; ")) : null,
    clusters(report.rows).map(picture),
    table([{ title: "What" }, { title: "From", isCode: true }, { title: "To", isCode: true },
        { title: "Bytes", isNumber: true }, { title: "Name", isLong: true }], rows));
}
