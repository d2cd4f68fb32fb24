// SPDX-License-Identifier: MIT
// The block map: draws what the camera sees of the heap, and moves by pointer and keyboard.
import { Camera } from "./camera.js";
import { byId } from "./dom.js";
import { Grid } from "./grid.js";
import { drawCells, drawCursor, drawRuler, drawSelection } from "./marks.js";
import { bitmapOf, Palette } from "./paint.js";
import { followPointer } from "./pointer.js";
import { hex } from "./text.js";
import { blockText, hideTip, showTip } from "./tip.js";

const DIGIT = 7; // pixels of the addresses of rows
const RULER_FROM = 560; // the canvas's width from which there is room for them
const HEIGHT_MIN = 160; // pixels, with room for the tip
const SHARP = 6; // pixels of a cell from which a selected block can be seen well

export class BlockMap {
    constructor(state, canvas) {
        Object.assign(this, { state, canvas, camera: new Camera(), palette: new Palette(),
            cursor: -1 });
        this.context = canvas.getContext("2d");
        this.#listen();
        this.resize();
    }

    #listen() {
        const { state, canvas } = this;
        state.addEventListener("moment", () => this.showMoment());
        state.addEventListener("filter", () => this.repaint());
        state.addEventListener("selection", () => this.showSelected());
        new ResizeObserver(() => this.resize()).observe(canvas);
        canvas.addEventListener("keydown", (event) => this.#key(event));
        canvas.addEventListener("focus", () => this.draw());
        canvas.addEventListener("blur", () => {
            hideTip();
            this.draw();
        });
        followPointer(this);
        byId("zoom-in").addEventListener("click", () => this.zoomMiddle(2));
        byId("zoom-out").addEventListener("click", () => this.zoomMiddle(1 / 2));
        byId("zoom-fit").addEventListener("click", () => this.fit());
    }

    // The canvas may have another width.
    resize() {
        if (this.canvas.clientWidth && this.canvas.clientWidth !== this.width) {
            this.renew();
        }
    }

    // The heap is another one, whose blocks have other numbers.
    showMoment() {
        this.cursor = -1;
        this.say();
        this.renew();
    }

    // Pixels for the addresses of rows.
    #rulerWidth() {
        const { areas } = this.state.heap;
        const longest = Math.max(0, ...areas.map((area) => hex(area.start).length));
        return this.canvas.clientWidth < RULER_FROM ? 0 : (longest + 2) * DIGIT;
    }

    // The heap or the canvas is another one. The canvas is as high as its style lets it be, or less
    // where the whole grid takes less.
    renew() {
        const { camera, canvas, state } = this;
        canvas.style.height = "";
        const { clientWidth: width, clientHeight: most } = canvas;
        const ruler = this.#rulerWidth();
        this.grid = new Grid(state.heap.areas, width - ruler, most);
        camera.resize(width, most, ruler);
        const height = Math.max(HEIGHT_MIN, Math.ceil(this.grid.rows * camera.fitScale(this.grid)));
        canvas.style.height = `${height}px`;
        camera.resize(width, height, ruler);
        Object.assign(this, { width, height, ratio: devicePixelRatio });
        canvas.width = Math.round(width * this.ratio);
        canvas.height = Math.round(height * this.ratio);
        camera.fit(this.grid);
        this.repaint();
    }

    // The colours are those of another theme.
    recolor() {
        this.palette = new Palette();
        this.repaint();
    }

    // Blocks have other colours, as after another filter.
    repaint() {
        const { heap, mask } = this.state;
        this.bitmap = bitmapOf(heap, this.grid, this.palette, mask);
        this.draw();
    }

    fit() {
        this.camera.fit(this.grid);
        this.draw();
    }

    zoom(factor, x, y) {
        this.camera.zoom(this.grid, factor, x, y);
        this.draw();
    }

    zoomMiddle(factor) {
        const { left, width, height } = this.camera;
        this.zoom(factor, left + width / 2, height / 2);
    }

    // The block at a pixel of the canvas, or -1.
    blockAtPixel(x, y) {
        const { column, row } = this.camera.cellAt(x, y);
        return x < this.camera.left ? -1 : this.grid.blockAt(column, row);
    }

    // Brings a block into sight, large enough to be seen.
    reveal(block) {
        const { column, row } = this.grid.cellOf(block);
        if (this.camera.scale < SHARP) {
            this.camera.zoom(this.grid, 2 * SHARP / this.camera.scale, 0, 0);
        }
        this.camera.reveal(this.grid, column, row);
        this.draw();
    }

    showSelected() {
        const { heap, selected } = this.state;
        const block = selected < 0 ? -1 : heap.firstBlock(selected);
        if (block >= 0) {
            this.cursor = block;
            this.reveal(block);
        } else {
            this.draw();
        }
        this.say();
    }

    // Selects what is in a block; a free one selects nothing.
    pick(block) {
        this.cursor = block;
        this.state.select(block < 0 ? -1 : Math.max(-1, this.state.heap.rowOfBlock[block]));
    }

    // Brings a block in front of the reader and the keyboard.
    goTo(block) {
        this.pick(block);
        this.reveal(block);
        this.canvas.focus();
    }

    say() {
        byId("map-says").replaceChildren(
            ...this.cursor < 0 ? [] : blockText(this.state.heap, this.cursor));
    }

    // --- keyboard ---

    // To a block, or the first or last one where there is none of that number.
    #putCursor(block) {
        this.cursor = Math.min(this.state.heap.blockCount - 1, Math.max(0, block));
        this.camera.reveal(this.grid, ...Object.values(this.grid.cellOf(this.cursor)));
        this.say();
        this.draw();
        this.showTipAtCursor();
    }

    #moveCursor(distance) {
        this.#putCursor(this.cursor < 0 ? 0 : this.cursor + distance);
    }

    // To the first block of the object before or behind.
    #jump(direction) {
        const { rowOfBlock, blockCount } = this.state.heap;
        let block = Math.max(0, this.cursor);
        const start = rowOfBlock[block];
        while (block + direction >= 0 && block + direction < blockCount &&
               (rowOfBlock[block] === start || rowOfBlock[block] < 0)) {
            block += direction;
        }
        while (block > 0 && rowOfBlock[block] >= 0 && rowOfBlock[block - 1] === rowOfBlock[block]) {
            block--;
        }
        this.#putCursor(block);
    }

    #key(event) {
        const { columns } = this.grid;
        const far = event.shiftKey;
        const keys = {
            ArrowLeft: () => far ? this.#jump(-1) : this.#moveCursor(-1),
            ArrowRight: () => far ? this.#jump(1) : this.#moveCursor(1),
            ArrowUp: () => this.#moveCursor(-columns),
            ArrowDown: () => this.#moveCursor(columns),
            PageUp: () => this.#moveCursor(-16 * columns),
            PageDown: () => this.#moveCursor(16 * columns),
            Home: () => this.#putCursor(0),
            End: () => this.#putCursor(Infinity),
            Enter: () => this.pick(this.cursor),
            "+": () => this.#zoomCursor(2),
            "=": () => this.#zoomCursor(2),
            "-": () => this.#zoomCursor(1 / 2),
            0: () => this.fit(),
        };
        const isBare = !event.ctrlKey && !event.metaKey && !event.altKey;
        if (isBare && keys[event.key] && this.state.heap.blockCount) {
            event.preventDefault();
            keys[event.key]();
        }
    }

    #pixelOfCursor() {
        const { column, row } = this.grid.cellOf(this.cursor);
        return this.camera.pixelOf(column + 0.5, row + 0.5);
    }

    #zoomCursor(factor) {
        if (this.cursor < 0) {
            this.zoomMiddle(factor);
            return;
        }
        const { x, y } = this.#pixelOfCursor();
        this.zoom(factor, x, y);
    }

    showTipAtCursor() {
        const { x, y } = this.#pixelOfCursor();
        showTip(this, this.cursor, x, y);
    }

    // --- drawing ---

    draw() {
        if (!this.bitmap) {
            return;
        }
        const { context, ratio, width, height, palette } = this;
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.fillStyle = palette.paper;
        context.fillRect(0, 0, width, height);
        drawRuler(this);
        context.save();
        context.beginPath();
        context.rect(this.camera.left, 0, this.camera.width, height);
        context.clip();
        this.#drawBitmap();
        drawCells(this);
        drawSelection(this);
        if (document.activeElement === this.canvas) {
            drawCursor(this);
        }
        context.restore();
        this.canvas.style.touchAction = this.camera.isFit(this.grid) ? "pan-y" : "none";
    }

    // Only what is seen of it: a bitmap far larger than the canvas costs time.
    #drawBitmap() {
        const { camera, context, grid } = this;
        const first = camera.cellAt(camera.left, 0);
        const column = Math.max(0, first.column);
        const row = Math.max(0, first.row);
        const columns = Math.min(grid.columns - column, Math.ceil(camera.width / camera.scale) + 1);
        const rows = Math.min(grid.rows - row, Math.ceil(camera.height / camera.scale) + 1);
        const { x, y } = camera.pixelOf(column, row);
        context.imageSmoothingEnabled = camera.scale * this.ratio < 1;
        context.drawImage(this.bitmap, column, row, columns, rows,
            x, y, columns * camera.scale, rows * camera.scale);
    }
}
