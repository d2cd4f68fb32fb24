// SPDX-License-Identifier: MIT
// Addresses where a read may change the board: device registers.
#ifndef MPH_TARGET_DEVICES_H
#define MPH_TARGET_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct target;

// Whether an address that was found in memory must not be followed over a link,
// because a device may be there that a read would disturb (a receive register
// that empties, a flag that clears). Always false for a dump.
bool devices_contain(const struct target *target, uint64_t address);

// Whether a processor of this kind has its devices there, of a dump, too.
bool devices_are_at(const struct target *target, uint64_t address);

#endif
