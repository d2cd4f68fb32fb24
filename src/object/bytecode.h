// SPDX-License-Identifier: MIT
// Opcodes, as far as it takes to tell whether one lies in a loop.
#ifndef MPH_OBJECT_BYTECODE_H
#define MPH_OBJECT_BYTECODE_H

#include "object/code.h"

// A piece of code that a jump back at its end repeats.
struct loop {
    uint64_t start; // address of its first opcode
    uint64_t jump;  // of the jump back there
};

// The innermost loop around the opcode at `ip`. False when there is none, and when the code
// does not decode without doubt: up to v1.18, what options a build has changes the length of
// opcodes and shows nowhere else.
bool bytecode_find_loop(const struct layout *layout, struct target *target, const struct code *code,
                        uint64_t ip, struct loop *ret);

#endif
