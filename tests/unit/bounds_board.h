// SPDX-License-Identifier: MIT
// What linker, heap, stack and chip say of a board, made up, and what is judged of it.
// A failure ends the cmocka test that asks.
#ifndef MPH_UNIT_BOUNDS_BOARD_H
#define MPH_UNIT_BOUNDS_BOARD_H

#include "report/bounds.h"

// A board as a port has it that was made from the template of a chip with 128 KiB:
// variables, a heap up to 0x2001c000, and a stack of 16 KiB at the top of RAM.
enum {
    RAM = 0x20000000,
    BSS_END = 0x20001000,
    HEAP_END = 0x2001c000,
    RAM_END = 0x20020000,
    KIB = 1024
};

// That board with another end of RAM, and with a heap and a stack if it is live; all agree
// where ram_end is RAM_END. bounds_deinit releases it.
void bounds_board_set_up(struct bounds *bounds, uint64_t ram_end, bool is_live);

struct extent between(uint64_t start, uint64_t end);
void add_bank(struct bounds *bounds, struct extent extent, enum ram_source source);
struct bounds_area *add_area(struct bounds *bounds, struct extent whole);
// `start_name` may be NULL: the linker has no such symbol.
void set_pair(struct bounds_pair *pair, const char *start_name, uint64_t start,
              const char *end_name, uint64_t end);

void judge(struct bounds *bounds);

// The verdict whose text has this in it, or NULL.
const struct verdict *find_verdict(const struct bounds *bounds, const char *text);
void assert_verdict(const struct bounds *bounds, enum verdict_level level, uint64_t bytes,
                    const char *text);
size_t count_gaps(const struct bounds *bounds);
// The rows may touch, but nothing in them wraps.
void assert_rows_sound(const struct bounds *bounds);

#endif
