// SPDX-License-Identifier: MIT
#include "vm/thread_state.h"

#include <string.h>

// How far above the stack pointer the state may be. Threads of small boards have stacks of
// some kilobytes, and what a link reads costs; dumps may be of larger ones.
enum { SEARCH_LINK_BYTES = 16 * 1024, SEARCH_DUMP_BYTES = 1024 * 1024, SEARCH_STEP = 1024 };

// Of mp_state_thread_t, which is all that lies between its start and stack_top
// (py/modthread.c thread_entry, mp_thread_init_state).
enum { STATE_BYTES_MAX = 512 };

static bool is_dict(const struct objects *objects, uint64_t address)
{
    struct object object;

    return address % objects->word == 0 && objects_get(objects, address, &object) && object.kind &&
           !strcmp(object.kind->name, "dict");
}

// stack_limit is what a thread's stack may hold, less some room (MICROPY_STACK_CHECK_MARGIN
// and what ports subtract for interrupts).
enum { STACK_MARGIN = 4096 };

static bool is_within_limit(const struct objects *objects, uint64_t address, uint64_t used)
{
    const struct member_at *limit = &objects->layout->members[MEMBER_STACK_LIMIT];
    uint64_t bytes;

    return !limit->how || !objects_word(objects, address + (uint64_t)limit->offset, &bytes) ||
           used <= bytes + STACK_MARGIN;
}

static bool is_on_stack(const struct objects *objects, uint64_t address, uint64_t sp, uint64_t end)
{
    return address % objects->word == 0 && address >= sp && address < end;
}

// Whether a thread's state begins at an address: stack_top is its end, and dict_locals,
// dict_globals and nlr_top follow each other.
static bool is_state(const struct objects *objects, uint64_t sp, uint64_t address,
                     struct stack_bounds *ret)
{
    const struct member_at *members = objects->layout->members;
    uint64_t top, dict, innermost;
    uint64_t dicts = address + (uint64_t)members[MEMBER_DICT_LOCALS].offset;

    if (!objects_word(objects, address + (uint64_t)members[MEMBER_STACK_TOP].offset, &top) ||
        top <= address || top - address > STATE_BYTES_MAX || top % objects->word ||
        !is_within_limit(objects, address, top - sp))
        return false;
    if (!objects_word(objects, dicts, &dict) || !is_dict(objects, dict) ||
        !objects_word(objects, dicts + objects->word, &dict) || !is_dict(objects, dict) ||
        !objects_word(objects, dicts + 2 * objects->word, &innermost) ||
        (innermost && !is_on_stack(objects, innermost, sp, top)))
        return false;
    *ret = (struct stack_bounds){sp, top, innermost};
    return true;
}

// From v1.9 on both members are in mp_state_ctx.thread, which comes first.
static bool has_thread_members(const struct layout *layout)
{
    return layout->members[MEMBER_STACK_TOP].how && layout->members[MEMBER_DICT_LOCALS].how &&
           layout->members[MEMBER_STACK_TOP].offset < STATE_BYTES_MAX &&
           layout->members[MEMBER_DICT_LOCALS].offset < STATE_BYTES_MAX &&
           (!layout->version_number || layout->version_number >= 10900);
}

bool thread_state_at(const struct objects *objects, uint64_t sp, uint64_t state,
                     struct stack_bounds *ret)
{
    return has_thread_members(objects->layout) && sp % objects->word == 0 &&
           state % objects->word == 0 && is_state(objects, sp, state, ret);
}

bool thread_state_main(const struct objects *objects, uint64_t sp, struct stack_bounds *ret)
{
    const struct layout *layout = objects->layout;
    uint64_t dicts = layout->ctx + (uint64_t)layout->members[MEMBER_DICT_LOCALS].offset;
    uint64_t top, innermost;

    if (!has_thread_members(layout) || sp % objects->word ||
        !layout_read_member(layout, objects->target, MEMBER_STACK_TOP, &top) || sp >= top ||
        !objects_word(objects, dicts + 2 * objects->word, &innermost) || innermost < sp)
        return false;
    *ret = (struct stack_bounds){sp, top, innermost};
    return true;
}

bool thread_state_search(const struct objects *objects, uint64_t sp, uint64_t end,
                         struct stack_bounds *ret)
{
    uint64_t bytes = objects->target->link.ops ? SEARCH_LINK_BYTES : SEARCH_DUMP_BYTES;

    if (!has_thread_members(objects->layout) || sp % objects->word || end < sp)
        return false;
    if (bytes > end - sp)
        bytes = end - sp;
    for (uint64_t done = 0; done < bytes; done += objects->word) {
        uint64_t word;

        if (done % SEARCH_STEP == 0)
            target_fetch(objects->target, &(struct range){sp + done, SEARCH_STEP}, 1, NULL);
        if (!objects_word(objects, sp + done, &word))
            return false;
        if (is_state(objects, sp, sp + done, ret))
            return true;
    }
    return false;
}

bool thread_state_find(const struct objects *objects, struct stack_bounds *ret)
{
    uint64_t sp, end;

    if (!regs_sp(&objects->target->regs, &sp))
        return false;
    if (!layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &end) || end < sp)
        end = UINT64_MAX;
    return thread_state_search(objects, sp, end, ret);
}
