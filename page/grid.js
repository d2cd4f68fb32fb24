// SPDX-License-Identifier: MIT
// Where each block stands: cells in rows from left to right, area below area.

// Round numbers of bytes, so that addresses at the rows' beginnings are round, too.
const WIDTHS = [4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((power) => [2 ** power, 1.5 * 2 ** power]);
const GAP = 2; // rows between two areas

function rowsOf(areas, columns) {
    return areas.reduce((sum, area) => sum + Math.ceil(area.count / columns) + GAP, -GAP);
}

export class Grid {
    // As many columns as make the largest cells in so many pixels.
    constructor(areas, width, height) {
        const sizeOf = (columns) => Math.min(width / columns, height / rowsOf(areas, columns));
        this.columns = WIDTHS.reduce((best, columns) =>
            sizeOf(columns) > sizeOf(best) ? columns : best);
        this.rows = Math.max(1, rowsOf(areas, this.columns));
        let row = 0;
        this.areas = areas.map((area) => {
            const rows = Math.ceil(area.count / this.columns);
            const place = { ...area, row, rows };
            row += rows + GAP;
            return place;
        });
    }

    cellOf(block) {
        const area = this.areas.find((one) => block < one.first + one.count);
        const offset = block - area.first;
        return {
            column: offset % this.columns,
            row: area.row + Math.floor(offset / this.columns),
        };
    }

    // The block in a cell, or -1.
    blockAt(column, row) {
        if (column < 0 || column >= this.columns) {
            return -1;
        }
        const area = this.areas.find((one) => row >= one.row && row < one.row + one.rows);
        const offset = area ? (row - area.row) * this.columns + column : -1;
        return area && offset < area.count ? area.first + offset : -1;
    }

    // Pieces of rows that some blocks fill, as {column, row, length}; at most `limit`.
    pieces(block, length, limit) {
        const pieces = [];
        let rest = length;
        for (let at = block; rest > 0 && pieces.length < limit;) {
            const { column, row } = this.cellOf(at);
            const part = Math.min(rest, this.columns - column);
            pieces.push({ column, row, length: part });
            at += part;
            rest -= part;
        }
        return pieces;
    }
}
