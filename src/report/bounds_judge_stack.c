// SPDX-License-Identifier: MIT
// Verdicts about the stack: where it may grow to, and where it is.
#include <inttypes.h>

#include "report/bounds.h"

// A program's heap and its variables, where a stack must not be.
static void judge_overlap(struct bounds *bounds, struct extent stack, struct extent other,
                          const char *name)
{
    struct extent common;

    // A stack that is a variable, or a block of the heap, lies inside.
    if (!extent_common(stack, other, &common) || extent_covers(other, stack))
        return;
    verdict_add(bounds, VERDICT_WRONG, extent_bytes(common),
                "%s and stack overlap by %" PRIu64 " bytes at 0x%08" PRIX64, name,
                extent_bytes(common), common.first);
}

// Down to where Python lets the stack grow, as the board has it.
static bool find_limit(const struct bounds *bounds, struct extent *ret)
{
    const struct bounds_stack *stack = &bounds->live_stack;

    return stack->has_top && stack->has_limit && stack->limit && stack->limit <= stack->top &&
           extent_between(ret, stack->top - stack->limit, stack->top);
}

static void judge_limit(struct bounds *bounds, struct extent allowed, struct extent other,
                        const char *name)
{
    struct extent common;

    if (!extent_common(allowed, other, &common) || extent_covers(other, allowed))
        return;
    verdict_add(bounds, VERDICT_WRONG, extent_bytes(common),
                "the stack's limit, 0x%08" PRIX64 ", lies in %s: the stack may grow %" PRIu64
                " bytes into it before Python stops it",
                allowed.first, name, extent_bytes(common));
    verdict_change(bounds, "a limit of at most %" PRIu64 " bytes",
                   extent_bytes(allowed) - extent_bytes(common));
}

// The same question of the room the stack has, and of the limit, which may be apart.
static void judge_neighbours(struct bounds *bounds)
{
    struct extent stack, allowed, heap;
    bool has_stack = bounds_stack(bounds, &stack), has_limit = find_limit(bounds, &allowed);

    if (bounds_heap(bounds, &heap)) {
        if (has_limit)
            judge_limit(bounds, allowed, heap, "the heap");
        else if (has_stack)
            judge_overlap(bounds, stack, heap, "heap");
    }
    for (size_t i = 0; i < bounds->sections.len; i++) {
        const struct named_extent *section = vec_at(&bounds->sections, i);

        if (has_limit)
            judge_limit(bounds, allowed, section->extent, section->name);
        else if (has_stack)
            judge_overlap(bounds, stack, section->extent, section->name);
    }
}

// The linker's stack and the heap, both from symbols.
static void judge_symbols(struct bounds *bounds)
{
    const struct bounds_pair *heap = &bounds->heap, *stack = &bounds->stack;

    if (stack->has_start && stack->has_end && stack->end <= stack->start)
        verdict_add(bounds, VERDICT_WRONG, 0,
                    "%s = 0x%08" PRIX64 " does not lie above %s = 0x%08" PRIX64, stack->end_name,
                    stack->end, stack->start_name, stack->start);
    if (stack->has_start && stack->has_end && heap->has_start && heap->has_end &&
        heap->start < stack->start && heap->end > stack->start && heap->end > heap->start)
        verdict_add(bounds, VERDICT_WRONG, heap->end - stack->start,
                    "%s = 0x%08" PRIX64 " lies %" PRIu64 " bytes above %s: the linker gives heap "
                    "and stack the same memory",
                    heap->end_name, heap->end, heap->end - stack->start, stack->start_name);
}

static bool is_in_section(const struct bounds *bounds, uint64_t address)
{
    for (size_t i = 0; i < bounds->sections.len; i++)
        if (extent_has(((const struct named_extent *)vec_at(&bounds->sections, i))->extent,
                       address))
            return true;
    return false;
}

static bool is_in_heap(const struct bounds *bounds, uint64_t address)
{
    for (size_t i = 0; i < bounds->areas.len; i++)
        if (extent_has(((const struct bounds_area *)vec_at(&bounds->areas, i))->whole, address))
            return true;
    return false;
}

static void judge_outside(struct bounds *bounds, uint64_t sp)
{
    if (is_in_heap(bounds, sp))
        verdict_add(bounds, bounds->is_elsewhere ? VERDICT_UNSURE : VERDICT_WRONG, 0,
                    "sp = 0x%08" PRIX64 " lies in the heap%s", sp,
                    bounds->is_elsewhere ? ", in a large block: another thread's stack, or the "
                                           "stack has grown into it"
                                         : ": the stack has grown into it");
    else if (is_in_section(bounds, sp))
        verdict_add(bounds, bounds->live_stack.is_threads ? VERDICT_UNSURE : VERDICT_WRONG, 0,
                    "sp = 0x%08" PRIX64 " lies among the program's variables%s", sp,
                    bounds->live_stack.is_threads ? ": a thread's stack, or the stack has grown "
                                                    "into them"
                                                  : "");
    else
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "sp = 0x%08" PRIX64 " lies outside of the main stack: another thread's", sp);
}

// Whether nothing but the main stack can be where the stack pointer is.
static bool is_main_only(const struct bounds *bounds)
{
    const struct bounds_stack *live = &bounds->live_stack;

    return live->is_only_one || (!live->is_threads && bounds->stack.has_end && live->has_top &&
                                 live->top <= bounds->stack.end);
}

// Below its limit by no more than its size: what is further down is no overflow.
static void judge_overflow(struct bounds *bounds, uint64_t below, uint64_t low)
{
    if (is_main_only(bounds))
        verdict_add(bounds, VERDICT_WRONG, below,
                    "the stack is %" PRIu64 " bytes below its limit, 0x%08" PRIX64, below, low);
    else
        verdict_add(bounds, VERDICT_UNSURE, below,
                    "sp = 0x%08" PRIX64 " is %" PRIu64 " bytes below the main stack's limit, "
                    "0x%08" PRIX64 ": an overflow, or another thread's stack",
                    low - below, below, low);
}

// How deep the stack is, and what is left of it.
static void judge_depth(struct bounds *bounds, uint64_t top, uint64_t low)
{
    uint64_t sp = bounds->live_stack.sp;

    if (sp >= low)
        verdict_add(bounds, VERDICT_RIGHT, 0,
                    "the stack is %" PRIu64 " bytes deep, %" PRIu64 " are left", top - sp,
                    sp - low);
    else if (low - sp > top - low && !is_main_only(bounds))
        judge_outside(bounds, sp);
    else
        judge_overflow(bounds, low - sp, low);
}

// Its depth is counted from what the board calls its top, as Python does; start-up code is
// above that.
static uint64_t find_top(const struct bounds *bounds, struct extent room)
{
    const struct bounds_stack *live = &bounds->live_stack;
    struct extent stack;

    if (live->has_top && live->sp <= live->top)
        return live->top;
    return bounds_stack(bounds, &stack) && stack.last >= room.last ? stack.last + 1 : room.last + 1;
}

static void judge_pointer(struct bounds *bounds)
{
    const struct bounds_stack *live = &bounds->live_stack;
    uint64_t sp = live->sp;
    struct extent room, heap;

    if (!live->has_sp || (!find_limit(bounds, &room) && !bounds_stack(bounds, &room)))
        return;
    uint64_t top = find_top(bounds, room);
    bool is_over_heap = bounds_heap(bounds, &heap) && sp < heap.first && top > heap.last;
    if (sp > top || is_over_heap || is_in_heap(bounds, sp) ||
        (is_in_section(bounds, sp) && !is_in_section(bounds, top)))
        judge_outside(bounds, sp);
    else
        judge_depth(bounds, top, room.first);
}

static void judge_deepest(struct bounds *bounds)
{
    const struct bounds_stack *live = &bounds->live_stack;
    struct extent room;

    if (!live->has_deepest || !bounds_stack(bounds, &room) || !extent_has(room, live->deepest) ||
        (live->has_sp && live->deepest >= live->sp))
        return;
    verdict_add(bounds, VERDICT_RIGHT, 0,
                "the deepest use of the stack that shows is %" PRIu64 " bytes: the %" PRIu64
                " below that all hold 0x%08" PRIX64,
                room.last + 1 - live->deepest, live->deepest - room.first, live->fill);
}

void bounds_judge_stack(struct bounds *bounds)
{
    judge_symbols(bounds);
    judge_neighbours(bounds);
    judge_pointer(bounds);
    judge_deepest(bounds);
}
