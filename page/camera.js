// SPDX-License-Identifier: MIT
// Which part of the grid is seen, and how large. Cells are numbered from the grid's top left;
// pixels are those of CSS, from the canvas's top left.

const SCALE_MAX = 40;

export class Camera {
    constructor() {
        Object.assign(this, { x: 0, y: 0, scale: 1, left: 0, width: 1, height: 1 });
    }

    // The canvas is so large; the grid begins behind `left` pixels.
    resize(width, height, left) {
        Object.assign(this, { left, width: width - left, height });
    }

    fitScale(grid) {
        return Math.min(this.width / grid.columns, this.height / grid.rows, SCALE_MAX);
    }

    fit(grid) {
        this.scale = this.fitScale(grid);
        this.clamp(grid);
    }

    isFit(grid) {
        return this.scale <= this.fitScale(grid) * 1.001;
    }

    // Keeps the grid in sight, at the top left where it is smaller than the canvas.
    clamp(grid) {
        const seen = { x: this.width / this.scale, y: this.height / this.scale };
        const limit = (value, size, room) =>
            size <= room ? 0 : Math.min(Math.max(0, value), size - room);
        this.x = limit(this.x, grid.columns, seen.x);
        this.y = limit(this.y, grid.rows, seen.y);
    }

    cellAt(px, py) {
        return {
            column: Math.floor(this.x + (px - this.left) / this.scale),
            row: Math.floor(this.y + py / this.scale),
        };
    }

    pixelOf(column, row) {
        return {
            x: this.left + (column - this.x) * this.scale,
            y: (row - this.y) * this.scale,
        };
    }

    // Makes cells `factor` times as large; what is at the pixel stays there.
    zoom(grid, factor, px, py) {
        const smallest = this.fitScale(grid);
        const scale = Math.min(SCALE_MAX, Math.max(smallest, this.scale * factor));
        const part = 1 / this.scale - 1 / scale;
        this.x += (px - this.left) * part;
        this.y += py * part;
        this.scale = scale;
        this.clamp(grid);
    }

    move(grid, dx, dy) {
        this.x -= dx / this.scale;
        this.y -= dy / this.scale;
        this.clamp(grid);
    }

    // Brings a cell into sight, into the middle if it was out of it.
    reveal(grid, column, row) {
        const { x, y } = this.pixelOf(column, row);
        if (x >= this.left && y >= 0 && x + this.scale <= this.left + this.width &&
            y + this.scale <= this.height) {
            return;
        }
        this.x = column + 0.5 - this.width / this.scale / 2;
        this.y = row + 0.5 - this.height / this.scale / 2;
        this.clamp(grid);
    }
}
