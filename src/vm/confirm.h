// SPDX-License-Identifier: MIT
// Which candidates are executed: those that an exception buffer vouches for.
#ifndef MPH_VM_CONFIRM_H
#define MPH_VM_CONFIRM_H

#include "vm/candidates.h"

// Set `buffer` of each struct candidate that one of the stack's buffers belongs to, each
// buffer's of one at most, and count them. Sorts the candidates by address.
int candidates_confirm(const struct objects *objects, const struct stack *stack,
                       struct vec *candidates, size_t *ret_count, struct mph_err *err);

#endif
