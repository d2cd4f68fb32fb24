// SPDX-License-Identifier: MIT
// The main thread's C stack in use, and the chain of exception buffers on it.
// Whose frames lie there is not decided here.
#ifndef MPH_VM_STACK_H
#define MPH_VM_STACK_H

#include "base/vec.h"
#include "object/objects.h"

// py/nlr.h nlr_buf_t: {prev, ret_val, saved registers}, innermost first. Each is a local
// of the C function that called nlr_push, so all that lies above it is in use.
struct stack {
    uint64_t start; // where it is read from: the stack pointer, or about the innermost buffer
    uint64_t end;
    uint64_t *words; // from start on; what cannot be read is 0
    size_t count;
    struct vec buffers; // of uint64_t: their addresses
    bool has_sp;        // the stack pointer is known and lies on this stack
    bool is_elsewhere;  // it is known, and lies somewhere else
    bool is_chain_cut;  // the chain ends in something that is no buffer
};

// Read the stack in one piece. Without a stack pointer it begins at the innermost
// buffer: what was called from there in C is missing. An empty stack is no error.
int stack_load(const struct objects *objects, struct stack *ret, struct mph_err *err);
void stack_deinit(struct stack *stack);

// That of a thread other than the main one, which has_sp.
struct stack_bounds {
    uint64_t sp, end;
    uint64_t innermost; // address of its innermost buffer; 0: none
};
int stack_load_bounds(const struct objects *objects, const struct stack_bounds *bounds,
                      struct stack *ret, struct mph_err *err);

// The word at an address of the stack; false outside of it.
bool stack_word(const struct objects *objects, const struct stack *stack, uint64_t address,
                uint64_t *ret);

static inline uint64_t stack_buffer(const struct stack *stack, size_t index)
{
    return *(const uint64_t *)vec_at(&stack->buffers, index);
}

#endif
