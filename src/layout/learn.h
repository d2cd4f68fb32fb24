// SPDX-License-Identifier: MIT
// Learning from the structures around the heap area what no ELF says.
#ifndef MPH_LAYOUT_LEARN_H
#define MPH_LAYOUT_LEARN_H

#include "layout/layout.h"

// Qstr pools, metatype, era and the members of mp_state_ctx around last_pool. What
// is not found is left unknown and noted; only a lost link is an error.
int learn_structures(struct layout *layout, struct target *target, struct mph_err *err);

#endif
