// SPDX-License-Identifier: MIT
// The table: everything in rising order, with the gaps in the RAM between them, and what the
// gaps would be good for.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/bounds.h"

enum { TOUCHING = 64 }; // bytes of alignment between neighbours

// --- rows ---

static int add_row(struct bounds *bounds, enum row_kind kind, struct extent extent, bool is_point,
                   const char *name, struct mph_err *err)
{
    struct bounds_row *row = vec_add(&bounds->rows);

    if (!row)
        return mph_fail_no_memory(err);
    *row = (struct bounds_row){.kind = kind, .extent = extent, .is_point = is_point};
    snprintf(row->name, sizeof row->name, "%s", name);
    return 0;
}

static int add_list(struct bounds *bounds, enum row_kind kind, const struct vec *list,
                    bool is_point, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->len; i++) {
        const struct named_extent *one = vec_at(list, i);

        rc = add_row(bounds, kind, one->extent, is_point, one->name, err);
    }
    return rc;
}

static int add_heap(struct bounds *bounds, struct mph_err *err)
{
    struct extent heap;
    char name[2 * BOUNDS_NAME_MAX];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < bounds->areas.len; i++) {
        const struct bounds_area *area = vec_at(&bounds->areas, i);

        snprintf(name, sizeof name, "area %zu, tables and pool", i);
        rc = add_row(bounds, ROW_HEAP, area->whole, false, name, err);
    }
    if (bounds->areas.len || !bounds_heap(bounds, &heap))
        return rc;
    snprintf(name, sizeof name, "%.60s%s%.60s", bounds->heap.start_name,
             bounds->heap.is_array ? "" : "..", bounds->heap.is_array ? "" : bounds->heap.end_name);
    return add_row(bounds, ROW_HEAP, heap, false, name, err);
}

static int add_banks(struct bounds *bounds, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < bounds->banks.len; i++) {
        const struct bounds_bank *bank = vec_at(&bounds->banks, i);

        rc = add_row(bounds, ROW_RAM, bank->extent, false, bank->name, err);
    }
    return rc;
}

// Code and constants matter where they take RAM away.
static int add_constants(struct bounds *bounds, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < bounds->constants.len; i++) {
        const struct named_extent *one = vec_at(&bounds->constants, i);

        if (bounds_bank_at(bounds, one->extent.first))
            rc = add_row(bounds, ROW_SECTION, one->extent, false, one->name, err);
    }
    return rc;
}

static int add_protected(struct bounds *bounds, struct mph_err *err)
{
    struct vec list = VEC_OF(struct named_extent);
    int rc = bounds_list_protected(bounds, &list, err);

    if (rc == 0)
        rc = add_list(bounds, ROW_MPU, &list, false, err);
    vec_deinit(&list);
    return rc;
}

static int add_facts(struct bounds *bounds, struct mph_err *err)
{
    struct extent stack;
    int rc = add_banks(bounds, err);

    if (rc == 0)
        rc = add_list(bounds, ROW_REGION, &bounds->regions, false, err);
    if (rc == 0)
        rc = add_list(bounds, ROW_SECTION, &bounds->sections, false, err);
    if (rc == 0)
        rc = add_constants(bounds, err);
    if (rc == 0)
        rc = add_list(bounds, ROW_RESERVED, &bounds->reserved, false, err);
    if (rc == 0)
        rc = add_protected(bounds, err);
    if (rc == 0)
        rc = add_heap(bounds, err);
    if (rc == 0 && bounds_stack(bounds, &stack))
        rc = add_row(bounds, ROW_STACK, stack, false,
                     bounds->stack.has_start ? "as the linker has it" : "room kept for it", err);
    if (rc == 0)
        rc = add_list(bounds, ROW_SYMBOL, &bounds->symbols, true, err);
    return rc == 0 ? add_list(bounds, ROW_LIVE, &bounds->registers, true, err) : rc;
}

static int compare(const void *left, const void *right)
{
    const struct bounds_row *a = left, *b = right;

    if (a->extent.first != b->extent.first)
        return a->extent.first < b->extent.first ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->extent.last > b->extent.last ? -1 : a->extent.last < b->extent.last;
}

static void sort_rows(struct bounds *bounds)
{
    if (bounds->rows.len)
        qsort(bounds->rows.data, bounds->rows.len, sizeof(struct bounds_row), compare);
}

// --- gaps ---

static bool is_user(const struct bounds_row *row)
{
    return row->kind == ROW_SECTION || row->kind == ROW_RESERVED || row->kind == ROW_HEAP ||
           row->kind == ROW_STACK;
}

static bool touches(uint64_t end, uint64_t start)
{
    return end <= start && start - end < TOUCHING;
}

// What would give the heap a gap, in the words of a linker script. `limit` is the address
// behind the gap's last, which is below 2^64 where a heap could follow.
static void advise(struct bounds *bounds, struct extent gap)
{
    const struct bounds_pair *pair = &bounds->heap;
    uint64_t bytes = extent_bytes(gap), limit = gap.last + 1;
    struct extent heap, stack;

    if (!bounds_heap(bounds, &heap) || gap.last == UINT64_MAX || heap.last == UINT64_MAX)
        return;
    bool is_above = touches(heap.last + 1, gap.first);
    bool has_stack = bounds_stack(bounds, &stack);
    if (is_above && pair->is_array)
        verdict_change(bounds, "%s could have 0x%" PRIX64 " bytes more", pair->start_name, bytes);
    else if (is_above && pair->has_end)
        verdict_change(bounds, "%s = 0x%08" PRIX64 " would give the heap 0x%" PRIX64 " bytes more",
                       pair->end_name, limit, bytes);
    else if (is_above)
        verdict_change(bounds, "a heap up to 0x%08" PRIX64 " would have 0x%" PRIX64 " bytes more",
                       limit, bytes);
    else if (touches(limit, heap.first) && pair->has_start && !pair->is_array)
        verdict_change(bounds, "%s = 0x%08" PRIX64 " would give the heap 0x%" PRIX64 " bytes more",
                       pair->start_name, gap.first, bytes);
    else if (has_stack && touches(stack.last + 1, gap.first) && touches(heap.last + 1, stack.first))
        verdict_change(bounds,
                       "a stack that begins at 0x%08" PRIX64 " and %s = 0x%08" PRIX64
                       " would give the heap 0x%" PRIX64 " bytes more",
                       limit, pair->has_end ? pair->end_name : "a heap end", heap.last + 1 + bytes,
                       bytes);
}

static const char *neighbour_name(const struct bounds_row *row)
{
    return !row                     ? NULL
           : row->kind == ROW_HEAP  ? "the heap"
           : row->kind == ROW_STACK ? "the stack"
                                    : row->name;
}

// Whether gaps are memory that nobody uses. Of a program without an ELF they may be its
// variables; where malloc gives out memory, they are malloc's.
static bool are_gaps_known(const struct bounds *bounds)
{
    return bounds->has_linker && bounds->heap.has_start && bounds->heap.has_end;
}

static bool holds_heap(const struct bounds *bounds, struct extent bank)
{
    struct extent heap, common;

    for (size_t i = 0; i < bounds->areas.len; i++)
        if (extent_common(bank, ((const struct bounds_area *)vec_at(&bounds->areas, i))->whole,
                          &common))
            return true;
    return !bounds->areas.len && bounds_heap(bounds, &heap) && extent_common(bank, heap, &common);
}

// Bytes of a gap that lie behind what the linker takes for the end of this RAM.
static uint64_t unknown_to_linker(const struct bounds *bounds, struct extent bank,
                                  struct extent gap)
{
    uint64_t end = bounds->ram.end;

    if (!bounds->ram.has_end || !end || !extent_has(bank, end - 1) || gap.last < end)
        return 0;
    return gap.last - (gap.first > end ? gap.first : end) + 1;
}

static void judge_gap(struct bounds *bounds, struct extent bank, struct extent gap,
                      const struct bounds_row *before, const struct bounds_row *after)
{
    uint64_t bytes = extent_bytes(gap), unknown = unknown_to_linker(bounds, bank, gap);
    bool is_known = are_gaps_known(bounds), is_main = holds_heap(bounds, bank);
    const char *below = neighbour_name(before), *above = neighbour_name(after);
    char behind[128] = "";

    if (unknown)
        snprintf(behind, sizeof behind, ", %" PRIu64 " of them behind %.60s", unknown,
                 bounds->ram.end_name);
    verdict_add(bounds,
                !is_known || bounds_are_assumed(bounds) ? VERDICT_UNSURE
                : is_main                               ? VERDICT_UNUSED
                                                        : VERDICT_SPARE,
                bytes, "%" PRIu64 " bytes at 0x%08" PRIX64 " between %s and %s: %s%s", bytes,
                gap.first, below ? below : "the start of RAM", above ? above : "the end of RAM",
                is_known ? "nothing uses them" : "what they hold is not known", behind);
    if (is_known && is_main)
        advise(bounds, gap);
}

static int add_gap(struct bounds *bounds, struct extent bank, struct extent gap,
                   const struct bounds_row *before, const struct bounds_row *after,
                   struct mph_err *err)
{
    if (extent_bytes(gap) < TOUCHING)
        return 0;
    if (extent_bytes(gap) >= bounds->slack || bounds->slack == 0)
        judge_gap(bounds, bank, gap, before, after);
    return add_row(bounds, ROW_GAP, gap, false, "", err);
}

// A bank that nothing is in.
static int add_spare(struct bounds *bounds, const struct named_extent *bank, struct mph_err *err)
{
    uint64_t bytes = extent_bytes(bank->extent);

    verdict_add(bounds, bounds->has_linker ? VERDICT_SPARE : VERDICT_UNSURE, bytes,
                "%s at 0x%08" PRIX64 ": %" PRIu64 " bytes that no heap and no section uses",
                bank->name, bank->extent.first, bytes);
    if (bank->extent.first) // an object at 0 would be NULL
        verdict_change(bounds, "gc_add would make them an area of the heap (DMA does not reach "
                               "every RAM)");
    return add_row(bounds, ROW_GAP, bank->extent, false, "", err);
}

// One piece of RAM from its start to its end. The rows of users are in rising order, and
// `users` of them are at the front of the vector, which grows.
static int sweep(struct bounds *bounds, const struct named_extent *bank, const struct vec *users,
                 struct mph_err *err)
{
    const struct bounds_row *before = NULL;
    uint64_t at = bank->extent.first;
    bool is_full = false;
    int rc = 0;

    for (size_t i = 0; rc == 0 && !is_full && i < users->len; i++) {
        const struct bounds_row *row = vec_at(users, i);
        struct extent common;

        if (!extent_common(row->extent, bank->extent, &common) || common.last < at)
            continue;
        if (common.first > at)
            rc = add_gap(bounds, bank->extent, (struct extent){at, common.first - 1}, before, row,
                         err);
        before = row;
        is_full = common.last >= bank->extent.last;
        at = is_full ? at : common.last + 1;
    }
    if (rc < 0 || is_full)
        return rc;
    return before ? add_gap(bounds, bank->extent, (struct extent){at, bank->extent.last}, before,
                            NULL, err)
                  : add_spare(bounds, bank, err);
}

// --- which RAM ---

// The chip's RAM; where nobody knows that, what the linker takes for it.
static int list_ram(const struct bounds *bounds, struct vec *ret, struct mph_err *err)
{
    enum ram_source trusted = bounds_trusted(bounds);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < bounds->banks.len; i++) {
        const struct bounds_bank *bank = vec_at(&bounds->banks, i);

        if (bank->source == trusted)
            rc = bounds_name(ret, bank->extent, err, "%s", bank->name);
    }
    for (size_t i = 0; rc == 0 && trusted == RAM_SOURCES && i < bounds->regions.len; i++) {
        const struct named_extent *region = vec_at(&bounds->regions, i);

        rc = bounds_name(ret, region->extent, err, "%s", region->name);
    }
    struct extent linkers;
    if (rc == 0 && !ret->len && bounds->ram.has_start && bounds->ram.has_end &&
        extent_between(&linkers, bounds->ram.start, bounds->ram.end))
        rc = bounds_name(ret, linkers, err, "%.40s..%.40s", bounds->ram.start_name,
                         bounds->ram.end_name);
    return rc;
}

static int list_users(const struct bounds *bounds, struct vec *ret, struct mph_err *err)
{
    for (size_t i = 0; i < bounds->rows.len; i++) {
        const struct bounds_row *row = vec_at(&bounds->rows, i);

        if (!is_user(row))
            continue;
        struct bounds_row *copy = vec_add(ret);
        if (!copy)
            return mph_fail_no_memory(err);
        *copy = *row;
    }
    return 0;
}

int bounds_lay_out(struct bounds *bounds, struct mph_err *err)
{
    struct vec ram = VEC_OF(struct named_extent), users = VEC_OF(struct bounds_row);
    int rc = add_facts(bounds, err);

    sort_rows(bounds);
    if (rc == 0)
        rc = list_users(bounds, &users, err);
    if (rc == 0)
        rc = list_ram(bounds, &ram, err);
    for (size_t i = 0; rc == 0 && i < ram.len; i++)
        rc = sweep(bounds, vec_at(&ram, i), &users, err);
    sort_rows(bounds);
    vec_deinit(&users);
    vec_deinit(&ram);
    return rc;
}
