// SPDX-License-Identifier: MIT
// The part of mp_state_ctx that the collector takes for pointers, to the word.
#ifndef MPH_GRAPH_SECTION_H
#define MPH_GRAPH_SECTION_H

#include "object/objects.h"

// py/gc.c gc_collect_start: from dict_locals (v1.10 and later; before, from the start of
// mp_state_ctx, where dict_locals lies) up to qstr_last_chunk; up to v1.8.1 that was
// scanned too, and held by the pools anyway.
struct section {
    uint64_t start, end;
    // What may belong to it where its bounds are not certain; the same as the above
    // where they are.
    uint64_t start_min, end_max;
    bool end_is_known;
};

// False: not known at all.
bool section_find(const struct objects *objects, struct section *ret);

#endif
