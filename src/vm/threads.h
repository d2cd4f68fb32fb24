// SPDX-License-Identifier: MIT
// Python threads beside the main one, whose state is mp_state_ctx's: builds with
// MICROPY_PY_THREAD have a list of them, or a second core, which symbols lead to. The
// state of each is a local variable of the C function that it began in.
#ifndef MPH_VM_THREADS_H
#define MPH_VM_THREADS_H

#include "vm/stack.h"

// How many other threads there are. False when it cannot be told: no symbols, a port that
// keeps its threads elsewhere, or a list that makes no sense.
bool threads_count_others(const struct objects *objects, unsigned *ret);

// The stack of the thread that the processor is in, by the state that lies on it above the
// stack pointer. False when that is on the main thread's, unknown, or no Python's.
bool threads_find_stack(const struct objects *objects, struct stack_bounds *ret);

#endif
