// SPDX-License-Identifier: MIT
#ifndef TARGET_POINTS_H
#define TARGET_POINTS_H

#include "core.h"
#include "rsp.h"

#include <stdbool.h>
#include <stdint.h>

#define BREAK_COMPARATORS_MAX 8
#define WATCH_COMPARATORS_MAX 4

// What one comparator stands for in the machine at this moment.
struct point {
    bool inserted;
    enum rsp_point kind;
    uint32_t address, length;
};

/*
 * The breakpoint unit (FPB, 0xE0002000) and the watchpoint unit (DWT, 0xE0001000) of a Cortex-M:
 * their registers, kept in step with breakpoints and watchpoints of the live machine.
 * Without one (`stub` NULL) they are registers only.
 */
struct points {
    const struct core *core;
    struct rsp *stub;
    bool breakpoints_on;                           // FP_CTRL.ENABLE
    uint32_t break_comparator[BREAK_COMPARATORS_MAX]; // FP_COMPn
    uint32_t watch_comparator[WATCH_COMPARATORS_MAX]; // DWT_COMPn
    uint32_t watch_mask[WATCH_COMPARATORS_MAX];       // DWT_MASKn
    uint32_t watch_function[WATCH_COMPARATORS_MAX];   // DWT_FUNCTIONn
    struct point breakpoint[BREAK_COMPARATORS_MAX];
    struct point watchpoint[WATCH_COMPARATORS_MAX];
};

// Whether an address belongs to one of the two units.
bool points_own(uint32_t address);

// A register of theirs; reserved ones read as zero and ignore writes.
uint32_t points_read(struct points *points, uint32_t address);
void points_write(struct points *points, uint32_t address, uint32_t value);

// Takes every breakpoint and watchpoint out of the machine.
void points_clear(struct points *points);

#endif
