// SPDX-License-Identifier: MIT
#include "report/garbage.h"

#include <stdlib.h>

// A block goes with the object that holds it, where that one goes too.
static uint64_t carrier_of(const struct garbage *garbage, uint64_t block)
{
    const struct objects *objects = garbage->objects;
    const struct kind *kind = objects_kind(objects, block);
    uint64_t top = block;

    if (!garbage->all && (!kind || kind->is_block))
        top = objects_top_owner(objects, block);
    return top < objects->block_count && !mark_keeps(&garbage->mark, top) ? top : block;
}

// py/gc.c gc_sweep: a finaliser runs if the block's bit is set and its type is.
static bool has_finaliser(const struct objects *objects, uint64_t block)
{
    uint64_t address = objects_block_address(objects, block), bits, type;
    const struct gc_area *area = heap_area_of(objects->heap, address);
    uint64_t index = area ? (address - area->pool_start) >> objects->block_shift : 0;

    return area && area->finalisers &&
           target_read_uint(objects->target, area->finalisers + index / 8, 1, &bits, NULL) == 0 &&
           bits >> index % 8 & 1 && objects_word(objects, address, &type) && type;
}

static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct garbage *garbage = context;

    (void)address;
    if (!mark_may_keep(&garbage->mark, block))
        garbage->least_bytes += bytes;
    if (mark_keeps(&garbage->mark, block))
        return 0;
    garbage->allocations++;
    garbage->bytes += bytes;
    garbage->held[objects_head_number(garbage->objects, carrier_of(garbage, block))] +=
        (uint32_t)(bytes >> garbage->objects->block_shift);
    return 0;
}

// --- the largest ---

static int by_size(const void *left, const void *right)
{
    const struct garbage_item *a = left, *b = right;

    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return (a->block > b->block) - (a->block < b->block);
}

static void cut_largest(struct garbage *garbage)
{
    if (garbage->largest.len)
        qsort(garbage->largest.data, garbage->largest.len, sizeof(struct garbage_item), by_size);
    if (garbage->largest.len > garbage->top)
        garbage->largest.len = garbage->top;
}

static void add_largest(struct garbage *garbage, const struct garbage_item *item)
{
    struct garbage_item *slot = garbage->top ? vec_add(&garbage->largest) : NULL;

    if (slot)
        *slot = *item;
    else
        garbage->is_out_of_memory |= garbage->top > 0;
    if (garbage->largest.len >= 2 * garbage->top)
        cut_largest(garbage);
}

static int sort_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct garbage *garbage = context;
    struct garbage_item item = {
        block,
        (uint64_t)garbage->held[objects_head_number(garbage->objects, block)]
            << garbage->objects->block_shift,
        false};

    (void)address, (void)bytes;
    if (mark_keeps(&garbage->mark, block))
        return 0;
    item.has_finaliser = has_finaliser(garbage->objects, block);
    garbage->finalisers += item.has_finaliser;
    if (!item.bytes)
        return 0;
    struct histogram_row *row = histogram_row_for(&garbage->types, block);
    if (row) {
        row->count++;
        row->own_bytes += item.bytes;
    } else {
        garbage->is_out_of_memory = true;
    }
    add_largest(garbage, &item);
    return 0;
}

static int fetch_finalisers(const struct objects *objects, struct mph_err *err)
{
    struct vec ranges = VEC_OF(struct range);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(objects->heap); i++) {
        const struct gc_area *area = heap_area(objects->heap, i);
        struct range *range = area->finalisers ? vec_add(&ranges) : NULL;

        if (range)
            *range = (struct range){area->finalisers, (area->block_count + 7) / 8};
    }
    if (ranges.len)
        rc = target_fetch(objects->target, ranges.data, ranges.len, err);
    vec_deinit(&ranges);
    return rc;
}

static int count(struct garbage *garbage, struct mph_err *err)
{
    const struct objects *objects = garbage->objects;
    int rc = fetch_finalisers(objects, err);

    garbage->held = calloc((size_t)objects->head_count + 1, sizeof *garbage->held);
    if (rc < 0 || !garbage->held)
        return rc < 0 ? rc : mph_fail_no_memory(err);
    objects_each_head(objects, &(struct head_walk){count_head, garbage});
    objects_each_head(objects, &(struct head_walk){sort_head, garbage});
    histogram_sort(&garbage->types);
    cut_largest(garbage);
    return garbage->is_out_of_memory ? mph_fail_no_memory(err) : 0;
}

int garbage_init(struct garbage *ret, const struct objects *objects, size_t top, bool all,
                 struct mph_err *err)
{
    *ret = (struct garbage){
        .objects = objects, .top = top, .all = all, .largest = VEC_OF(struct garbage_item)};
    int rc = mark_init(&ret->mark, objects, err);

    histogram_init(&ret->types, objects);
    if (rc < 0)
        return rc;
    rc = count(ret, err);
    if (rc < 0)
        garbage_deinit(ret);
    return rc;
}

void garbage_deinit(struct garbage *garbage)
{
    free(garbage->held);
    histogram_deinit(&garbage->types);
    vec_deinit(&garbage->largest);
    mark_deinit(&garbage->mark);
}
