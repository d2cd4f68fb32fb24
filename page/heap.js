// SPDX-License-Identifier: MIT
// The heap at one moment: its areas, and its allocations ("rows", by address) with what the engine
// says of them. Blocks are numbered through all areas.
import { Table } from "./data.js";
import { familyOf } from "./kinds.js";

export const FREE = -1;
export const LOOSE = -2; // a tail without a head

const OWNERS_MAX = 16; // above one another

// Columns of the table, those of numbers by the name that they have here.
const NUMBERS = { address: "address", blocks: "blocks", bytes: "bytes", heldBy: "held_by",
    helperBytes: "helper_bytes", owner: "owner_address" };
const TEXTS = ["kind", "letter", "type", "name", "value", "holder", "hop"];

// A member that is made when it is first asked for: the map needs three of the columns.
function whenAskedFor(object, name, make) {
    Object.defineProperty(object, name, { configurable: true, get() {
        const value = make();
        Object.defineProperty(object, name, { value });
        return value;
    } });
}

function areasOf(info) {
    let first = 0;
    return (info?.heap?.areas ?? []).map((area) => {
        const start = Number(area.pool_start_address);
        const place = { start, first, count: area.block_count };
        first += area.block_count;
        return place;
    });
}

export class Heap {
    constructor(moment) {
        const table = new Table(moment.objects);
        this.reports = moment.reports ?? {};
        this.errors = moment.errors ?? {};
        this.notes = moment.notes ?? [];
        this.count = table.count;
        this.#readColumns(table);
        this.blockBytes = this.reports.info?.heap?.block_bytes ?? 16;
        this.areas = areasOf(this.reports.info);
        this.blockCount = this.areas.reduce((sum, area) => sum + area.count, 0);
        this.family = this.#families();
        this.hasLoose = (moment.loose?.count ?? 0) > 0;
        this.rowOfBlock = this.#rowsOfBlocks(new Table(moment.loose));
    }

    #readColumns(table) {
        for (const [name, column] of Object.entries(NUMBERS)) {
            whenAskedFor(this, name, () => table.numbers(column));
        }
        for (const name of TEXTS) {
            whenAskedFor(this, name, () => table.texts(name));
        }
    }

    #families() {
        const byWord = this.letter.words.map(familyOf);
        return Uint8Array.from(this.letter.index, (word) => byWord[word] ?? familyOf("?"));
    }

    // FREE, LOOSE or the row that a block belongs to.
    #rowsOfBlocks(loose) {
        const rows = new Int32Array(this.blockCount).fill(FREE);
        const put = (address, count, value) => {
            const area = this.areaAt(address);
            if (area) {
                const first = this.blockAt(address);
                rows.fill(value, first, Math.min(first + count, area.first + area.count));
            }
        };
        for (let row = 0; row < this.count; row++) {
            put(this.address[row], this.blocks[row], row);
        }
        const starts = loose.numbers("address");
        const lengths = loose.numbers("blocks");
        for (let i = 0; i < loose.count; i++) {
            put(starts[i], lengths[i], LOOSE);
        }
        return rows;
    }

    // The area that holds an address, or undefined.
    areaAt(address) {
        return this.areas.find((area) =>
            address >= area.start && address < area.start + area.count * this.blockBytes);
    }

    // The block at an address, or -1.
    blockAt(address) {
        const area = this.areaAt(address);
        return area ? area.first + Math.floor((address - area.start) / this.blockBytes) : -1;
    }

    areaOfBlock(block) {
        return this.areas.find((area) => block < area.first + area.count);
    }

    addressOf(block) {
        const area = this.areaOfBlock(block);
        return area.start + (block - area.first) * this.blockBytes;
    }

    firstBlock(row) {
        return this.blockAt(this.address[row]);
    }

    // The row that an address lies in, or -1.
    rowAt(address) {
        const block = this.blockAt(address);
        return block < 0 ? -1 : Math.max(-1, this.rowOfBlock[block]);
    }

    // The row of the block that holds this one, or -1.
    ownerOf(row) {
        return row < 0 || Number.isNaN(this.owner[row]) ? -1 : this.rowAt(this.owner[row]);
    }

    // Whether a root leads to it; true where that is not known.
    isReached(row) {
        return !this.knowsPaths() || !Number.isNaN(this.heldBy[row]);
    }

    knowsPaths() {
        this.hasPaths ??= this.heldBy.some((value) => !Number.isNaN(value));
        return this.hasPaths;
    }

    // The rows from a root to this one, which is the last; empty when no root leads to it.
    path(row) {
        const rows = [];
        const seen = new Set();
        for (let at = row; at >= 0 && at < this.count && !seen.has(at); at = this.heldBy[at]) {
            if (Number.isNaN(this.heldBy[at])) {
                return [];
            }
            seen.add(at);
            rows.push(at);
        }
        return rows.reverse();
    }

    // The rows that are reached through this one, at most `limit`, and how many there are.
    heldRows(row, limit) {
        const rows = [];
        let count = 0;
        for (let other = 0; other < this.count; other++) {
            if (this.heldBy[other] === row && other !== row && ++count <= limit) {
                rows.push(other);
            }
        }
        return { rows, count };
    }

    // The type, or the kind of what is no object.
    typeOf(row) {
        return this.type.at(row) ?? this.kind.at(row) ?? "?";
    }

    // Who holds the last of those that hold one another, from a row on: a text, or null.
    #topHolder(row) {
        let top = this.ownerOf(row);
        for (let i = 0; i < OWNERS_MAX && this.ownerOf(top) >= 0; i++) {
            top = this.ownerOf(top);
        }
        if (top < 0) {
            return null;
        }
        return this.holder.at(top) ??
            (this.ownerOf(top) < 0 ? this.titleOf(top) : this.typeOf(top)); // damage: a ring
    }

    // As `whatis` calls it: type, name, and what holds it: "list items of list log".
    titleOf(row) {
        const type = this.typeOf(row);
        const name = this.name.at(row);
        const holder = this.holder.at(row) ?? this.#topHolder(row);
        return (type === "?" ? "block of unknown kind" : type) +
            (name === null ? "" : ` ${name}`) + (holder === null ? "" : ` of ${holder}`);
    }

    // Free runs as {block, length}, in order of addresses; none goes beyond its area.
    freeRuns() {
        const runs = [];
        for (const area of this.areas) {
            const end = area.first + area.count;
            for (let block = area.first; block < end; block++) {
                const start = block;
                while (block < end && this.rowOfBlock[block] === FREE) {
                    block++;
                }
                if (block > start) {
                    runs.push({ block: start, length: block - start });
                }
            }
        }
        return runs;
    }
}

// Which rows of `heap` are not in `other`: another address, size or type.
export function changedRows(heap, other) {
    const changed = new Uint8Array(heap.count);
    for (let row = 0; row < heap.count; row++) {
        const twin = other.rowAt(heap.address[row]);
        const isSame = twin >= 0 && other.address[twin] === heap.address[row] &&
            other.blocks[twin] === heap.blocks[row] && other.typeOf(twin) === heap.typeOf(row);
        changed[row] = isSame ? 0 : 1;
    }
    return changed;
}
