// SPDX-License-Identifier: MIT
#include "gc/heap.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "layout/area.h"

// More areas than a board has pieces of RAM; ESP32 adds them as it grows. And more
// blocks than any area has, so that a damaged bound cannot ask for all memory here.
enum { AREAS_MAX = 1024, BLOCKS_MAX = 1 << 29 };

// --- the area structure ---

// A member of the area structure in `bytes`; false where this firmware has none.
static bool member(const struct layout *layout, const uint8_t *bytes, enum member which,
                   uint64_t *ret)
{
    const struct member_at *at = &layout->members[which];

    if (at->how == HOW_UNKNOWN)
        return false;
    *ret = bytes_get(bytes + at->offset, at->size, layout->big_endian);
    return true;
}

enum { STRUCTURE_MAX = 256 };

static int read_area(const struct layout *layout, struct target *target, uint64_t address,
                     struct gc_area *ret, uint64_t *next, struct mph_err *err)
{
    uint8_t bytes[STRUCTURE_MAX];
    uint64_t size = layout_area_bytes(layout);

    if (size > sizeof bytes)
        return mph_fail(err, MPH_ERR_BAD_DATA, "heap: an area structure of %llu bytes",
                        (unsigned long long)size);
    int rc = target_read(target, address, bytes, (size_t)size, err);
    if (rc < 0)
        return rc;

    *ret = (struct gc_area){.address = address};
    *next = 0;
    member(layout, bytes, MEMBER_AREA_NEXT, next);
    member(layout, bytes, MEMBER_AREA_TABLE, &ret->table);
    member(layout, bytes, MEMBER_AREA_TABLE_BYTES, &ret->table_bytes);
    member(layout, bytes, MEMBER_AREA_FINALISERS, &ret->finalisers);
    member(layout, bytes, MEMBER_AREA_WEAKREFS, &ret->weakrefs);
    member(layout, bytes, MEMBER_AREA_POOL_START, &ret->pool_start);
    member(layout, bytes, MEMBER_AREA_POOL_END, &ret->pool_end);
    ret->has_last_free = member(layout, bytes, MEMBER_AREA_LAST_FREE, &ret->last_free);
    return 0;
}

// What the first area was found or checked by holds for all of them.
static bool keeps_invariants(const struct layout *layout, struct target *target,
                             const struct gc_area *area)
{
    uint64_t address = area->address + (uint64_t)layout->members[MEMBER_AREA_TABLE].offset;
    uint8_t words[AREA_WORDS_MAX * 8];
    struct area_match match;

    return target_read(target, address, words, AREA_WORDS_MAX * layout->word_bytes, NULL) < 0 ||
           area_match_words(words, layout->word_bytes, layout->big_endian, address, &match);
}

// As many blocks as both the table and the pool have room for.
static void believe_blocks(struct heap *heap, struct target *target, struct gc_area *area)
{
    uint64_t in_pool = area->pool_end > area->pool_start
                           ? (area->pool_end - area->pool_start) / heap->layout->block_bytes
                           : 0;
    bool is_lying =
        area->table_bytes != (in_pool + 3) / 4 || in_pool % 4 || area->table >= area->pool_start;

    area->block_count = in_pool;
    if (!is_lying && !keeps_invariants(heap->layout, target, area))
        notes_add(&heap->problems,
                  "the area at 0x%llx is damaged: its tables and its pool do not fit together",
                  (unsigned long long)area->address);
    if (!is_lying)
        return;
    notes_add(&heap->problems,
              "the area at 0x%llx has a table of %llu bytes for a pool of %llu blocks",
              (unsigned long long)area->address, (unsigned long long)area->table_bytes,
              (unsigned long long)in_pool);
    if (area->table_bytes < (area->block_count + 3) / 4)
        area->block_count = area->table_bytes * 4;
    if (area->table < area->pool_start && area->block_count > (area->pool_start - area->table) * 4)
        area->block_count = (area->pool_start - area->table) * 4;
}

// --- the list of areas ---

static bool is_known_area(const struct heap *heap, uint64_t address)
{
    for (size_t i = 0; i < heap->areas.len; i++)
        if (heap_area(heap, i)->address == address)
            return true;
    return false;
}

// The collector gave each its own memory; where two claim the same, one is not real.
static bool overlaps_area(const struct heap *heap, const struct gc_area *area)
{
    uint64_t bytes = area->block_count * heap->layout->block_bytes;

    for (size_t i = 0; bytes && i < heap->areas.len; i++) {
        const struct gc_area *known = heap_area(heap, i);
        uint64_t known_bytes = known->block_count * heap->layout->block_bytes;

        if (area->pool_start < known->pool_start
                ? known->pool_start - area->pool_start < bytes
                : area->pool_start - known->pool_start < known_bytes)
            return true;
    }
    return false;
}

static int add_area(struct heap *heap, const struct gc_area *area, struct mph_err *err)
{
    struct gc_area *added = vec_add(&heap->areas);

    if (!added)
        return mph_fail_no_memory(err);
    *added = *area;
    return 0;
}

static int follow_areas(struct heap *heap, struct target *target, struct mph_err *err)
{
    uint64_t address = heap->layout->area, next = 0;

    for (size_t seen = 0; address; seen++) {
        struct gc_area area;
        struct mph_err why = {0};

        if (is_known_area(heap, address) || seen == AREAS_MAX) {
            notes_add(&heap->problems, "the list of areas loops back to 0x%llx",
                      (unsigned long long)address);
            return 0;
        }
        int rc = read_area(heap->layout, target, address, &area, &next, &why);
        if (rc == MPH_ERR_READ && heap->areas.len) {
            notes_add(&heap->problems, "the list of areas leads to unreadable 0x%llx",
                      (unsigned long long)address);
            return 0;
        }
        if (rc == 0) {
            believe_blocks(heap, target, &area);
            if (overlaps_area(heap, &area))
                notes_add(&heap->problems, "the area at 0x%llx shares its pool: it is left out",
                          (unsigned long long)address);
            else
                rc = add_area(heap, &area, &why);
        }
        if (rc < 0)
            return mph_fail_again(err, &why);
        address = next;
    }
    return 0;
}

// --- tables ---

// The part of a table that can be read when the whole cannot.
static uint64_t readable_part(struct target *target, const struct gc_area *area, uint64_t size)
{
    struct mph_err why = {0};
    uint8_t *bytes = malloc((size_t)size);
    int rc = bytes ? target_read(target, area->table, bytes, (size_t)size, &why) : -1;

    free(bytes);
    if (rc == 0)
        return size;
    return why.has_address && why.address > area->table ? why.address - area->table : 0;
}

static int read_table(struct heap *heap, struct target *target, struct gc_area *area,
                      struct mph_err *err)
{
    uint64_t size = (area->block_count + 3) / 4;

    area->bits = target_direct(target, area->table, size);
    if (area->bits || !size)
        return 0;
    area->owned_bits = malloc((size_t)size);
    if (!area->owned_bits)
        return mph_fail_no_memory(err);

    struct mph_err why = {0};
    int rc = target_read(target, area->table, area->owned_bits, (size_t)size, &why);
    if (rc == MPH_ERR_READ) {
        size = readable_part(target, area, size);
        notes_add(&heap->problems, "the allocation table at 0x%llx cannot be read from 0x%llx on",
                  (unsigned long long)area->table, (unsigned long long)(area->table + size));
        area->block_count = size * 4;
        rc = size ? target_read(target, area->table, area->owned_bits, (size_t)size, &why) : 0;
    }
    if (rc < 0)
        return mph_fail_again(err, &why);
    area->bits = area->owned_bits;
    return 0;
}

static int declare_tables(const struct heap *heap, struct target *target, struct mph_err *err)
{
    struct range *ranges = heap->areas.len ? calloc(heap->areas.len, sizeof *ranges) : NULL;

    if (!heap->areas.len)
        return 0;
    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < heap->areas.len; i++) {
        const struct gc_area *area = heap_area(heap, i);
        ranges[i] = (struct range){area->table, (area->block_count + 3) / 4};
    }
    int rc = target_fetch(target, ranges, heap->areas.len, err);
    free(ranges);
    return rc;
}

static int read_tables(struct heap *heap, struct target *target, struct mph_err *err)
{
    int rc = declare_tables(heap, target, err);

    for (size_t i = 0; rc == 0 && i < heap->areas.len; i++)
        rc = read_table(heap, target, vec_at(&heap->areas, i), err);
    return rc;
}

static void drop_areas(struct heap *heap)
{
    for (size_t i = 0; i < heap->areas.len; i++)
        free(((struct gc_area *)vec_at(&heap->areas, i))->owned_bits);
    heap->areas.len = 0;
    heap->problems.len = 0;
}

static int load(struct heap *heap, struct target *target, struct mph_err *err)
{
    drop_areas(heap);
    int rc = follow_areas(heap, target, err);

    return rc < 0 ? rc : read_tables(heap, target, err);
}

// --- a target that runs ---

static bool is_same(const struct heap *a, const struct heap *b)
{
    if (a->areas.len != b->areas.len)
        return false;
    for (size_t i = 0; i < a->areas.len; i++) {
        const struct gc_area *left = heap_area(a, i), *right = heap_area(b, i);

        if (left->table != right->table || left->block_count != right->block_count ||
            left->pool_start != right->pool_start ||
            memcmp(left->bits, right->bits, (size_t)((left->block_count + 3) / 4)))
            return false;
    }
    return true;
}

static void forget(const struct heap *heap, struct target *target)
{
    for (size_t i = 0; i < heap->areas.len; i++) {
        const struct gc_area *area = heap_area(heap, i);

        target_forget(target, area->address, layout_area_bytes(heap->layout));
        target_forget(target, area->table, (area->block_count + 3) / 4);
    }
}

int heap_refresh(struct heap *heap, struct target *target, bool *ret_changed, struct mph_err *err)
{
    struct heap again = {.layout = heap->layout,
                         .areas = VEC_OF(struct gc_area),
                         .problems = NOTES,
                         .rereads = heap->rereads};

    forget(heap, target);
    int rc = load(&again, target, err);
    if (rc < 0) {
        heap_deinit(&again);
        return rc;
    }
    *ret_changed = !is_same(heap, &again);
    again.rereads += *ret_changed;
    heap_deinit(heap);
    *heap = again;
    return 0;
}

// Read again until two reads in a row agree: a table that changed in between
// may mix blocks of two moments.
static int load_steady(struct heap *heap, struct target *target, unsigned tries,
                       struct mph_err *err)
{
    bool has_changed = true;
    int rc = load(heap, target, err);

    for (unsigned i = 1; rc == 0 && has_changed && i < tries; i++)
        rc = heap_refresh(heap, target, &has_changed, err);
    heap->is_torn = has_changed;
    return rc;
}

int heap_init(struct heap *heap, struct target *target, const struct layout *layout,
              const struct heap_options *options, struct mph_err *err)
{
    *heap = (struct heap){.layout = layout, .areas = VEC_OF(struct gc_area), .problems = NOTES};
    int rc = target->state == RUN_RUNNING ? load_steady(heap, target, options->tries, err)
                                          : load(heap, target, err);
    uint64_t blocks = 0;

    for (size_t i = 0; i < heap->areas.len; i++)
        blocks += heap_area(heap, i)->block_count;
    if (rc == 0 && !blocks)
        rc = mph_fail_at(err, MPH_ERR_NO_HEAP, layout->area, "heap: no usable area at 0x%llx",
                         (unsigned long long)layout->area);
    if (rc < 0)
        heap_deinit(heap);
    return rc;
}

void heap_deinit(struct heap *heap)
{
    drop_areas(heap);
    vec_deinit(&heap->areas);
    vec_deinit(&heap->problems);
}

const struct gc_area *heap_area_of(const struct heap *heap, uint64_t address)
{
    for (size_t i = 0; i < heap->areas.len; i++) {
        const struct gc_area *area = heap_area(heap, i);
        if (address >= area->pool_start && address < area->pool_end)
            return area;
    }
    return NULL;
}

// Eight bytes of the table at a time, that is up to 32 blocks.
uint64_t area_run_within(const struct gc_area *area, uint64_t index, enum block kind, uint64_t max)
{
    uint64_t from = index, table_bytes = (area->block_count + 3) / 4;
    uint64_t all = kind * 0x5555555555555555u, others;
    uint64_t end = area->block_count - index < max ? area->block_count : index + max;

    while (index < end) {
        if (table_bytes - index / 4 >= sizeof others) {
            memcpy(&others, area->bits + index / 4, sizeof others);
            others = (le64toh(others) ^ all) >> index % 4 * 2;
            index += others ? (uint64_t)__builtin_ctzll(others) / 2 : 32 - index % 4;
            if (others)
                break;
        } else if (area_block(area, index) == kind) {
            index++;
        } else {
            break;
        }
    }
    return (index < end ? index : end) - from;
}
