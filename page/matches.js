// SPDX-License-Identifier: MIT
// Which rows of a heap a filter lets through.

const ADDRESS = /^(0x)?[0-9a-f]{3,16}$/i;

// 1 for each word of a column that holds the text.
function wordsWith(column, text) {
    return Uint8Array.from(column.words, (word) => word.toLowerCase().includes(text) ? 1 : 0);
}

// Rows with the text in type, name or value.
function markTexts(heap, text, mask) {
    const columns = [heap.type, heap.kind, heap.name, heap.value, heap.holder];
    for (const column of columns) {
        const found = wordsWith(column, text);
        for (let row = 0; row < heap.count; row++) {
            mask[row] |= found[column.index[row]] ?? 0;
        }
    }
}

// The row that holds the address in a query, or -1.
export function rowOfQuery(heap, query) {
    return ADDRESS.test(query) ? heap.rowAt(parseInt(query, 16)) : -1;
}

function matchesOfQuery(heap, query) {
    const mask = new Uint8Array(heap.count);
    const row = rowOfQuery(heap, query);
    if (row >= 0) {
        mask[row] = 1;
    }
    if (row < 0 || !query.startsWith("0x")) {
        markTexts(heap, query.toLowerCase(), mask);
    }
    return mask;
}

function keep(mask, test) {
    for (let row = 0; row < mask.length; row++) {
        mask[row] &= test(row) ? 1 : 0;
    }
}

function keepWord(mask, column, test) {
    const wanted = column.words.map(test);
    keep(mask, (row) => wanted[column.index[row]] ?? false);
}

const STATES = {
    garbage: (heap) => (row) => !heap.isReached(row),
    object: (heap) => (row) => heap.ownerOf(row) < 0,
};

// 1 for each row that passes, or null when nothing is filtered. `changed` as State has it.
export function matches(heap, filter, changed) {
    const { query, type, letters, state } = filter;
    const text = query.trim();
    if (!text && !type && !letters.size && !state) {
        return null;
    }
    const mask = text ? matchesOfQuery(heap, text) : new Uint8Array(heap.count).fill(1);
    if (type) {
        keep(mask, (row) => heap.typeOf(row) === type);
    }
    if (letters.size) {
        keepWord(mask, heap.letter, (letter) => letters.has(letter));
    }
    if (state === "changed") {
        keep(mask, (row) => changed?.[row]);
    } else if (state) {
        keep(mask, STATES[state](heap));
    }
    return mask;
}
