// SPDX-License-Identifier: MIT
// The letter of each block, as mem_info(1) prints it.
#ifndef MPH_GC_LETTERS_H
#define MPH_GC_LETTERS_H

#include "gc/heap.h"

// Read the first words of all heads of a running target between two reads of its
// tables that agree, in at most `tries` attempts; heap->is_torn when none did.
// Nothing to do for a target that stands still.
int letters_hold(struct heap *heap, struct target *target, unsigned tries, struct mph_err *err);

// Learn what the letters need: without symbols, the builtin types by the names of
// the types in use. May add notes to the layout.
int letters_learn(const struct heap *heap, struct layout *layout, struct target *target,
                  struct mph_err *err);

// Calls `emit` with the letters of an area's blocks in order, some at a time.
// A head whose first word cannot be read is '?', and is counted.
struct letters {
    int (*emit)(void *context, uint64_t first_block, const char *letters, size_t count);
    void *context;
    uint64_t unread;       // heads that could not be read
    uint64_t unread_first; // address of the first of them
};

int letters_walk(const struct heap *heap, struct target *target, const struct gc_area *area,
                 struct letters *letters, struct mph_err *err);

#endif
