// SPDX-License-Identifier: MIT
// What stands on the block map besides its colours: letters, borders, marks, addresses.
import { hex } from "./text.js";

const CELLS_FROM = 7; // pixels of a cell from which single cells can be told apart
const LETTERS_FROM = 12;
const LABEL_ROOM = 34; // pixels between two addresses of the ruler
const PIECES_MAX = 4096;
const FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

// Calls `visit` with each block in sight and its pixel.
function eachCell({ camera, grid }, visit) {
    const from = camera.cellAt(camera.left, 0);
    const columns = Math.ceil(camera.width / camera.scale) + 1;
    const rows = Math.ceil(camera.height / camera.scale) + 1;
    for (let row = from.row; row < from.row + rows; row++) {
        for (let column = from.column; column < from.column + columns; column++) {
            const block = grid.blockAt(column, row);
            if (block >= 0) {
                visit(block, camera.pixelOf(column, row));
            }
        }
    }
}

// A line in front of each head, so that an object is one piece; and one between rows.
function drawBorders(map, block, { x, y }) {
    const { context, camera, state } = map;
    const { rowOfBlock } = state.heap;
    const row = rowOfBlock[block];
    if (row < 0 || rowOfBlock[block - 1] !== row) {
        context.fillRect(x, y, 1, camera.scale);
    }
    context.fillRect(x, y, camera.scale, 1);
}

function drawLetter(map, row, { x, y }) {
    const { context, camera, palette, state } = map;
    const isLit = !state.mask || state.mask[row];
    context.fillStyle = isLit ? palette.letterColor(state.heap.family[row]) : palette.muted;
    context.fillText(state.heap.letter.at(row) ?? "?",
        x + camera.scale / 2 + 0.5, y + camera.scale / 2 + 1);
}

// A stroke through what nothing reaches, a corner for what is other than at the other moment.
function drawMarks(map, row, isHead, { x, y }) {
    const { context, camera: { scale }, palette, state } = map;
    context.strokeStyle = context.fillStyle = palette.ink;
    if (!state.heap.isReached(row)) {
        context.beginPath();
        context.moveTo(x + 1, y + scale);
        context.lineTo(x + scale, y + 1);
        context.stroke();
    }
    if (isHead && state.changed?.[row]) {
        context.beginPath();
        context.moveTo(x + scale, y + 1);
        context.lineTo(x + scale, y + 1 + scale / 3);
        context.lineTo(x + scale - scale / 3, y + 1);
        context.fill();
    }
}

export function drawCells(map) {
    const { context, camera, palette, state } = map;
    if (camera.scale < CELLS_FROM) {
        return;
    }
    const { rowOfBlock } = state.heap;
    context.font = `${Math.min(16, Math.round(camera.scale * 0.7))}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    eachCell(map, (block, pixel) => {
        const row = rowOfBlock[block];
        context.fillStyle = palette.paper;
        drawBorders(map, block, pixel);
        if (row < 0) {
            return;
        }
        const isHead = rowOfBlock[block - 1] !== row;
        if (isHead && camera.scale >= LETTERS_FROM) {
            drawLetter(map, row, pixel);
        }
        drawMarks(map, row, isHead, pixel);
    });
}

// A frame that is seen on any colour: light on dark. Small ones are made larger.
function frame(map, column, row, length, isDashed) {
    const { context, camera: { scale }, camera, palette } = map;
    const { x, y } = camera.pixelOf(column, row);
    const more = Math.max(1, (8 - scale) / 2);
    const box = [x - more, y - more, length * scale + 2 * more, scale + 2 * more];
    context.setLineDash([]);
    context.strokeStyle = palette.paper;
    context.lineWidth = 4;
    context.strokeRect(...box);
    context.setLineDash(isDashed ? [3, 2] : []);
    context.strokeStyle = palette.ink;
    context.lineWidth = 2;
    context.strokeRect(...box);
    context.setLineDash([]);
}

export function drawSelection(map) {
    const { grid, state } = map;
    const { heap, selected } = state;
    const block = selected < 0 ? -1 : heap.firstBlock(selected);
    if (block < 0) {
        return;
    }
    for (const piece of grid.pieces(block, heap.blocks[selected], PIECES_MAX)) {
        frame(map, piece.column, piece.row, piece.length, false);
    }
}

export function drawCursor(map) {
    if (map.cursor >= 0) {
        const { column, row } = map.grid.cellOf(map.cursor);
        frame(map, column, row, 1, true);
    }
}

// The addresses at which rows begin.
export function drawRuler({ context, camera, grid, palette, state }) {
    if (!camera.left) {
        return;
    }
    context.font = `11px ${FONT}`;
    context.textAlign = "right";
    context.textBaseline = "top";
    context.fillStyle = palette.muted;
    const step = Math.max(1, 2 ** Math.ceil(Math.log2(LABEL_ROOM / camera.scale)));
    for (const area of grid.areas) {
        for (let row = 0; row < area.rows; row += step) {
            const { y } = camera.pixelOf(0, area.row + row);
            if (y > -8 && y < camera.height - 8) {
                const address = area.start + row * grid.columns * state.heap.blockBytes;
                context.fillText(hex(address), camera.left - 8, Math.max(0, y));
            }
        }
    }
}
