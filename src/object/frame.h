// SPDX-License-Identifier: MIT
// One frame of Python code: mp_code_state_t, wherever it lies (the C stack, a heap
// block, inside a generator). Which words might be frames, and which frame called
// which, is not decided here.
#ifndef MPH_OBJECT_FRAME_H
#define MPH_OBJECT_FRAME_H

#include "object/code.h"

struct frame {
    uint64_t address;
    uint64_t fun; // the function object that runs; 0 up to v1.8.7, which has none here
    uint64_t ip;  // address of the opcode being executed, in a suspended generator of the
                  // next one; 0: a generator that has ended; machine code: where it goes on
    uint64_t sp;  // address of the topmost value; one below `state`: none
    unsigned n_state;
    uint64_t state; // address of state[0]; local i is state[n_state - 1 - i]
    uint64_t old_globals;
    uint64_t end; // the first byte behind the states and the exception stack
    struct code code;
};

// Read the frame at an address. MPH_ERR_BAD_DATA, with the address, when it is none:
// the function must be one, its prelude must decode and count as many states as the
// frame, the stack pointer must lie in them, and the instruction pointer behind the
// prelude. What follows old_globals depends on two build options (MICROPY_STACKLESS,
// MICROPY_PY_SYS_SETTRACE) that leave no other trace: where both answers fit, the
// build is taken to have neither.
int frame_read(const struct layout *layout, struct target *target, uint64_t address,
               struct frame *ret, struct mph_err *err);

#endif
