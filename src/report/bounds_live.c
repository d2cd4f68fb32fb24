// SPDX-License-Identifier: MIT
// What the board itself has: areas, stack, registers.
#include <stdio.h>

#include "report/bounds.h"

// Failures that leave a report about the rest worth having.
static bool is_bearable(int code)
{
    return code == MPH_ERR_NO_HEAP || code == MPH_ERR_AMBIGUOUS || code == MPH_ERR_READ ||
           code == MPH_ERR_NO_SYMBOL || code == MPH_ERR_BAD_DATA || code == MPH_ERR_UNSUPPORTED;
}

// --- areas ---

// py/gc.c gc_add puts the structure of a further area in front of its tables. That of the first
// is in mp_state_ctx, which may lie just before the heap, too.
static uint64_t area_start(const struct session *session, const struct gc_area *area)
{
    uint64_t header = layout_area_bytes(&session->layout);
    bool is_first = area == heap_area(&session->heap, 0);

    return !is_first && area->address < area->table && area->table - area->address <= header + 8
               ? area->address
               : area->table;
}

static uint64_t tables_bytes(const struct layout *layout, const struct gc_area *area)
{
    return area->table_bytes + layout->gap + layout->tables * ((area->table_bytes + 1) / 2);
}

static int add_area(struct bounds *bounds, const struct session *session,
                    const struct gc_area *area, struct mph_err *err)
{
    uint64_t tables = tables_bytes(&session->layout, area);
    struct extent whole;

    if (area->pool_start < area->table || area->pool_end <= area->pool_start ||
        !extent_between(&whole, area_start(session, area), area->pool_end))
        return 0;
    struct bounds_area *one = vec_add(&bounds->areas);
    if (!one)
        return mph_fail_no_memory(err);
    uint64_t room = area->pool_start - area->table;
    *one = (struct bounds_area){.whole = whole,
                                .table_bytes = tables < room ? tables : room,
                                .pool_bytes = area->pool_end - area->pool_start,
                                .slack_bytes = tables < room ? room - tables : 0,
                                .block_bytes = session->layout.block_bytes};
    return 0;
}

static int add_areas(struct bounds *bounds, const struct session *session, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && session->has_heap && i < heap_area_count(&session->heap); i++)
        rc = add_area(bounds, session, heap_area(&session->heap, i), err);
    return rc;
}

// --- stack and registers ---

static bool read_stack_word(struct session *session, enum member member, uint64_t *ret)
{
    return session->has_layout &&
           layout_read_member(&session->layout, &session->target, member, ret) && *ret;
}

// Ports with threads take the stacks of others from the heap: a block as large as one.
static bool is_in_large_block(const struct session *session, uint64_t sp)
{
    enum { STACK_BYTES_MIN = 1024 };
    const struct gc_area *area = session->has_heap ? heap_area_of(&session->heap, sp) : NULL;
    uint64_t block_bytes = area ? session->layout.block_bytes : 1, head = 0;

    if (area)
        head = (sp - area->pool_start) / block_bytes;
    if (!area || head >= area->block_count || area_block(area, head) == BLOCK_FREE)
        return false;
    while (head && area_block(area, head) == BLOCK_TAIL)
        head--;
    uint64_t tails = head + 1 < area->block_count ? area_run(area, head + 1, BLOCK_TAIL) : 0;
    return (tails + 1) * block_bytes >= STACK_BYTES_MIN;
}

// Systems with threads run them on the process stack of a Cortex-M (DDI 0403, B1.4.1).
static void set_threads(const struct regs *regs, struct bounds_stack *stack)
{
    uint64_t main_sp, process_sp;

    if (!regs_get(regs, "msp", &main_sp) || !regs_get(regs, "psp", &process_sp))
        return;
    stack->is_only_one = !process_sp;
    stack->is_threads = stack->has_sp && stack->sp == process_sp && stack->sp != main_sp;
}

static int add_registers(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    static const char *const names[] = {"msp", "psp"};
    const struct regs *regs = &session->target.regs;
    struct bounds_stack *stack = &bounds->live_stack;
    uint64_t value;
    int rc = 0;

    stack->has_sp = regs_sp(regs, &stack->sp);
    if (stack->has_sp)
        rc = bounds_name(&bounds->registers, (struct extent){stack->sp, stack->sp}, err, "sp");
    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof *names; i++)
        if (regs_get(regs, names[i], &value) && value)
            rc =
                bounds_name(&bounds->registers, (struct extent){value, value}, err, "%s", names[i]);
    set_threads(regs, stack);
    return rc;
}

static int add_stack(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    struct bounds_stack *stack = &bounds->live_stack;
    int rc = add_registers(bounds, session, err);

    stack->has_top = read_stack_word(session, MEMBER_STACK_TOP, &stack->top);
    stack->has_limit = read_stack_word(session, MEMBER_STACK_LIMIT, &stack->limit);
    bounds->is_elsewhere = stack->has_sp && is_in_large_block(session, stack->sp);
    if (rc == 0 && stack->has_top)
        rc = bounds_name(&bounds->registers, (struct extent){stack->top, stack->top}, err,
                         "stack_top");
    if (rc == 0 && stack->has_top && stack->has_limit && stack->limit <= stack->top) {
        uint64_t limit = stack->top - stack->limit;

        rc = bounds_name(&bounds->registers, (struct extent){limit, limit}, err, "stack_limit");
    }
    return rc;
}

int bounds_gather_live(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    struct mph_err tried = {0};
    int rc = session_load(session, false, &tried);

    if (rc < 0 && !is_bearable(rc))
        return mph_fail_again(err, &tried);
    bounds->is_live = true;
    if (rc < 0)
        snprintf(bounds->no_heap, sizeof bounds->no_heap, "%s", tried.text);
    rc = add_areas(bounds, session, err);
    return rc == 0 ? add_stack(bounds, session, err) : rc;
}
