// SPDX-License-Identifier: MIT
#include "points.h"

// ARMv7-M Architecture Reference Manual (DDI 0403E), C1.8 (DWT) and C1.11 (FPB)
#define DWT_BASE 0xE0001000u
#define DWT_CTRL 0xE0001000u
#define DWT_COMP0 0xE0001020u // then MASK0, FUNCTION0, a reserved word, COMP1, …
#define DWT_END (DWT_COMP0 + 16 * WATCH_COMPARATORS_MAX)
#define FP_BASE 0xE0002000u
#define FP_CTRL 0xE0002000u
#define FP_COMP0 0xE0002008u
#define FP_END (FP_COMP0 + 4 * BREAK_COMPARATORS_MAX)

#define FP_CTRL_ENABLE 0x1u
#define FP_CTRL_KEY 0x2u
#define FP_CTRL_REVISION(ctrl) ((ctrl) >> 28)
#define FP_COMP_ENABLE 0x1u
#define FP_COMP_ADDRESS 0x1FFFFFFCu // revision 1; bits 31:30 choose the halfword
#define FP_COMP_UPPER 0x80000000u

enum { DWT_FUNCTION_READ = 5, DWT_FUNCTION_WRITE = 6, DWT_FUNCTION_ACCESS = 7 };

static bool point_equals(const struct point *a, const struct point *b)
{
    return a->inserted == b->inserted && a->kind == b->kind && a->address == b->address &&
           a->length == b->length;
}

// Brings the machine's point from `*current` to `wanted`.
static void change_point(struct points *points, struct point *current, struct point wanted)
{
    if (points->stub && !point_equals(current, &wanted)) {
        if (current->inserted)
            rsp_set_point(points->stub, false, current->kind, current->address, current->length);
        if (wanted.inserted)
            rsp_set_point(points->stub, true, wanted.kind, wanted.address, wanted.length);
    }
    *current = wanted;
}

static void update_breakpoint(struct points *points, unsigned i)
{
    uint32_t comparator = points->break_comparator[i];
    uint32_t address = comparator & ~1u;
    if (FP_CTRL_REVISION(points->core->fp_ctrl) == 0)
        address = (comparator & FP_COMP_ADDRESS) + (comparator & FP_COMP_UPPER ? 2 : 0);
    change_point(points, &points->breakpoint[i],
                 (struct point){
                     .inserted = points->breakpoints_on && (comparator & FP_COMP_ENABLE),
                     .kind = RSP_BREAKPOINT,
                     .address = address,
                     .length = 2,
                 });
}

static void update_watchpoint(struct points *points, unsigned i)
{
    unsigned function = points->watch_function[i] & 0xF;
    struct point wanted = {
        .inserted = true,
        .address = points->watch_comparator[i],
        .length = 1u << (points->watch_mask[i] & 0x1F),
    };
    if (function == DWT_FUNCTION_READ)
        wanted.kind = RSP_WATCH_READ;
    else if (function == DWT_FUNCTION_WRITE)
        wanted.kind = RSP_WATCH_WRITE;
    else if (function == DWT_FUNCTION_ACCESS)
        wanted.kind = RSP_WATCH_ACCESS;
    else
        wanted = (struct point){.inserted = false};
    change_point(points, &points->watchpoint[i], wanted);
}

bool points_own(uint32_t address)
{
    uint32_t page = address & ~0xFFFu;
    return page == DWT_BASE || page == FP_BASE;
}

// The register of a watch comparator at `address`, or NULL.
static uint32_t *watch_register(struct points *points, uint32_t address)
{
    if (address < DWT_COMP0 || address >= DWT_END)
        return NULL;
    unsigned i = (address - DWT_COMP0) / 16;
    switch (address & 0xC) {
    case 0x0:
        return &points->watch_comparator[i];
    case 0x4:
        return &points->watch_mask[i];
    case 0x8:
        return &points->watch_function[i];
    default:
        return NULL;
    }
}

uint32_t points_read(struct points *points, uint32_t address)
{
    if (address == FP_CTRL)
        return points->core->fp_ctrl | (points->breakpoints_on ? FP_CTRL_ENABLE : 0);
    if (address == DWT_CTRL)
        return points->core->dwt_ctrl;
    if (address >= FP_COMP0 && address < FP_END)
        return points->break_comparator[(address - FP_COMP0) / 4];
    const uint32_t *watch = watch_register(points, address);
    return watch ? *watch : 0;
}

void points_write(struct points *points, uint32_t address, uint32_t value)
{
    if (address == FP_CTRL && (value & FP_CTRL_KEY)) {
        points->breakpoints_on = value & FP_CTRL_ENABLE;
        for (unsigned i = 0; i < BREAK_COMPARATORS_MAX; i++)
            update_breakpoint(points, i);
    } else if (address >= FP_COMP0 && address < FP_END) {
        unsigned i = (address - FP_COMP0) / 4;
        points->break_comparator[i] = value;
        update_breakpoint(points, i);
    } else {
        uint32_t *watch = watch_register(points, address);
        if (!watch)
            return;
        *watch = value;
        update_watchpoint(points, (address - DWT_COMP0) / 16);
    }
}

void points_clear(struct points *points)
{
    for (unsigned i = 0; i < BREAK_COMPARATORS_MAX; i++)
        change_point(points, &points->breakpoint[i], (struct point){.inserted = false});
    for (unsigned i = 0; i < WATCH_COMPARATORS_MAX; i++)
        change_point(points, &points->watchpoint[i], (struct point){.inserted = false});
}
