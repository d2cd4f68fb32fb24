// SPDX-License-Identifier: MIT
// How many of a frame's states are local variables. The others are its value stack.
#ifndef MPH_VM_LOCALS_H
#define MPH_VM_LOCALS_H

#include "object/frame.h"
#include "object/objects.h"

// The number of locals, arguments included, that a frame's code is seen to use: nothing
// in memory says it. Up to v1.11 the arguments and cells alone are counted.
unsigned locals_count(const struct objects *objects, const struct frame *frame);

#endif
