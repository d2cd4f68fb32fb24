// SPDX-License-Identifier: MIT
// What one object retains, and what alone keeps it.
#ifndef MPH_REPORT_RETAINED_ONE_H
#define MPH_REPORT_RETAINED_ONE_H

#include "report/retainers.h"

// Write about the object that an address lies in, with the `top` largest types of what it
// retains. MPH_ERR_BAD_DATA when the address is in no allocation.
int retained_one_write(const struct retainers *retainers, uint64_t address, size_t top,
                       struct output *output, struct mph_err *err);

#endif
