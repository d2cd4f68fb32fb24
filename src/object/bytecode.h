// SPDX-License-Identifier: MIT
// Opcodes one after the other, as far as it takes to tell loops and local variables.
//
// Up to v1.18 the options of a build change the length of opcodes and show nowhere else. So
// code is read in each dialect that it may have; an answer counts when all of those agree
// in which a known opcode is met.
#ifndef MPH_OBJECT_BYTECODE_H
#define MPH_OBJECT_BYTECODE_H

#include "object/code.h"

// A piece of code that a jump back at its end repeats.
struct loop {
    uint64_t start; // address of its first opcode
    uint64_t jump;  // of the jump back there
};

// The innermost loop around the opcode at `ip`. False when there is none, or in doubt.
bool bytecode_find_loop(const struct layout *layout, struct target *target, const struct code *code,
                        uint64_t ip, struct loop *ret);

// How many local variables the code uses, that is 1 + the last one's index. False in doubt:
// when the opcode at `ip` is not met in it, or uses more than `most`.
bool bytecode_count_locals(const struct layout *layout, struct target *target,
                           const struct code *code, uint64_t ip, unsigned most, unsigned *ret);

#endif
