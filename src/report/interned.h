// SPDX-License-Identifier: MIT
// The interned strings of a board: pools, the chunks that hold the text, and what
// both cost.
#ifndef MPH_REPORT_INTERNED_H
#define MPH_REPORT_INTERNED_H

#include "layout/qstr.h"
#include "report/session.h"

struct interned_pool {
    const struct qstr_pool *pool;
    bool is_on_heap;
    uint64_t bytes;  // of its block, as the board counts them; 0: it is no block
    uint64_t wasted; // of these, what neither the structure nor a string uses
};

// A block that texts are packed into. py/qstr.c qstr_from_strn: the entry of its
// first text is all that keeps it from the collector.
struct interned_chunk {
    uint64_t address;
    uint64_t bytes;
    uint64_t used; // by texts, with what belongs to each
    uint64_t count;
};

struct interned_string {
    uint64_t id;
    struct qstr_entry entry; // meaningful where `code` is 0
    int code;                // why the entry could not be read, else 0
    uint64_t fault;          // where, if not
};

// The sums of py/qstr.c qstr_pool_info, which counts pools on the heap only.
struct interned_totals {
    uint64_t pools, strings, data_bytes, total_bytes;
    uint64_t wasted_in_pools, wasted_in_chunks;
};

struct interned {
    struct qstrs qstrs;
    struct interned_pool pools[QSTR_POOLS_MAX]; // newest first, as in `qstrs`
    size_t heap_pools;                          // the first so many are on the heap
    struct vec strings; // of struct interned_string: newest pool first, each in order
    struct vec chunks;  // of struct interned_chunk, by address
    struct interned_totals totals;
};

// Read all but the texts. `session` must be loaded; what of it makes no sense is
// noted in `notes`. An error when the pools are not found or their chain is broken.
// `interned` is to be released whatever this returns.
int interned_init(struct interned *interned, struct session *session, struct vec *notes,
                  struct mph_err *err);
void interned_deinit(struct interned *interned);

// Declare that all texts will be read.
int interned_fetch_texts(const struct interned *interned, struct target *target,
                         struct mph_err *err);

// Read the text of a string: entry.length bytes. What the target is to blame for
// is in string->code and ->fault afterwards; a negative result ends the report.
int interned_text(struct interned_string *string, struct target *target,
                  char text[QSTR_TEXT_MAX + 1], struct mph_err *err);

#endif
