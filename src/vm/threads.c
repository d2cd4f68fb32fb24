// SPDX-License-Identifier: MIT
#include "vm/threads.h"

#include <string.h>

#include "elf/symbols.h"

// --- how many ---

enum { THREADS_MAX = 256 };

static bool find_symbol(const struct objects *objects, const char *name, uint64_t *ret)
{
    const struct symbol *symbol = objects->symbols ? symbols_find(objects->symbols, name) : NULL;

    if (symbol)
        *ret = symbol->address;
    return symbol;
}

// The word that a symbol is the name of.
static bool read_symbol(const struct objects *objects, const char *name, uint64_t *ret)
{
    uint64_t address;

    return find_symbol(objects, name, &address) && objects_word(objects, address, ret);
}

// The nodes of a list whose members `next` are so many words into them. With `last` it must
// be the last one. False when the list does not end.
static bool count_nodes(const struct objects *objects, uint64_t node, unsigned next, uint64_t last,
                        unsigned *ret)
{
    unsigned count = 0;

    for (uint64_t at = node; at; count++) {
        uint64_t address = at + next * objects->word;

        if (count == THREADS_MAX || at % objects->word || !objects_word(objects, address, &at))
            return false;
        if (!at && last && address != last + next * objects->word)
            return false;
    }
    *ret = count;
    return count > 0;
}

// ports/stm32/pybthread.h and ports/renesas-ra/pybthread.h pyb_thread_t, all releases.
enum { PYB_NEXT = 6 };

// ports/unix/mpthreadport.c: id, ready, arg, next; all releases.
enum { UNIX_NEXT = 3 };

// FreeRTOS's ports and zephyr have the main thread's node, which is the list's last, in
// `thread_entry0`. Before `next` lie five words (ports/esp32/mpthreadport.c), six
// (up to v1.11), or Zephyr's thread structure and some.
enum { ENTRY_NEXT_FIRST = 5, ENTRY_NEXT_END = 128 };

static bool count_to_entry0(const struct objects *objects, uint64_t first, uint64_t entry0,
                            unsigned *ret)
{
    if (first == entry0) {
        *ret = 1;
        return true;
    }
    for (unsigned next = ENTRY_NEXT_FIRST; next < ENTRY_NEXT_END; next++)
        if (count_nodes(objects, first, next, entry0, ret))
            return true;
    return false;
}

// ports/rp2/mpthreadport.c, since v1.15: null as long as the second core executes no Python.
static bool count_core1(const struct objects *objects, unsigned *ret)
{
    uint64_t entry;

    if (!read_symbol(objects, "core1_entry", &entry))
        return false;
    *ret = entry != 0;
    return true;
}

// All nodes of the list that a symbol leads to.
static bool count_list(const struct objects *objects, unsigned *ret)
{
    uint64_t first, symbol;

    if (read_symbol(objects, "pyb_thread_all", &first))
        return count_nodes(objects, first, PYB_NEXT, 0, ret);
    if (!read_symbol(objects, "thread", &first) ||
        !find_symbol(objects, "mp_thread_create", &symbol)) // another's variable
        return false;
    return find_symbol(objects, "thread_entry0", &symbol)
               ? count_to_entry0(objects, first, symbol, ret)
               : count_nodes(objects, first, UNIX_NEXT, 0, ret);
}

bool threads_count_others(const struct objects *objects, unsigned *ret)
{
    unsigned count;

    if (count_core1(objects, ret))
        return true;
    if (!count_list(objects, &count))
        return false;
    *ret = count - 1;
    return true;
}

// --- the thread that is executed ---

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
static bool state_at(const struct objects *objects, uint64_t sp, uint64_t address,
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

bool threads_find_stack(const struct objects *objects, struct stack_bounds *ret)
{
    uint64_t bytes = objects->target->link.ops ? SEARCH_LINK_BYTES : SEARCH_DUMP_BYTES, sp, end;

    if (!has_thread_members(objects->layout) || !regs_sp(&objects->target->regs, &sp) ||
        sp % objects->word)
        return false;
    if (!layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &end) || end < sp)
        end = UINT64_MAX;
    if (bytes > end - sp)
        bytes = end - sp;
    for (uint64_t done = 0; done < bytes; done += objects->word) {
        uint64_t word;

        if (done % SEARCH_STEP == 0)
            target_fetch(objects->target, &(struct range){sp + done, SEARCH_STEP}, 1, NULL);
        if (!objects_word(objects, sp + done, &word))
            return false;
        if (state_at(objects, sp, sp + done, ret))
            return true;
    }
    return false;
}
