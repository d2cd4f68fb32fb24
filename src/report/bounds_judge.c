// SPDX-License-Identifier: MIT
// Verdicts about the heap itself, and the order of all verdicts.
#include <inttypes.h>
#include <stdlib.h>

#include "report/bounds.h"
#include "target/chip.h"

// --- the linker's bounds and the board's ---

static void judge_inverted(struct bounds *bounds, const struct bounds_pair *pair)
{
    if (!pair->has_start || !pair->has_end || pair->end > pair->start)
        return;
    verdict_add(bounds, VERDICT_WRONG, 0,
                "%s = 0x%08" PRIX64 " does not lie above %s = 0x%08" PRIX64, pair->end_name,
                pair->end, pair->start_name, pair->start);
}

// What one side of a pair says, beside where the live heap has it.
static void judge_start(struct bounds *bounds, const struct bounds_area *area)
{
    const struct bounds_pair *pair = &bounds->heap;

    if (area->whole.first > pair->start)
        verdict_add(bounds, VERDICT_UNUSED, area->whole.first - pair->start,
                    "the heap begins at 0x%08" PRIX64 ", %" PRIu64 " bytes above %s",
                    area->whole.first, area->whole.first - pair->start, pair->start_name);
    else if (area->whole.first < pair->start)
        verdict_add(bounds, VERDICT_WRONG, pair->start - area->whole.first,
                    "the heap begins at 0x%08" PRIX64 ", %" PRIu64 " bytes below %s",
                    area->whole.first, pair->start - area->whole.first, pair->start_name);
}

// gc_init rounds the end down to a whole block.
static void judge_end(struct bounds *bounds, const struct bounds_area *area)
{
    const struct bounds_pair *pair = &bounds->heap;
    uint64_t last = pair->end - 1;

    if (area->whole.last > last)
        verdict_add(bounds, VERDICT_WRONG, area->whole.last - last,
                    "the heap ends %" PRIu64 " bytes above %s = 0x%08" PRIX64,
                    area->whole.last - last, pair->end_name, pair->end);
    else if (last - area->whole.last >= area->block_bytes)
        verdict_add(bounds, VERDICT_UNUSED, last - area->whole.last,
                    "the heap ends %" PRIu64 " bytes below %s = 0x%08" PRIX64
                    ": gc_init was given less than the linker has",
                    last - area->whole.last, pair->end_name, pair->end);
}

static bool agrees(const struct bounds_pair *pair, const struct bounds_area *area)
{
    uint64_t last = pair->end - 1;

    return area->whole.first == pair->start && area->whole.last <= last &&
           last - area->whole.last < area->block_bytes;
}

static void judge_array(struct bounds *bounds, const struct bounds_area *area)
{
    const struct bounds_pair *pair = &bounds->heap;
    uint64_t size = pair->end - pair->start;

    if (agrees(pair, area))
        verdict_add(bounds, VERDICT_RIGHT, 0, "the heap is the static array %s, %" PRIu64 " bytes",
                    pair->start_name, size);
    else
        verdict_add(bounds, VERDICT_RIGHT, 0,
                    "the heap lies in the static array %s, %" PRIu64 " bytes", pair->start_name,
                    size);
}

// Boards with SDRAM or PSRAM give gc_init that instead.
static void judge_outside(struct bounds *bounds, const struct bounds_area *area)
{
    const struct bounds_pair *pair = &bounds->heap;

    if (chip_may_extend(area->whole.first))
        verdict_add(bounds, VERDICT_UNSURE, pair->end - pair->start,
                    "the heap at 0x%08" PRIX64 " is in memory outside of the chip; the %" PRIu64
                    " bytes of %s..%s, which the linker gives it, are no heap",
                    area->whole.first, pair->end - pair->start, pair->start_name, pair->end_name);
    else
        verdict_add(bounds, VERDICT_WRONG, extent_bytes(area->whole),
                    "the heap at 0x%08" PRIX64 " lies outside of %s..%s, which the linker gives it",
                    area->whole.first, pair->start_name, pair->end_name);
}

static void judge_agreement(struct bounds *bounds)
{
    const struct bounds_pair *pair = &bounds->heap;
    struct extent linkers, common;

    if (!bounds->areas.len || !pair->has_start || !pair->has_end ||
        !extent_between(&linkers, pair->start, pair->end))
        return;
    const struct bounds_area *area = bounds_area_in(bounds, linkers);
    if (!extent_common(linkers, area->whole, &common)) {
        judge_outside(bounds, area);
        return;
    }
    if (pair->is_array)
        judge_array(bounds, area);
    else if (agrees(pair, area))
        verdict_add(bounds, VERDICT_RIGHT, 0, "the heap is what the linker gives it, %s..%s%s",
                    pair->start_name, pair->end_name,
                    pair->is_unlisted ? " (symbols found by their values)" : "");
    if (!agrees(pair, area)) {
        judge_start(bounds, area);
        judge_end(bounds, area);
    }
}

// A heap that malloc gave has no symbol to hold it to.
static void judge_symbols(struct bounds *bounds)
{
    const struct bounds_pair *pair = &bounds->heap;

    if (pair->has_start && pair->has_end) {
        if (!bounds->is_live && pair->end > pair->start)
            verdict_add(bounds, VERDICT_RIGHT, 0, "the linker gives the heap %" PRIu64 " bytes",
                        pair->end - pair->start);
        return;
    }
    if (!bounds->has_linker)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "no ELF: what the linker gives heap and stack is not known (--elf)");
    else if (bounds->areas.len)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "no symbol bounds the heap: it is from malloc, or its bounds are numbers "
                    "in the source");
    else
        verdict_add(bounds, VERDICT_UNSURE, 0, "the ELF has no symbols that bound a heap");
}

// --- what gc_init made of its range ---

static void judge_areas(struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->areas.len; i++) {
        const struct bounds_area *area = vec_at(&bounds->areas, i);

        verdict_add(bounds, VERDICT_RIGHT, 0,
                    "area %zu: of %" PRIu64 " bytes, %" PRIu64 " are pool, %" PRIu64
                    " tables and %" PRIu64 " rounding",
                    i, extent_bytes(area->whole), area->pool_bytes, area->table_bytes,
                    area->slack_bytes);
    }
    if (bounds->is_live && !bounds->areas.len)
        verdict_add(bounds, VERDICT_UNSURE, 0, "no live heap: %s", bounds->no_heap);
}

// --- heap and variables ---

static void judge_variables(struct bounds *bounds, struct extent heap)
{
    for (size_t i = 0; i < bounds->sections.len; i++) {
        const struct named_extent *section = vec_at(&bounds->sections, i);
        struct extent common;

        // An array in C lies in a section, as does a heap whose array has no symbol.
        if (!extent_common(heap, section->extent, &common) || extent_covers(section->extent, heap))
            continue;
        verdict_add(bounds, VERDICT_WRONG, extent_bytes(common),
                    "heap and %s overlap by %" PRIu64 " bytes at 0x%08" PRIX64, section->name,
                    extent_bytes(common), common.first);
    }
}

static void judge_all_variables(struct bounds *bounds)
{
    struct extent heap;

    for (size_t i = 0; i < bounds->areas.len; i++)
        judge_variables(bounds, ((const struct bounds_area *)vec_at(&bounds->areas, i))->whole);
    if (!bounds->areas.len && bounds_heap(bounds, &heap))
        judge_variables(bounds, heap);
}

void bounds_judge_heap(struct bounds *bounds)
{
    judge_inverted(bounds, &bounds->heap);
    judge_agreement(bounds);
    judge_symbols(bounds);
    judge_areas(bounds);
    judge_all_variables(bounds);
}

// --- all verdicts ---

static int compare(const void *left, const void *right)
{
    const struct verdict *a = left, *b = right;

    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

// What is unused, but less than anybody asked about, is as it should be.
static void apply_slack(struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->verdicts.len; i++) {
        struct verdict *verdict = vec_at(&bounds->verdicts, i);

        if ((verdict->level == VERDICT_UNUSED || verdict->level == VERDICT_SPARE) &&
            verdict->bytes < bounds->slack) {
            verdict->level = VERDICT_RIGHT;
            verdict->change[0] = '\0';
        }
    }
}

int bounds_judge(struct bounds *bounds, struct mph_err *err)
{
    bounds_judge_heap(bounds);
    bounds_judge_stack(bounds);
    bounds_judge_ram(bounds);
    bounds_judge_mpu(bounds);
    int rc = bounds_lay_out(bounds, err);

    if (rc < 0)
        return rc;
    apply_slack(bounds);
    if (bounds->verdicts.len)
        qsort(bounds->verdicts.data, bounds->verdicts.len, sizeof(struct verdict), compare);
    return 0;
}

bool bounds_are_wrong(const struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->verdicts.len; i++)
        if (((const struct verdict *)vec_at(&bounds->verdicts, i))->level <= VERDICT_UNUSED)
            return true;
    return false;
}
