// SPDX-License-Identifier: MIT
// Words that stay as they are as long as a heap is the same one: its area structures, and
// the newest pool of interned strings, which only grows.
#ifndef MPH_GC_LANDMARKS_H
#define MPH_GC_LANDMARKS_H

#include "gc/heap.h"

struct landmarks {
    const struct layout *layout;
    struct vec ranges;    // of struct range
    uint64_t bytes;       // of all ranges
    uint8_t *known, *now; // so many bytes each
    bool has_pool;        // the last range is the pointer to the newest pool
};

enum landmarks_change {
    LANDMARKS_SAME,
    LANDMARKS_MOVED,    // the areas are others: the heap has grown, or there is another one
    LANDMARKS_RESTARTED // strings that were interned are not: the firmware began anew
};

// Remember them as they are now. The heap's layout must outlive this.
int landmarks_init(struct landmarks *landmarks, struct target *target, const struct heap *heap,
                   struct mph_err *err);
void landmarks_deinit(struct landmarks *landmarks);

// Append the reads that it takes to look again to a vec of struct link_read.
int landmarks_add_reads(struct landmarks *landmarks, struct vec *reads, struct mph_err *err);

// What those reads, which must have been made, say. A pool that is new costs a few more.
int landmarks_judge(struct landmarks *landmarks, struct target *target, enum landmarks_change *ret,
                    struct mph_err *err);

#endif
