// SPDX-License-Identifier: MIT
#include "gc/numbers.h"

// The board's own loop counts a run when the next head or free block ends it;
// walking run by run gives the same numbers.
void gc_area_numbers(const struct heap *heap, const struct gc_area *area, struct gc_numbers *ret)
{
    struct gc_numbers sum = {0};
    uint64_t used = 0, free_blocks = 0;

    for (uint64_t block = 0; block < area->block_count;) {
        enum block kind = area_block(area, block);
        uint64_t run;

        if (kind == BLOCK_FREE) {
            run = area_run(area, block, BLOCK_FREE);
            free_blocks += run;
            if (run > sum.max_free)
                sum.max_free = run;
        } else if (kind == BLOCK_TAIL) {
            run = area_run(area, block, BLOCK_TAIL);
            used += run;
            if (!sum.orphan_runs++)
                sum.first_orphan = area->pool_start + block * heap->layout->block_bytes;
        } else {
            run = 1 + area_run(area, block + 1, BLOCK_TAIL);
            used += run;
            sum.heads++;
            sum.marked += kind == BLOCK_MARK;
            sum.one_blocks += run == 1;
            sum.two_blocks += run == 2;
            if (run > sum.max_block)
                sum.max_block = run;
        }
        block += run;
    }
    sum.total_bytes = area->pool_end - area->pool_start;
    sum.used_bytes = used * heap->layout->block_bytes;
    sum.free_bytes = free_blocks * heap->layout->block_bytes;
    *ret = sum;
}

void gc_numbers_add(struct gc_numbers *sum, const struct gc_numbers *more)
{
    if (!sum->orphan_runs)
        sum->first_orphan = more->first_orphan;
    sum->orphan_runs += more->orphan_runs;
    sum->total_bytes += more->total_bytes;
    sum->used_bytes += more->used_bytes;
    sum->free_bytes += more->free_bytes;
    sum->one_blocks += more->one_blocks;
    sum->two_blocks += more->two_blocks;
    sum->marked += more->marked;
    sum->heads += more->heads;
    if (more->max_block > sum->max_block)
        sum->max_block = more->max_block;
    if (more->max_free > sum->max_free)
        sum->max_free = more->max_free;
}

void gc_numbers(const struct heap *heap, struct gc_numbers *ret)
{
    *ret = (struct gc_numbers){0};
    for (size_t i = 0; i < heap_area_count(heap); i++) {
        struct gc_numbers one;

        gc_area_numbers(heap, heap_area(heap, i), &one);
        gc_numbers_add(ret, &one);
    }
}

// gc_lock_depth is a count up to v1.24; from v1.25 on its lowest bit says that a
// collection is in progress, where finalisers are compiled in (40e1c111e1). The two
// leave no other trace in memory: without a version only a depth of 0 is sure.
static void split_lock_depth(const struct layout *layout, uint64_t value, struct gc_state *ret)
{
    bool has_finalisers = layout->members[MEMBER_AREA_FINALISERS].how != HOW_UNKNOWN;
    bool has_flag = has_finalisers && layout->version_number >= 12500;
    bool may_have_flag = has_finalisers && layout->era >= ERA_1_21;

    ret->has_lock_depth = !value || layout->version_number || !may_have_flag;
    ret->lock_depth = has_flag ? value >> 1 : value;
    ret->is_collecting = has_flag && value & 1;
}

void gc_state_from(const struct layout *layout, const struct gc_numbers *numbers,
                   bool has_lock_word, uint64_t lock_word, struct gc_state *ret)
{
    *ret = (struct gc_state){0};
    if (has_lock_word && lock_word <= 0xffff)
        split_lock_depth(layout, lock_word, ret);
    ret->is_collecting |= numbers->marked > 0;
}

void gc_state(const struct heap *heap, struct target *target, const struct gc_numbers *numbers,
              struct gc_state *ret)
{
    uint64_t value = 0;
    bool has_lock = layout_read_member(heap->layout, target, MEMBER_LOCK_DEPTH, &value);

    gc_state_from(heap->layout, numbers, has_lock, value, ret);
    if (layout_read_member(heap->layout, target, MEMBER_OVERFLOW, &value) && value <= 1) {
        ret->has_overflow = true;
        ret->has_overflowed = value;
    }
}
