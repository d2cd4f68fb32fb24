// SPDX-License-Identifier: MIT
// The prelude in front of bytecode: what tells it from machine code.
#ifndef MPH_LAYOUT_PRELUDE_H
#define MPH_LAYOUT_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether bytes begin with a prelude whose parts agree with each other: signature,
// sizes, names and a line table that ends where it must. One encoding each:
bool prelude_fits_v0(const uint8_t *bytes, size_t size); // v1.8 to v1.11
bool prelude_fits_v1(const uint8_t *bytes, size_t size); // v1.12 to v1.18
bool prelude_fits_v2(const uint8_t *bytes, size_t size); // v1.19 and later

#endif
