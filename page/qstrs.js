// SPDX-License-Identifier: MIT
// Interned strings: the pools, and the blocks that their texts are packed into.
import { element, table } from "./dom.js";
import { place } from "./place.js";
import { bytes, count, integer } from "./text.js";

function number(value) {
    return value === undefined || value === null ? "" : integer(value);
}

function pools(state, report) {
    return table([{ title: "Pool", isCode: true }, { title: "Where" },
        { title: "First id", isNumber: true }, { title: "Strings", isNumber: true },
        { title: "Room", isNumber: true }, { title: "Bytes", isNumber: true },
        { title: "Unused", isNumber: true }],
    report.pools.map((pool) => [place(state, pool.address), pool.is_on_heap ? "heap" : "ROM",
        number(pool.first_id), number(pool.string_count), number(pool.alloc_count),
        number(pool.size_bytes), number(pool.wasted_bytes)]));
}

function chunks(state, report) {
    return table([{ title: "Texts", isCode: true }, { title: "Strings", isNumber: true },
        { title: "Bytes", isNumber: true }, { title: "Unused", isNumber: true }],
    report.chunks.map((chunk) => [place(state, chunk.address), number(chunk.string_count),
        number(chunk.size_bytes), number(chunk.wasted_bytes)]));
}

export function qstrs(state, report) {
    const { totals } = report;
    return element("div", {}, totals ? element("p", {},
        `${count(totals.string_count, "string")} in ` +
        `${count(totals.pool_count, "pool")} on the heap, ${bytes(totals.total_bytes)}; ` +
        `unused: ${bytes(totals.wasted_pool_bytes)} of pools, ` +
        `${bytes(totals.wasted_chunk_bytes)} of texts`) : null,
    pools(state, report), report.chunks?.length ? chunks(state, report) : null);
}
