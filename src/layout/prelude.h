// SPDX-License-Identifier: MIT
// The prelude in front of bytecode: what tells it from machine code.
#ifndef MPH_LAYOUT_PRELUDE_H
#define MPH_LAYOUT_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether bytes begin with a prelude of v1.19 or later whose parts agree with each
// other: signature, sizes, names and a line table that ends where it must.
bool prelude_fits(const uint8_t *bytes, size_t size);

#endif
