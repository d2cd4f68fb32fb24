// SPDX-License-Identifier: MIT
// The list of areas, and the structure of each: py/gc.c gc_setup_area, gc_add.
#include <inttypes.h>

#include "graph/check_parts.h"
#include "layout/area.h"

static bool area_member(const struct check *check, const struct gc_area *area, enum member member,
                        uint64_t *ret)
{
    const struct objects *objects = check->objects;
    const struct member_at *at = &objects->layout->members[member];

    return at->how != HOW_UNKNOWN &&
           objects_uint(objects, area->address + (uint64_t)at->offset, at->size, ret);
}

// Where a member lies.
static uint64_t member_address(const struct check *check, const struct gc_area *area,
                               enum member member)
{
    return area->address + (uint64_t)check->objects->layout->members[member].offset;
}

// --- the list ---

static bool is_known(const struct heap *heap, uint64_t address)
{
    for (size_t i = 0; i < heap_area_count(heap); i++)
        if (heap_area(heap, i)->address == address)
            return true;
    return false;
}

// What was loaded is a part of the list: it ends where the list could not be followed.
static void check_next(struct check *check, size_t index)
{
    const struct heap *heap = check->objects->heap;
    const struct gc_area *area = heap_area(heap, index);
    bool is_last = index + 1 == heap_area_count(heap);
    uint64_t next, byte;

    if (!area_member(check, area, MEMBER_AREA_NEXT, &next) ||
        next == (is_last ? 0 : heap_area(heap, index + 1)->address))
        return;
    const char *what = is_known(heap, next) ? "is in the list already: the list loops"
                       : objects_uint(check->objects, next, 1, &byte)
                           ? "is no area of its own: its pool is shared, or it is damaged"
                           : "cannot be read";
    damage_add(check, DAMAGE_AREA, false, member_address(check, area, MEMBER_AREA_NEXT),
               "area 0x%" PRIx64 ": next leads to 0x%" PRIx64 ", which %s", area->address, next,
               what);
}

// --- one area ---

static bool is_formed(const struct check *check, const struct gc_area *area)
{
    const struct layout *layout = check->objects->layout;
    uint64_t address = member_address(check, area, MEMBER_AREA_TABLE);
    uint8_t words[AREA_WORDS_MAX * 8];
    struct area_match match;

    return !objects_read(check->objects, address, words, AREA_WORDS_MAX * layout->word_bytes) ||
           (area_match_words(words, layout->word_bytes, layout->big_endian, address, &match) &&
            match.block_bytes == layout->block_bytes);
}

static void check_form(struct check *check, const struct gc_area *area)
{
    uint64_t pool = area->pool_end - area->pool_start;

    if (is_formed(check, area))
        return;
    struct finding *finding =
        damage_add(check, DAMAGE_AREA, false, member_address(check, area, MEMBER_AREA_TABLE),
                   "area 0x%" PRIx64 ": a table of %" PRIu64 " bytes at 0x%" PRIx64
                   " does not belong to a pool from 0x%" PRIx64 " to 0x%" PRIx64,
                   area->address, area->table_bytes, area->table, area->pool_start, area->pool_end);
    uint64_t expected = pool / check->objects->layout->block_bytes / 4;
    if (area->pool_end > area->pool_start && expected != area->table_bytes)
        finding_explain(finding,
                        "such a pool has a table of %" PRIu64
                        " bytes: one of these words was overwritten",
                        expected);
}

// Between the tables since v1.20 (9f434dd8de): 0 for ever, it stops the loops over tails.
static void check_gap(struct check *check, const struct gc_area *area)
{
    const struct layout *layout = check->objects->layout;
    uint64_t byte, at = area->table + area->table_bytes;

    if (layout->era < ERA_1_20 || layout->gap != 1 || !is_formed(check, area) ||
        !objects_uint(check->objects, at, 1, &byte) || !byte)
        return;
    struct finding *finding = damage_add(
        check, DAMAGE_TABLE, false, at,
        "the byte behind the allocation table is 0x%02x and should be 0", (unsigned)byte);
    finding_explain(finding,
                    "something wrote into the heap's tables: see what lies below 0x%" PRIx64,
                    area->table);
}

static void check_last_free(struct check *check, const struct gc_area *area)
{
    if (!area->has_last_free || area->last_free <= area->table_bytes)
        return;
    damage_add(check, DAMAGE_AREA, false, member_address(check, area, MEMBER_AREA_LAST_FREE),
               "area 0x%" PRIx64 ": gc_last_free_atb_index is %" PRIu64
               ", beyond a table of %" PRIu64 " bytes",
               area->address, area->last_free, area->table_bytes);
}

static uint64_t last_used(const struct gc_area *area)
{
    uint64_t index = area->block_count;

    while (index > 0 && area_block(area, index - 1) == BLOCK_FREE)
        index--;
    return index ? index - 1 : 0;
}

// v1.20 has the structure without it, and what stands there instead looks the same.
static bool has_last_used(const struct layout *layout)
{
    return layout->members[MEMBER_AREA_LAST_USED].how == HOW_DWARF ||
           (layout->version_number >= 12100 && layout->version_number < 20000);
}

// Collections stop at gc_last_used_block, v1.21 and later (2dcd745434): what lies above is
// never freed. It is set after the blocks of a new allocation are.
static void check_last_used(struct check *check, const struct gc_area *area)
{
    uint64_t value, used = last_used(area), block_bytes = check->objects->layout->block_bytes;

    if (!has_last_used(check->objects->layout) ||
        !area_member(check, area, MEMBER_AREA_LAST_USED, &value))
        return;
    uint64_t at = member_address(check, area, MEMBER_AREA_LAST_USED);
    if (value > area->table_bytes * 4) {
        damage_add(check, DAMAGE_AREA, false, at,
                   "area 0x%" PRIx64 ": gc_last_used_block is %" PRIu64 " of %" PRIu64 " blocks",
                   area->address, value, area->table_bytes * 4);
    } else if (used > value) {
        struct finding *finding =
            damage_add(check, DAMAGE_AREA, check->is_collecting || check->worker->may_allocate, at,
                       "area 0x%" PRIx64 ": gc_last_used_block is %" PRIu64 ", but block %" PRIu64
                       " at 0x%" PRIx64 " is in use",
                       area->address, value, used, area->pool_start + used * block_bytes);
        finding_explain(finding, "collections stop there: it was overwritten, or that block's "
                                 "bits in the allocation table were");
    }
}

void check_areas(struct check *check)
{
    const struct heap *heap = check->objects->heap;

    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);

        check->areas++;
        check->blocks += area->block_count;
        check_next(check, i);
        check_form(check, area);
        check_gap(check, area);
        check_last_free(check, area);
        check_last_used(check, area);
    }
}
