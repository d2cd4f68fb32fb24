// SPDX-License-Identifier: MIT
// How many of a frame's states are local variables. The others are its value stack.
#ifndef MPH_VM_LOCALS_H
#define MPH_VM_LOCALS_H

#include "object/frame.h"
#include "object/objects.h"

// The number of locals, arguments included, that a frame's code is seen to use: nothing
// in memory says it. Where the code does not decode without doubt, and of machine code,
// the arguments alone are counted, and *ret_certain is false.
unsigned locals_count(const struct objects *objects, const struct frame *frame, bool *ret_certain);

#endif
