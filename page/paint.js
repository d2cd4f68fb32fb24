// SPDX-License-Identifier: MIT
// The colours of blocks: one pixel a block in a bitmap, which the map shows at any scale.
import { FREE, LOOSE } from "./heap.js";
import { FAMILIES, familyColor } from "./kinds.js";
import { channelsOf } from "./theme.js";

const TAIL = 0.55; // of a head's colour; the rest is that of free blocks
const DIM = 0.12; // of what the filter leaves out

function mix(color, ground, part) {
    return color.map((channel, i) => Math.round(channel * part + ground[i] * (1 - part)));
}

// As a canvas's image data holds it on a little-endian host, as all that run browsers are.
function packed([red, green, blue]) {
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
}

// Colours of the current theme.
export class Palette {
    constructor() {
        const ground = channelsOf("var(--free)");
        const colors = FAMILIES.map((family, i) => channelsOf(familyColor(i)));
        const pair = (part) => colors.map((color) => mix(color, ground, part));
        this.free = packed(ground);
        this.loose = packed(channelsOf("var(--loose)"));
        this.paper = `rgb(${channelsOf("var(--paper)")})`;
        this.ink = `rgb(${channelsOf("var(--ink)")})`;
        this.muted = `rgb(${channelsOf("var(--muted)")})`;
        this.heads = pair(1).map(packed);
        this.tails = pair(TAIL).map(packed);
        this.dimHeads = pair(2 * DIM).map(packed);
        this.dimTails = pair(DIM).map(packed);
        this.lightness = colors.map(([red, green, blue]) =>
            (0.299 * red + 0.587 * green + 0.114 * blue) / 255);
    }

    // Black or white, whichever can be read on a family's colour.
    letterColor(family) {
        return this.lightness[family] > 0.36 ? "#000" : "#fff";
    }
}

function fillArea(pixels, grid, area, heap, palette, mask) {
    let previous = FREE;
    for (let i = 0; i < area.count; i++) {
        const row = heap.rowOfBlock[area.first + i];
        const at = area.row * grid.columns + i;
        if (row < 0) {
            pixels[at] = row === LOOSE ? palette.loose : palette.free;
        } else {
            const family = heap.family[row];
            const isLit = !mask || mask[row];
            const isHead = row !== previous;
            const colors = isHead ? (isLit ? palette.heads : palette.dimHeads)
                : (isLit ? palette.tails : palette.dimTails);
            pixels[at] = colors[family];
        }
        previous = row;
    }
}

// A canvas with one pixel a cell. `mask` has 1 for the rows that stand out, or is null.
export function bitmapOf(heap, grid, palette, mask) {
    const canvas = document.createElement("canvas");
    canvas.width = grid.columns;
    canvas.height = grid.rows;
    const context = canvas.getContext("2d");
    const image = context.createImageData(grid.columns, grid.rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (const area of grid.areas) {
        fillArea(pixels, grid, area, heap, palette, mask);
    }
    context.putImageData(image, 0, 0);
    return canvas;
}
