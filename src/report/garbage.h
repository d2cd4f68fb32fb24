// SPDX-License-Identifier: MIT
// What a collection would free, counted.
#ifndef MPH_REPORT_GARBAGE_H
#define MPH_REPORT_GARBAGE_H

#include "base/vec.h"
#include "graph/mark.h"
#include "object/histogram.h"

struct garbage_item {
    uint64_t block, bytes;
    bool has_finaliser;
};

struct garbage {
    const struct objects *objects;
    struct mark mark;
    size_t top;
    bool all;
    uint32_t *held;         // by number of a head: blocks that go with it, its own among them
    struct histogram types; // bytes of an object with all that goes with it are its own
    struct vec largest;     // of struct garbage_item, up to twice as many as will be shown
    uint64_t allocations, bytes, least_bytes, finalisers;
    bool is_out_of_memory;
};

// Mark the heap and count. `objects` are named and outlive it; `top` objects are kept one
// by one, the largest; `all`: every block on its own, not with the object that holds it.
int garbage_init(struct garbage *ret, const struct objects *objects, size_t top, bool all,
                 struct mph_err *err);
void garbage_deinit(struct garbage *garbage);

#endif
