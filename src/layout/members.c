// SPDX-License-Identifier: MIT
#include "layout/members.h"

#include <string.h>

#include "layout/era.h"

// One row a member: where debug information may have it, by path from
// mp_state_ctx_t, newest era first. py/mpstate.h of v1.8 to v1.28.
static const struct {
    const char *name;
    bool is_required;
    const char *paths[3];
} rows[MEMBER_COUNT] = {
    [MEMBER_STACK_TOP] = {"stack_top", false, {"thread.stack_top", "vm.stack_top"}},
    [MEMBER_STACK_LIMIT] = {"stack_limit", false, {"thread.stack_limit", "vm.stack_limit"}},
    [MEMBER_LOCK_DEPTH] = {"gc_lock_depth", false, {"thread.gc_lock_depth", "mem.gc_lock_depth"}},
    [MEMBER_DICT_LOCALS] = {"dict_locals", false, {"thread.dict_locals", "dict_locals"}},
    [MEMBER_LAST_POOL] = {"last_pool", false, {"vm.last_pool"}},
    [MEMBER_OVERFLOW] = {"gc_stack_overflow", false, {"mem.gc_stack_overflow"}},
    [MEMBER_AUTO_COLLECT] = {"gc_auto_collect_enabled", false, {"mem.gc_auto_collect_enabled"}},
    [MEMBER_PENDING] = {"mp_pending_exception",
                        false,
                        {"thread.mp_pending_exception", "vm.mp_pending_exception"}},
    [MEMBER_SCHED_STATE] = {"sched_state", false, {"vm.sched_state"}},
    [MEMBER_SCHED_LEN] = {"sched_len", false, {"vm.sched_len", "vm.sched_sp"}},
    [MEMBER_SCHED_QUEUE] = {"sched_queue", false, {"vm.sched_queue", "vm.sched_stack"}},
    [MEMBER_AREA_NEXT] = {"area.next", false, {"mem.area.next"}},
    [MEMBER_AREA_TABLE] = {"area.gc_alloc_table_start",
                           true,
                           {"mem.area.gc_alloc_table_start", "mem.gc_alloc_table_start"}},
    [MEMBER_AREA_TABLE_BYTES] = {"area.gc_alloc_table_byte_len",
                                 true,
                                 {"mem.area.gc_alloc_table_byte_len",
                                  "mem.gc_alloc_table_byte_len"}},
    [MEMBER_AREA_FINALISERS] = {"area.gc_finaliser_table_start",
                                false,
                                {"mem.area.gc_finaliser_table_start",
                                 "mem.gc_finaliser_table_start"}},
    // CircuitPython 10's selective collection has a table of the same shape there.
    [MEMBER_AREA_WEAKREFS] = {"area.gc_weakref_table_start",
                              false,
                              {"mem.area.gc_weakref_table_start",
                               "mem.area.gc_collect_table_start"}},
    [MEMBER_AREA_POOL_START] = {"area.gc_pool_start",
                                true,
                                {"mem.area.gc_pool_start", "mem.gc_pool_start"}},
    [MEMBER_AREA_POOL_END] = {"area.gc_pool_end",
                              true,
                              {"mem.area.gc_pool_end", "mem.gc_pool_end"}},
    [MEMBER_AREA_LAST_FREE] = {"area.gc_last_free_atb_index",
                               false,
                               {"mem.area.gc_last_free_atb_index"}},
    [MEMBER_AREA_LAST_USED] = {"area.gc_last_used_block", false, {"mem.area.gc_last_used_block"}},
};

const char *member_name(enum member member)
{
    return rows[member].name;
}

static bool is_area_member(enum member member)
{
    return member >= MEMBER_AREA_NEXT;
}

static bool find_by_paths(const struct dwarf *dwarf, enum member member, struct dwarf_member *ret)
{
    for (size_t i = 0; i < 3 && rows[member].paths[i]; i++)
        if (dwarf_find_member(dwarf, rows[member].paths[i], ret))
            return true;
    return false;
}

// Presence decides, never a version number.
static void era_from_members(struct layout *layout, const struct dwarf *dwarf)
{
    struct dwarf_member member;

    if (dwarf_find_member(dwarf, "mem.area.gc_last_used_block", &member))
        era_set(layout, ERA_1_21, HOW_DWARF, "1.21 or later");
    else if (dwarf_find_member(dwarf, "mem.area", &member))
        era_set(layout, ERA_1_20, HOW_DWARF, NULL);
    else if (dwarf_find_member(dwarf, "thread.gc_lock_depth", &member))
        era_set(layout, ERA_1_10, HOW_DWARF, "1.16 to 1.19");
    else
        era_set(layout, ERA_1_8_1, HOW_DWARF, "1.8 to 1.15");
}

int members_from_dwarf(struct layout *layout, const struct firmware *firmware,
                       struct mph_err *err)
{
    struct dwarf_member area = {0};

    // Up to v1.19 there is no area structure: its members begin with the table.
    if (!dwarf_find_member(firmware->dwarf, "mem.area", &area) &&
        !dwarf_find_member(firmware->dwarf, "mem.gc_alloc_table_start", &area))
        return mph_fail(err, MPH_ERR_NO_SYMBOL, "ELF: mp_state_ctx has no heap area (%s)",
                        firmware->path);
    for (enum member member = 0; member < MEMBER_COUNT; member++) {
        struct dwarf_member found;

        if (find_by_paths(firmware->dwarf, member, &found))
            layout->members[member] = (struct member_at){
                HOW_DWARF, found.offset - (is_area_member(member) ? area.offset : 0),
                found.size <= UINT8_MAX ? (uint8_t)found.size : 0};
        else if (rows[member].is_required)
            return mph_fail(err, MPH_ERR_NO_SYMBOL, "ELF: mp_state_ctx has no %s (%s)",
                            rows[member].name, firmware->path);
    }
    layout->area = layout->ctx + (uint64_t)area.offset;
    layout->area_how = HOW_DWARF;
    era_from_members(layout, firmware->dwarf);
    return 0;
}

// --- measured ---

static void put(struct layout *layout, enum member member, enum how how, int64_t offset,
                size_t size)
{
    layout->members[member] = (struct member_at){how, offset, (uint8_t)size};
}

static bool read_at(struct layout *layout, struct target *target, int64_t offset, uint64_t *ret)
{
    return layout_read_word(layout, target, layout->ctx + (uint64_t)offset, ret, NULL) == 0;
}

// gc_stack_overflow is an int: right behind pool_end up to v1.19, behind the area's
// last member after that. After v1.28 (5f2181f938) a split heap has the bounds of
// its pools in between, and no address is a flag.
static void put_overflow(struct layout *layout, struct target *target, bool is_split)
{
    int64_t word = layout->word_bytes;
    int words = layout->era >= ERA_1_21 ? 2 : layout->era >= ERA_1_20 ? 1 : 0;
    int64_t end = (int64_t)(layout->area - layout->ctx) +
                  layout->members[MEMBER_AREA_POOL_END].offset + word * (1 + words);
    uint64_t value;

    if (is_split && read_at(layout, target, end, &value) && value > 1)
        end += 2 * word;
    put(layout, MEMBER_OVERFLOW, HOW_ERA, end, 4);
}

void members_from_area(struct layout *layout, struct target *target,
                       const struct area_match *area, bool is_split)
{
    int64_t word = layout->word_bytes, at = 0;

    layout->area = area->address - (is_split ? layout->word_bytes : 0);
    layout->area_how = HOW_MEASURED;
    if (is_split) {
        put(layout, MEMBER_AREA_NEXT, HOW_MEASURED, 0, layout->word_bytes);
        at += word;
    }
    put(layout, MEMBER_AREA_TABLE, HOW_MEASURED, at, layout->word_bytes);
    put(layout, MEMBER_AREA_TABLE_BYTES, HOW_MEASURED, at += word, layout->word_bytes);
    if (area->tables > 0)
        put(layout, MEMBER_AREA_FINALISERS, HOW_MEASURED, at += word, layout->word_bytes);
    if (area->tables > 1)
        put(layout, MEMBER_AREA_WEAKREFS, HOW_MEASURED, at += word, layout->word_bytes);
    put(layout, MEMBER_AREA_POOL_START, HOW_MEASURED, at += word, layout->word_bytes);
    put(layout, MEMBER_AREA_POOL_END, HOW_MEASURED, at += word, layout->word_bytes);
    if (layout->era >= ERA_1_20)
        put(layout, MEMBER_AREA_LAST_FREE, HOW_ERA, at += word, layout->word_bytes);
    if (layout->era >= ERA_1_21)
        put(layout, MEMBER_AREA_LAST_USED, HOW_ERA, at + word, layout->word_bytes);
    if (layout->era != ERA_UNKNOWN && layout->ctx)
        put_overflow(layout, target, is_split);
}

// --- anchored ---

// A stack grows down to `limit` bytes below `top`: top is an address in the RAM
// that also holds the heap structures (or, in a process, anywhere in its memory),
// limit a size that fits below it.
static bool is_stack(const struct layout *layout, struct target *target, uint64_t top,
                     uint64_t limit)
{
    uint64_t near = 16u << 20, word;
    uint64_t distance = top > layout->area ? top - layout->area : layout->area - top;
    bool is_memory = distance < near ||
                     (!target->link.ops && top > layout->word_bytes &&
                      layout_read_word(layout, target, top - layout->word_bytes, &word, NULL) == 0);

    return top % 4 == 0 && is_memory && limit > 0 && limit < near && limit < top;
}

// Try stack_top and stack_limit at offsets from ctx; keep them if they make a stack.
static bool try_stack(struct layout *layout, struct target *target, int64_t top_at,
                      int64_t limit_at)
{
    uint64_t top, limit;

    if (!read_at(layout, target, top_at, &top) || !read_at(layout, target, limit_at, &limit) ||
        !is_stack(layout, target, top, limit))
        return false;
    put(layout, MEMBER_STACK_TOP, HOW_ERA, top_at, layout->word_bytes);
    put(layout, MEMBER_STACK_LIMIT, HOW_ERA, limit_at, layout->word_bytes);
    return true;
}

// MICROPY_ENABLE_PYSTACK puts three words, start, end and current, between the
// stack's fields and gc_lock_depth.
static bool has_pystack(struct layout *layout, struct target *target, int64_t lock_depth)
{
    int64_t word = layout->word_bytes;
    uint64_t start, end, current;

    return read_at(layout, target, lock_depth - 3 * word, &start) &&
           read_at(layout, target, lock_depth - 2 * word, &end) &&
           read_at(layout, target, lock_depth - word, &current) && start >= 0x100 &&
           start <= current && current <= end && start < end && end - start < 1 << 20;
}

// Sections 1.2 and 1.4 of docs/heap-format.md: the thread's fields before
// dict_locals (v1.10 on), or behind nlr_top (v1.8.2 to v1.9.4).
static void find_stack(struct layout *layout, struct target *target, int64_t dict_locals,
                       size_t dicts_back)
{
    int64_t word = layout->word_bytes;

    if (layout->era <= ERA_1_8_1) {
        if (dicts_back >= 5)
            try_stack(layout, target, dict_locals + 3 * word, dict_locals + 4 * word);
        return;
    }
    // v1.16 has the lock depth, and the same distance as v1.10, which has not.
    if (dicts_back < 5 && try_stack(layout, target, dict_locals - 2 * word, dict_locals - word))
        return;

    int64_t lock_depth = dict_locals - word;
    int64_t end = lock_depth - (has_pystack(layout, target, lock_depth) ? 3 * word : 0);
    if (try_stack(layout, target, end - 2 * word, end - word) || dicts_back >= 5)
        put(layout, MEMBER_LOCK_DEPTH, HOW_ERA, lock_depth, 2);
}

// From v1.10 on mp_state_ctx begins with stack_top. Where that was not found the
// members' addresses are right, but what they are counted from is not its start.
static void settle_ctx(struct layout *layout)
{
    int64_t start = layout->members[MEMBER_STACK_TOP].offset;

    if (layout->ctx_how == HOW_SYMBOL || layout->era <= ERA_1_8_1)
        return;
    layout->ctx_how = layout->members[MEMBER_STACK_TOP].how ? HOW_MEASURED : HOW_UNKNOWN;
    layout->ctx += (uint64_t)start;
    for (enum member i = 0; start && i < MEMBER_AREA_NEXT; i++)
        layout->members[i].offset -= start;
}

void members_from_anchors(struct layout *layout, struct target *target, size_t dicts_back)
{
    int64_t word = layout->word_bytes;

    // Without a symbol the context is counted from the first word that is known.
    if (!layout->ctx) {
        layout->ctx = layout->qstrs.holder - dicts_back * layout->word_bytes;
        layout->ctx_how = HOW_MEASURED;
        if (layout->era > ERA_1_8_1)
            layout->ctx -= (dicts_back >= 5 ? 3u : 2u) * layout->word_bytes;
    }
    int64_t last_pool = (int64_t)(layout->qstrs.holder - layout->ctx);
    int64_t dict_locals = last_pool - (int64_t)dicts_back * word;

    put(layout, MEMBER_LAST_POOL, HOW_MEASURED, last_pool, layout->word_bytes);
    put(layout, MEMBER_DICT_LOCALS, HOW_MEASURED, dict_locals, layout->word_bytes);
    find_stack(layout, target, dict_locals, dicts_back);
    settle_ctx(layout);
}

void members_from_pools(struct layout *layout, size_t dicts_back)
{
    int64_t last_pool = (int64_t)(layout->qstrs.holder - layout->ctx);
    int64_t dict_locals = last_pool - (int64_t)(dicts_back * layout->word_bytes);

    if (layout->members[MEMBER_LAST_POOL].how == HOW_ERA)
        put(layout, MEMBER_LAST_POOL, HOW_MEASURED, last_pool, layout->word_bytes);
    if (layout->members[MEMBER_DICT_LOCALS].how == HOW_ERA && dicts_back)
        put(layout, MEMBER_DICT_LOCALS, HOW_MEASURED, dict_locals, layout->word_bytes);
}

// --- the lock depth behind the mark stack ---

// Up to v1.15 gc_lock_depth lies behind the mark stack, whose length is a build's own
// choice (MICROPY_ALLOC_GC_STACK_SIZE): 64 by default, 32 on nrf, 128 on some.
static const uint16_t mark_stack_entries[] = {64, 32, 128, 16, 256};

// Two 16-bit members, the lock depth and gc_auto_collect_enabled, which is 1 but in
// programs that switch collections off.
static bool is_lock(const struct layout *layout, struct target *target, int64_t offset)
{
    uint64_t at = layout->ctx + (uint64_t)offset, depth, is_enabled;

    return target_read_uint(target, at, 2, &depth, NULL) == 0 && depth < 256 &&
           target_read_uint(target, at + 2, 2, &is_enabled, NULL) == 0 && is_enabled == 1;
}

// Up to v1.9.3 gc_sp comes first, which points into the mark stack once a
// collection has run, and is 0 before.
static bool is_mark_pointer(struct layout *layout, struct target *target, int64_t stack,
                            int64_t end)
{
    uint64_t sp;

    return read_at(layout, target, end, &sp) &&
           (!sp || (sp >= layout->ctx + (uint64_t)stack && sp <= layout->ctx + (uint64_t)end));
}

void members_find_lock(struct layout *layout, struct target *target)
{
    const struct member_at *overflow = &layout->members[MEMBER_OVERFLOW];
    int64_t found = 0;
    int matches = 0;

    if (layout->members[MEMBER_LOCK_DEPTH].how || !overflow->how || layout->era >= ERA_1_19)
        return;
    int64_t stack = overflow->offset + layout->word_bytes;
    for (size_t i = 0; i < sizeof mark_stack_entries / sizeof *mark_stack_entries; i++) {
        int64_t end = stack + mark_stack_entries[i] * layout->word_bytes;

        if (!is_lock(layout, target, end) && is_mark_pointer(layout, target, stack, end))
            end += layout->word_bytes;
        if (is_lock(layout, target, end)) {
            found = end;
            matches++;
        }
    }
    if (matches != 1)
        return;
    put(layout, MEMBER_LOCK_DEPTH, HOW_MEASURED, found, 2);
    put(layout, MEMBER_AUTO_COLLECT, HOW_MEASURED, found + 2, 2);
}

// --- the eras table ---

// Offsets from mp_state_ctx in words; -1: not there. py/mpstate.h of the first
// release of each row, with MICROPY_STACK_CHECK and neither PYSTACK nor SETTRACE.
static const struct {
    int since; // major * 10000 + minor * 100 + patch
    int8_t stack_top, stack_limit, lock_depth, dict_locals, last_pool;
} eras[] = {
    {12100, 0, 1, 2, 3, 9},  {11700, 0, 1, 2, 3, 8},   {11600, 0, 1, 2, 3, 6},
    {11000, 0, 1, -1, 2, 5}, {10802, 3, 4, -1, 0, 5},  {10800, -1, -1, -1, 0, 3},
};

static void put_words(struct layout *layout, enum member member, int words, size_t size)
{
    if (words >= 0)
        put(layout, member, HOW_ERA, (int64_t)words * layout->word_bytes, size);
}

void members_from_version(struct layout *layout, struct target *target)
{
    size_t i = 0, count = sizeof eras / sizeof *eras;

    while (i < count && layout->version_number < eras[i].since)
        i++;
    if (i == count)
        return;
    put_words(layout, MEMBER_DICT_LOCALS, eras[i].dict_locals, layout->word_bytes);
    put_words(layout, MEMBER_LAST_POOL, eras[i].last_pool, layout->word_bytes);
    if (eras[i].stack_top >= 0 &&
        try_stack(layout, target, eras[i].stack_top * layout->word_bytes,
                  eras[i].stack_limit * layout->word_bytes))
        put_words(layout, MEMBER_LOCK_DEPTH, eras[i].lock_depth, 2);
}
