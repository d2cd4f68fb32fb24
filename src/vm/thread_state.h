// SPDX-License-Identifier: MIT
// The state of a thread beside the main one: a local variable of the C function that it
// began in (py/modthread.c thread_entry). It says where the thread's stack ends, and which
// exception buffers are on it. From v1.9 on; before, the main thread's says nothing of others'.
#ifndef MPH_VM_THREAD_STATE_H
#define MPH_VM_THREAD_STATE_H

#include "vm/stack.h"

// Whether a thread's state lies at an address; all below `sp` is not in use.
bool thread_state_at(const struct objects *objects, uint64_t sp, uint64_t state,
                     struct stack_bounds *ret);

// The same of the main thread's, which lies in mp_state_ctx.
bool thread_state_main(const struct objects *objects, uint64_t sp, struct stack_bounds *ret);

// The first one from a stack pointer up, as far as a thread's stack goes; not beyond `end`.
bool thread_state_search(const struct objects *objects, uint64_t sp, uint64_t end,
                         struct stack_bounds *ret);

// That of the thread that the processor is in. False when the stack pointer is on the main
// thread's, unknown, or no Python's.
bool thread_state_find(const struct objects *objects, struct stack_bounds *ret);

#endif
