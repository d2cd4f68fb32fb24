// SPDX-License-Identifier: MIT
// Memory for links to read: every word can be told from its address.
#ifndef MPH_TESTS_UNIT_PATTERN_H
#define MPH_TESTS_UNIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/link.h"

// The 32-bit word at a multiple of four.
uint32_t pattern_word(uint64_t address);

// The test fails unless `bytes` are what is at `address`.
void assert_pattern(const uint8_t *bytes, uint64_t address, size_t size, bool big_endian);

// Read `count` words, 64 bytes apart, in one call, as the map of a heap does.
void assert_reads_heads(struct link *link, uint64_t address, size_t count);

// The register has this value.
void assert_register(const struct regs *regs, const char *name, uint64_t expected);

#endif
