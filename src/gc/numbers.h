// SPDX-License-Identifier: MIT
// The numbers of gc_info, and the state of the collector.
#ifndef MPH_GC_NUMBERS_H
#define MPH_GC_NUMBERS_H

#include "gc/heap.h"

// py/gc.c gc_info: sizes in bytes, runs in blocks. Unlike there, a marked head
// counts as used: used and free always make up the pool, also inside a collection.
struct gc_numbers {
    uint64_t total_bytes;
    uint64_t used_bytes;
    uint64_t free_bytes;
    uint64_t one_blocks;
    uint64_t two_blocks;
    uint64_t max_block;
    uint64_t max_free;
    uint64_t marked; // heads marked: a collection is in progress
    uint64_t heads;
    // Runs of tails that follow no head, and where the first one begins: legal only in
    // the middle of gc_free, a shrinking gc_realloc or a sweep. They count as used.
    uint64_t orphan_runs;
    uint64_t first_orphan;
};

// Numbers of one area, or of all: sums, and the largest of the runs.
void gc_area_numbers(const struct heap *heap, const struct gc_area *area, struct gc_numbers *ret);
void gc_numbers_add(struct gc_numbers *sum, const struct gc_numbers *more);
void gc_numbers(const struct heap *heap, struct gc_numbers *ret);

// Whether the collector is at work or locked out.
struct gc_state {
    bool has_lock_depth;
    uint64_t lock_depth; // how often the heap is locked
    bool is_collecting;  // a collection is in progress
    bool has_overflow;
    bool has_overflowed; // the mark stack overflowed: marks are not complete
};

// `numbers` are those of the whole heap.
void gc_state_from(const struct layout *layout, const struct gc_numbers *numbers,
                   bool has_lock_word, uint64_t lock_word, struct gc_state *ret);

// The same, and it reads what it takes.
void gc_state(const struct heap *heap, struct target *target, const struct gc_numbers *numbers,
              struct gc_state *ret);

#endif
