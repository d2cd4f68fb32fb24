// SPDX-License-Identifier: MIT
#include "graph/fit.h"

// --- a walk over runs ---

struct run_walk {
    const struct objects *objects;
    const struct mark *mark;
    enum moment moment;
    bool (*visit)(void *context, uint64_t address, uint64_t blocks); // false ends the walk
    void *context;
};

static bool keeps(const struct run_walk *walk, uint64_t block)
{
    switch (walk->moment) {
    case MOMENT_AFTER:
        return mark_keeps(walk->mark, block);
    case MOMENT_AFTER_LEAST:
        return mark_may_keep(walk->mark, block);
    default:
        return true;
    }
}

// The length of what begins at a block: blocks in use, or blocks that are free then.
static uint64_t stretch(const struct run_walk *walk, const struct object_area *area, uint64_t index,
                        bool *ret_free)
{
    enum block kind = area_block(area->area, index);

    *ret_free = kind == BLOCK_FREE;
    if (!block_is_head(kind))
        return area_run(area->area, index, kind);
    *ret_free = !keeps(walk, area->first + index);
    return 1 + area_run(area->area, index + 1, BLOCK_TAIL);
}

static uint64_t first_searched(const struct run_walk *walk, const struct gc_area *area)
{
    uint64_t first = walk->moment == MOMENT_NOW && area->has_last_free ? area->last_free : 0;

    return first < area->block_count / 4 ? 4 * first : area->block_count;
}

static bool walk_area(const struct run_walk *walk, const struct object_area *area, uint64_t from)
{
    const struct objects *objects = walk->objects;
    uint64_t run = 0, index = from;

    while (index < area->area->block_count || run) {
        bool is_free = false;
        uint64_t length =
            index < area->area->block_count ? stretch(walk, area, index, &is_free) : 0;

        if (!is_free && run) {
            uint64_t first = index - run;

            if (!walk->visit(walk->context,
                             area->area->pool_start + (first << objects->block_shift), run))
                return false;
        }
        run = is_free ? run + length : 0;
        index += length;
    }
    return true;
}

// --- measuring ---

struct measuring {
    struct free_runs *runs;
    uint8_t block_shift;
    uint64_t in_area; // free blocks of one area
};

static bool measure_run(void *context, uint64_t address, uint64_t blocks)
{
    struct measuring *measuring = context;
    struct free_runs *runs = measuring->runs;
    uint64_t bytes = blocks << measuring->block_shift;

    runs->runs++;
    runs->free_bytes += bytes;
    measuring->in_area += blocks;
    runs->by_power[63 - __builtin_clzll(blocks)]++;
    if (bytes > runs->largest_bytes) {
        runs->largest_bytes = bytes;
        runs->largest_address = address;
    }
    return true;
}

void free_runs_measure(const struct objects *objects, const struct mark *mark, enum moment moment,
                       struct free_runs *ret)
{
    *ret = (struct free_runs){0};

    struct measuring measuring = {ret, objects->block_shift, 0};
    struct run_walk walk = {objects, mark, moment, measure_run, &measuring};

    for (size_t i = 0; i < objects->area_count; i++) {
        const struct object_area *area = &objects->areas[i];

        measuring.in_area = 0;
        walk_area(&walk, area, 0);
        if (i > 0 && measuring.in_area == area->area->block_count) {
            ret->empty_areas++;
            ret->empty_bytes += area->size;
        }
    }
}

double free_runs_fragmentation(const struct free_runs *runs)
{
    return runs->free_bytes ? 1 - (double)runs->largest_bytes / (double)runs->free_bytes : 0;
}

// --- finding ---

struct finding {
    uint64_t blocks;
    struct place_found *found;
};

static bool match_run(void *context, uint64_t address, uint64_t blocks)
{
    struct finding *finding = context;

    if (blocks >= finding->blocks && !finding->found->runs++)
        finding->found->address = address;
    return true;
}

bool free_runs_find(const struct objects *objects, const struct mark *mark, enum moment moment,
                    uint64_t blocks, struct place_found *ret)
{
    *ret = (struct place_found){0};

    struct finding finding = {blocks, ret};
    struct run_walk walk = {objects, mark, moment, match_run, &finding};

    for (size_t i = 0; i < objects->area_count; i++)
        walk_area(&walk, &objects->areas[i], first_searched(&walk, objects->areas[i].area));
    return ret->runs > 0;
}

// --- between the two largest ---

// A run, and the place of its area.
struct placed_run {
    struct free_run run;
    size_t area;
};

// Of all runs that are as long as one of the two longest, two that follow each other are the
// nearest; and they are the longest two if their lengths add up to that of those.
struct pairing {
    uint8_t block_shift;
    size_t area;               // that is walked
    uint64_t largest, second;  // lengths of the two longest runs, in bytes
    struct placed_run last;    // so long, the last that was met; bytes 0: none
    struct placed_run pair[2]; // the best so far; bytes 0: none
};

static bool rank_lengths(void *context, uint64_t address, uint64_t blocks)
{
    struct pairing *pairing = context;
    uint64_t bytes = blocks << pairing->block_shift;

    (void)address;
    if (bytes > pairing->largest) {
        pairing->second = pairing->largest;
        pairing->largest = bytes;
    } else if (bytes > pairing->second) {
        pairing->second = bytes;
    }
    return true;
}

static uint64_t gap(const struct placed_run *first, const struct placed_run *second)
{
    if (first->area != second->area)
        return UINT64_MAX;
    return second->run.address - (first->run.address + first->run.bytes);
}

static bool pair_up(void *context, uint64_t address, uint64_t blocks)
{
    struct pairing *pairing = context;
    struct placed_run *last = &pairing->last, *pair = pairing->pair;
    struct placed_run this = {{address, blocks << pairing->block_shift}, pairing->area};

    if (this.run.bytes < pairing->second)
        return true;
    if (last->run.bytes && last->run.bytes + this.run.bytes == pairing->largest + pairing->second &&
        (!pair->run.bytes || gap(last, &this) < gap(&pair[0], &pair[1]))) {
        pair[0] = *last;
        pair[1] = this;
    }
    *last = this;
    return true;
}

static void walk_areas(struct run_walk *walk, struct pairing *pairing)
{
    for (size_t i = 0; i < walk->objects->area_count; i++) {
        pairing->area = i;
        walk_area(walk, &walk->objects->areas[i], 0);
    }
}

static void list_between(const struct run_walk *walk, const struct object_area *area,
                         struct free_between *ret)
{
    uint8_t shift = walk->objects->block_shift;
    uint64_t start = area->area->pool_start;
    uint64_t index = (ret->first.address + ret->first.bytes - start) >> shift;
    uint64_t end = (ret->second.address - start) >> shift;

    while (index < end) {
        bool is_head = block_is_head(area_block(area->area, index)), is_free;
        uint64_t length = stretch(walk, area, index, &is_free);

        if (!is_free)
            ret->used_bytes += length << shift;
        if (!is_free && is_head && ret->count++ < BETWEEN_MAX)
            ret->blocks[ret->count - 1] = area->first + index;
        index += length;
    }
}

bool free_runs_between(const struct objects *objects, const struct mark *mark, enum moment moment,
                       struct free_between *ret)
{
    struct pairing pairing = {.block_shift = objects->block_shift};
    struct run_walk walk = {objects, mark, moment, rank_lengths, &pairing};

    walk_areas(&walk, &pairing);
    walk.visit = pair_up;
    if (pairing.second)
        walk_areas(&walk, &pairing);

    const struct placed_run *pair = pairing.pair;

    *ret = (struct free_between){.first = pair[0].run, .second = pair[1].run};
    ret->is_joinable = pair[0].run.bytes && pair[0].area == pair[1].area;
    if (ret->is_joinable) {
        ret->joined_bytes = pair[1].run.address + pair[1].run.bytes - pair[0].run.address;
        list_between(&walk, &objects->areas[pair[0].area], ret);
    }
    return pair[0].run.bytes > 0;
}
