// SPDX-License-Identifier: MIT
// Where RAM may be, for a firmware that comes without an ELF.
#ifndef MPH_LAYOUT_RAM_H
#define MPH_LAYOUT_RAM_H

#include "base/vec.h"
#include "target/target.h"

// Ranges to search, as struct range: what --ram says; else the segments of a
// dump; else, over a link, the places where microcontrollers have their RAM,
// the one around the stack pointer first.
int ram_candidates(const struct target *target, const struct range *given, size_t given_count,
                   struct vec *ranges, struct mph_err *err);

#endif
