// SPDX-License-Identifier: MIT
// Addresses where a read may change the board: device registers. Where they are depends on the
// chip, and one chip has its program where another has its devices. So rows say which chips they
// are of, and the chip is told by what can be seen without touching a device: CPUID, a word of
// its ROM, where its program lies. As long as it is not known, addresses that are a device's on
// any chip of that architecture are left alone.
//
// To add a chip: a kind in devices.c, how it is told, and its ranges.
#ifndef MPH_TARGET_DEVICES_H
#define MPH_TARGET_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct target;

// Whether an address that was found in memory must not be followed over a link,
// because a device may be there that a read would disturb (a receive register
// that empties, a flag that clears). Always false for a dump, and for what a file tells. May
// read one word over the link, once.
bool devices_contain(struct target *target, uint64_t address);

// Whether this board has its devices there, of a dump, too.
bool devices_are_at(struct target *target, uint64_t address);

#endif
