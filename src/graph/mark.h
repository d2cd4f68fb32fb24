// SPDX-License-Identifier: MIT
// What a collection would keep if it ran now: the collector's own mark, from outside.
//
// py/gc.c gc_collect_root, gc_mark_subtree: the same in all releases. Marks
// that a collection in progress has left in the allocation table are not taken for an
// answer: heads are heads.
#ifndef MPH_GRAPH_MARK_H
#define MPH_GRAPH_MARK_H

#include "graph/root_words.h"

struct reached {
    uint64_t heads, bytes;
};

struct mark {
    const struct objects *objects;
    uint8_t *kept; // a bit a block, set for heads that roots lead to
    // The same, with the words that may be roots as well; the same array where every
    // root is known.
    uint8_t *maybe;
    struct roots roots[ROOTS_SETS];
    struct reached reached[ROOTS_SETS]; // allocations that were reached from there first
    bool is_certain;                    // every root is known, and all that they lead to was read
    bool has_least;                     // what `maybe` does not have is garbage for certain
    uint64_t unread;                    // bytes of roots and allocations that could not be read
    uint64_t unread_first;              // address of the first of them
};

// Mark the heap. Over a link it reads all allocations, whole, in one pass. Memory: a bit
// a block, and at most 8 bytes for each head at a time. Objects need no labels.
int mark_init(struct mark *mark, const struct objects *objects, struct mph_err *err);
void mark_deinit(struct mark *mark);

// Whether a collection keeps a head, by its block number, as far as roots are known.
static inline bool mark_keeps(const struct mark *mark, uint64_t block)
{
    return mark->kept[block / 8] >> block % 8 & 1;
}

// Whether it would with every word that may be a root.
static inline bool mark_may_keep(const struct mark *mark, uint64_t block)
{
    return mark->maybe[block / 8] >> block % 8 & 1;
}

#endif
