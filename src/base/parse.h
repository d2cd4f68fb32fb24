// SPDX-License-Identifier: MIT
// Numbers in options and arguments.
#ifndef MPH_BASE_PARSE_H
#define MPH_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

// A number in C's notation with nothing behind it.
bool parse_uint(const char *text, uint64_t *ret);

// A size: as above, with K, M or G behind it for powers of 1024.
bool parse_size(const char *text, uint64_t *ret);

// Two numbers "A..B" with A not above B.
bool parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last);

#endif
