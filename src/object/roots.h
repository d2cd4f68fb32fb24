// SPDX-License-Identifier: MIT
// Where what is not on the heap refers to the heap from.
#ifndef MPH_OBJECT_ROOTS_H
#define MPH_OBJECT_ROOTS_H

#include "object/objects.h"

// The part of mp_state_ctx that roots lie in: from dict_locals on, where it is known,
// up to the heap's own structure (py/gc.c gc_collect_start). False: not known.
bool roots_find_state(const struct objects *objects, uint64_t *start, uint64_t *end);

// The main thread's C stack in use. False: without stack pointer or stack_top.
bool roots_find_stack(const struct objects *objects, uint64_t *sp, uint64_t *top);

// The part of the pystack in use, in builds that keep frames there. False: none found.
bool roots_find_pystack(const struct objects *objects, uint64_t *start, uint64_t *end);

// Whether a frame may begin at an address, by its first word alone: before memory is
// read wherever the words of something else point. Only v1.9 and later have a function
// there, v1.8 has its code.
bool roots_may_be_frame(const struct objects *objects, uint64_t address);

#endif
