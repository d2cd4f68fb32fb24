// SPDX-License-Identifier: MIT
// The heads of an area by number, in order of addresses from 0 on: which number the head of
// a block has, and which block the head of a number, at any time and without a walk.
//
// A head's two bits in the allocation table are odd, all others are even (see heap.h): heads
// are counted in the table itself. How many there are up to every 64th block, where every
// 64th head is, and how long the long allocations are, is kept: 4 to 8 bytes for 64 blocks.
#ifndef MPH_GC_HEADS_H
#define MPH_GC_HEADS_H

#include "gc/heap.h"

struct heads {
    const struct gc_area *area; // its table must outlive this, unchanged
    uint64_t count;
    uint32_t *before;  // by group of blocks: heads before it; one more for the end
    uint32_t *samples; // by group of heads: the group of blocks that has the first of them
    struct vec longs;  // of struct long_run, by block
};

int heads_init(struct heads *heads, const struct gc_area *area, struct mph_err *err);
void heads_deinit(struct heads *heads);

// Heads in blocks before `index`, which is the number of a head that is there.
uint64_t heads_before(const struct heads *heads, uint64_t index);

// The block of a head; `number` is below heads->count.
uint64_t heads_block(const struct heads *heads, uint64_t number);

// Blocks of the allocation whose head is at `index`.
uint64_t heads_length(const struct heads *heads, uint64_t index);

// The head that a tail belongs to; false where it has none.
bool heads_of_tail(const struct heads *heads, uint64_t index, uint64_t *ret_index);

#endif
