// SPDX-License-Identifier: MIT
// time.ticks_ms() from outside: its arithmetic, and what it would say now.
#ifndef MPH_VM_TICKS_H
#define MPH_VM_TICKS_H

#include "object/objects.h"

// Milliseconds from `start` to `end`, as time.ticks_diff(end, start): ticks wrap at
// MICROPY_PY_TIME_TICKS_PERIOD, which by default is one more than the largest small int
// (py/smallint.h MP_SMALL_INT_POSITIVE_MASK).
int64_t ticks_diff(const struct layout *layout, int64_t end, int64_t start);

// The port's counter of milliseconds, where it has one that a symbol names. False on
// ports that read a timer instead.
bool ticks_now(const struct objects *objects, int64_t *ret);

#endif
