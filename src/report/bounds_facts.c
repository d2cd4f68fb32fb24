// SPDX-License-Identifier: MIT
// The facts about bounds: keeping them, and what follows from them.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "report/bounds.h"

// Symbols and what the board says of the same stack differ by what was pushed before.
enum { STACK_TOP_SHIFT = 1024 };

void bounds_init(struct bounds *bounds)
{
    *bounds = (struct bounds){.slack = BOUNDS_SLACK,
                              .stack_bytes = BOUNDS_STACK,
                              .sections = VEC_OF(struct named_extent),
                              .constants = VEC_OF(struct named_extent),
                              .reserved = VEC_OF(struct named_extent),
                              .regions = VEC_OF(struct named_extent),
                              .symbols = VEC_OF(struct named_extent),
                              .areas = VEC_OF(struct bounds_area),
                              .registers = VEC_OF(struct named_extent),
                              .banks = VEC_OF(struct bounds_bank),
                              .verdicts = VEC_OF(struct verdict),
                              .rows = VEC_OF(struct bounds_row)};
}

void bounds_deinit(struct bounds *bounds)
{
    struct vec *const lists[] = {&bounds->sections,  &bounds->constants, &bounds->reserved,
                                 &bounds->regions,   &bounds->symbols,   &bounds->areas,
                                 &bounds->registers, &bounds->banks,     &bounds->verdicts,
                                 &bounds->rows};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        vec_deinit(lists[i]);
}

int bounds_name(struct vec *list, struct extent extent, struct mph_err *err, const char *format,
                ...)
{
    struct named_extent *one = vec_add(list);
    va_list arguments;

    if (!one)
        return mph_fail_no_memory(err);
    one->extent = extent;
    va_start(arguments, format);
    vsnprintf(one->name, sizeof one->name, format, arguments);
    va_end(arguments);
    return 0;
}

int bounds_add_bank(struct bounds *bounds, struct extent extent, enum ram_source source,
                    struct mph_err *err, const char *format, ...)
{
    struct bounds_bank *bank = vec_add(&bounds->banks);
    va_list arguments;

    if (!bank)
        return mph_fail_no_memory(err);
    bank->extent = extent;
    bank->source = source;
    va_start(arguments, format);
    vsnprintf(bank->name, sizeof bank->name, format, arguments);
    va_end(arguments);
    return 0;
}

// --- verdicts ---

// Without memory for it, a verdict is lost, as notes are.
void verdict_add(struct bounds *bounds, enum verdict_level level, uint64_t bytes,
                 const char *format, ...)
{
    size_t order = bounds->verdicts.len;
    struct verdict *verdict = vec_add(&bounds->verdicts);
    va_list arguments;

    if (!verdict)
        return;
    verdict->level = level;
    verdict->bytes = bytes;
    verdict->order = order;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

void verdict_change(struct bounds *bounds, const char *format, ...)
{
    va_list arguments;

    if (!bounds->verdicts.len)
        return;
    struct verdict *last = vec_at(&bounds->verdicts, bounds->verdicts.len - 1);
    va_start(arguments, format);
    vsnprintf(last->change, sizeof last->change, format, arguments);
    va_end(arguments);
}

// --- what follows ---

bool bounds_heap(const struct bounds *bounds, struct extent *ret)
{
    if (bounds->areas.len) {
        *ret = ((const struct bounds_area *)vec_at(&bounds->areas, 0))->whole;
        return true;
    }
    return bounds->heap.has_start && bounds->heap.has_end &&
           extent_between(ret, bounds->heap.start, bounds->heap.end);
}

const struct bounds_area *bounds_area_in(const struct bounds *bounds, struct extent pair)
{
    struct extent common;

    for (size_t i = 0; i < bounds->areas.len; i++) {
        const struct bounds_area *area = vec_at(&bounds->areas, i);

        if (extent_common(area->whole, pair, &common))
            return area;
    }
    return bounds->areas.len ? vec_at(&bounds->areas, 0) : NULL;
}

// Where the stack begins. The board's own word is a local of main, somewhat below what the
// linker says; a task of an operating system has its own stack.
static bool find_stack_top(const struct bounds *bounds, uint64_t *ret, bool *ret_is_linkers)
{
    const struct bounds_stack *live = &bounds->live_stack;

    *ret_is_linkers = bounds->stack.has_end &&
                      (!live->has_top || (live->top <= bounds->stack.end &&
                                          bounds->stack.end - live->top <= STACK_TOP_SHIFT));
    *ret = *ret_is_linkers ? bounds->stack.end : live->top;
    return *ret_is_linkers || live->has_top;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

// How much room a stack needs of which the linker says no lower end. The board's own limit often
// takes all of the room up to the heap, used or not; but of a stack without any symbol, which a
// system has allocated, it is the size.
static uint64_t stack_need(const struct bounds *bounds, uint64_t top)
{
    const struct bounds_stack *live = &bounds->live_stack;
    bool is_allocated = bounds->has_linker && !bounds->stack.has_end;
    uint64_t need = bounds->stack_bytes;

    if (live->has_limit && !bounds->is_stack_given && (is_allocated || live->limit < need))
        need = larger(live->limit, live->limit + BOUNDS_STACK_MARGIN);
    if (live->has_sp && live->sp <= top && top - live->sp < 2 * need)
        need = larger(need, top - live->sp);
    return need < top ? need : top;
}

static uint64_t above(struct extent use, uint64_t low, uint64_t top)
{
    return use.last < top - 1 ? larger(low, use.last + 1) : low;
}

// The room for that. Scripts that say nothing of a stack end the heap, or the variables, where
// it may begin; of a size that somebody did say, an overlap is to be seen.
static bool stack_room(const struct bounds *bounds, uint64_t top, struct extent *ret)
{
    uint64_t low = top - stack_need(bounds, top);
    struct extent heap;

    if (!bounds->is_stack_given && bounds_heap(bounds, &heap))
        low = above(heap, low, top);
    for (size_t i = 0;
         !bounds->is_stack_given && !bounds->live_stack.has_limit && i < bounds->sections.len; i++)
        low = above(((const struct named_extent *)vec_at(&bounds->sections, i))->extent, low, top);
    return extent_between(ret, low, top);
}

bool bounds_stack(const struct bounds *bounds, struct extent *ret)
{
    uint64_t top;
    bool is_linkers;

    if (!find_stack_top(bounds, &top, &is_linkers) || !top)
        return false;
    if (is_linkers && bounds->stack.has_start && bounds->stack.start < top)
        return extent_between(ret, bounds->stack.start, top);
    return stack_room(bounds, top, ret);
}

enum ram_source bounds_trusted(const struct bounds *bounds)
{
    enum ram_source best = RAM_SOURCES;

    for (size_t i = 0; i < bounds->banks.len; i++) {
        const struct bounds_bank *bank = vec_at(&bounds->banks, i);

        if (bank->source < best)
            best = bank->source;
    }
    return best;
}

bool bounds_are_assumed(const struct bounds *bounds)
{
    return bounds->is_assumed && bounds_trusted(bounds) == RAM_IDENTIFIED;
}

const struct bounds_bank *bounds_bank_at(const struct bounds *bounds, uint64_t address)
{
    enum ram_source trusted = bounds_trusted(bounds);

    for (size_t i = 0; i < bounds->banks.len; i++) {
        const struct bounds_bank *bank = vec_at(&bounds->banks, i);

        if (bank->source == trusted && extent_has(bank->extent, address))
            return bank;
    }
    return NULL;
}

void bounds_add_end(struct text *text, struct extent extent)
{
    if (extent.last == UINT64_MAX)
        text_puts(text, "0x10000000000000000");
    else
        text_printf(text, "0x%08" PRIx64, extent.last + 1);
}
