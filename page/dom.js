// SPDX-License-Identifier: MIT
// Elements of the page. All text gets into the page here, as text and with nothing hidden in it;
// there is no other way in.
import { visible } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (value !== undefined && value !== null && value !== false) {
            element.setAttribute(name, value === true ? "" : visible(value));
        }
    }
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined) {
            element.append(child instanceof Node ? child : visible(child));
        }
    }
    return element;
}

// An HTML element. Attributes that begin with "on" are listeners; true and false are those that are
// there or not, which those of ARIA are not. Children are elements or text.
export function element(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
}

// The same of SVG.
export function shape(name, attributes = {}, ...children) {
    return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
    return document.getElementById(id);
}

export function setText(node, text) {
    node.textContent = visible(text);
}

// A table: `columns` are {title, isNumber, isCode, isLong}, rows are arrays of text or elements.
export function table(columns, rows) {
    const align = (column) => [column.isNumber && "number", column.isCode && "code",
        column.isLong && "long"]
        .filter(Boolean).join(" ");
    const head = columns.map((column) =>
        element("th", { scope: "col", class: align(column) }, column.title));
    const body = rows.map((row) => element("tr", {}, row.map((cell, i) =>
        element("td", { class: align(columns[i]) }, cell ?? ""))));
    return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table" },
        element("table", {}, element("thead", {}, element("tr", {}, head)),
            element("tbody", {}, body)));
}

// Pairs of a name and what it is, those that are null left out.
export function definitions(pairs) {
    const known = pairs.filter(([, value]) => value !== null && value !== undefined);
    return element("dl", {}, known.map(([name, value]) =>
        [element("dt", {}, name), element("dd", {}, value)]));
}

// A word of a verdict with its sign: never a colour alone.
export function badge(word, mood) {
    const signs = { bad: "\u2715", doubt: "?", good: "\u2713", fact: "\u2022" };
    return element("span", { class: `badge ${mood}` }, `${signs[mood]} ${word}`);
}

// A bar `part` (0 to 1) wide, for the eye alone: the number stands beside it.
export function bar(part, color) {
    const inside = element("span", { class: "bar-inside" });
    inside.style.width = `${100 * Math.min(1, Math.max(0, part))}%`;
    if (color) {
        inside.style.backgroundColor = color;
    }
    return element("span", { class: "bar", "aria-hidden": "true" }, inside);
}

// The first `few` rows of a long list, and a button for more.
export function longTable(columns, rows, few) {
    const box = element("div", {});
    let shown = few;
    const draw = () => {
        const rest = rows.length - shown;
        box.replaceChildren(table(columns, rows.slice(0, shown)));
        if (rest > 0) {
            box.append(element("button", { type: "button", class: "more", onclick: () => {
                shown += 10 * few;
                draw();
                box.lastChild.focus(); // the button that had it is gone
            } }, `Show more (${rest} left)`));
        }
    };
    draw();
    return box;
}
