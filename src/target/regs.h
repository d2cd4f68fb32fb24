// SPDX-License-Identifier: MIT
// Register values by name, as far as they are known.
#ifndef MPH_TARGET_REGS_H
#define MPH_TARGET_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REGS_MAX = 48, REG_NAME_MAX = 16 };

struct reg {
    char name[REG_NAME_MAX]; // lower case, as GDB spells it: r0, sp, pc, xpsr, a0, rip
    uint64_t value;
};

struct regs {
    struct reg list[REGS_MAX];
    size_t count;
};

// Set a register, adding it if it is new. False when the name is too long or
// the list is full.
bool regs_set(struct regs *regs, const char *name, uint64_t value);

// Whether the register is known; its value in *ret.
bool regs_get(const struct regs *regs, const char *name, uint64_t *ret);

// The stack pointer under whichever name the architecture gives it.
bool regs_sp(const struct regs *regs, uint64_t *ret);

// The program counter, likewise.
bool regs_pc(const struct regs *regs, uint64_t *ret);

#endif
