// SPDX-License-Identifier: MIT
// The document that the page shows: a zlib stream of JSON, in base64; and its tables of many rows,
// which it holds by column.

export class DataError extends Error {}

function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
        bytes[i] = text.charCodeAt(i);
    }
    return bytes;
}

function isKnownToBrowser() {
    return typeof DecompressionStream !== "undefined" &&
        CSS.supports("color", "light-dark(#000, #fff)");
}

// The document in an element's text. Throws DataError, whose message is for the reader.
export async function readDocument(holder) {
    const base64 = holder.textContent.trim();
    if (!base64 || base64.startsWith("@")) {
        throw new DataError("This page holds no data: it is what mpheap report writes them into.");
    }
    if (!isKnownToBrowser()) {
        throw new DataError("This browser cannot show the page: it lacks DecompressionStream or " +
            "light-dark(). Chrome and Edge 123, Firefox 120, Safari 17.5 and later have both.");
    }
    try {
        const stream = new Blob([bytesOf(base64)]).stream();
        const plain = stream.pipeThrough(new DecompressionStream("deflate"));
        return JSON.parse(await new Response(plain).text());
    } catch (error) {
        throw new DataError(`The page's data is damaged: ${error.message}`);
    }
}

// The numbers in a text, one a row; nothing between two spaces is none, which is NaN here.
// Addresses are exact up to 2^53, which is more than any machine of today has room for.
function numbersOf(text, count) {
    const values = new Float64Array(count);
    let from = 0;
    for (let row = 0; row < count; row++) {
        const space = text.indexOf(" ", from);
        const to = space < 0 ? text.length : space;
        values[row] = to > from ? Number(text.slice(from, to)) : NaN;
        from = to + 1;
    }
    return values;
}

// Running sums, to which a row without a number adds nothing.
function sums(deltas) {
    let sum = 0;
    return deltas.map((delta) => Number.isNaN(delta) ? NaN : (sum += delta));
}

// A column of texts: word number index[i] is in row i, or none where that is -1.
export class Words {
    constructor(words, index) {
        this.words = words;
        this.index = index;
    }

    // The text in a row, or null.
    at(row) {
        return this.words[this.index[row]] ?? null;
    }
}

// A table of `count` rows, by column. Columns that are not there are empty.
export class Table {
    constructor({ count = 0, columns = {} } = {}) {
        this.count = count;
        this.columns = columns;
    }

    // A column of numbers or addresses; NaN where there is none.
    numbers(name) {
        const { numbers, deltas, hex_deltas: addresses } = this.columns[name] ?? {};
        if (!this.count || numbers === undefined && deltas === undefined && !addresses) {
            return new Float64Array(this.count).fill(NaN);
        }
        return numbers === undefined ? sums(numbersOf(deltas ?? addresses, this.count))
            : numbersOf(numbers, this.count);
    }

    // A column of texts, each in its row or by number.
    texts(name) {
        const { words, index, lines } = this.columns[name] ?? {};
        if (this.count && lines !== undefined) {
            const all = lines.split("\n");
            return new Words(all, Int32Array.from(all, (line, i) => line === "" ? -1 : i));
        }
        const numbers = numbersOf(index ?? "", this.count);
        return new Words(words ?? [],
            new Int32Array(numbers.map((number) => Number.isNaN(number) ? -1 : number)));
    }
}
