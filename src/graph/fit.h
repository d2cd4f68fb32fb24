// SPDX-License-Identifier: MIT
// Runs of free blocks, now and after a collection, and where an allocation would go.
#ifndef MPH_GRAPH_FIT_H
#define MPH_GRAPH_FIT_H

#include "graph/mark.h"

// Which free blocks count.
enum moment {
    MOMENT_NOW,
    MOMENT_AFTER,       // a collection frees all that known roots do not lead to
    MOMENT_AFTER_LEAST, // and keeps what words lead to that may be roots
};

enum { RUN_POWERS = 32 };

struct free_runs {
    uint64_t free_bytes;
    uint64_t runs;
    uint64_t largest_bytes; // of a run; an allocation of so many bytes fits
    uint64_t largest_address;
    uint64_t by_power[RUN_POWERS]; // runs of 2^k blocks or more, and fewer than 2^(k+1)
    // Areas behind the first that are empty. Builds that add areas by themselves give
    // them back at the end of a collection (py/gc.c gc_sweep, v1.21 and later).
    uint64_t empty_areas, empty_bytes;
};

// `mark` may be NULL for MOMENT_NOW.
void free_runs_measure(const struct objects *objects, const struct mark *mark, enum moment moment,
                       struct free_runs *ret);

// What does not fit in one piece: 1 - largest run / free bytes; 0 without free bytes.
double free_runs_fragmentation(const struct free_runs *runs);

// Where py/gc.c gc_alloc puts so many blocks: into the first run that is long enough,
// from gc_last_free_atb_index on, which a collection sets to 0, area by area.
struct place_found {
    uint64_t address;
    uint64_t runs; // that are long enough
};
bool free_runs_find(const struct objects *objects, const struct mark *mark, enum moment moment,
                    uint64_t blocks, struct place_found *ret);

// --- what keeps the two largest runs apart ---

enum { BETWEEN_MAX = 8 };

struct free_run {
    uint64_t address, bytes;
};

struct free_between {
    struct free_run first, second; // the two largest, in the heap's order
    bool is_joinable;              // both are in one area; else the rest is 0
    uint64_t joined_bytes;         // of the run that they were if all in between were free
    uint64_t used_bytes;           // of them in use
    uint64_t count;                // allocations in between
    uint64_t blocks[BETWEEN_MAX];  // the first of those, by their numbers
};

// Of runs that are as large as others, those in one area and nearest to each other count.
// False when there are fewer than two. `mark` may be NULL for MOMENT_NOW.
bool free_runs_between(const struct objects *objects, const struct mark *mark, enum moment moment,
                       struct free_between *ret);

#endif
