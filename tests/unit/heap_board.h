// SPDX-License-Identifier: MIT
// Boards with one or two areas of random allocations, a few words of state, a stack and
// registers: small heaps for properties that hold for all.
#ifndef MPH_UNIT_HEAP_BOARD_H
#define MPH_UNIT_HEAP_BOARD_H

#include "board_area.h"
#include "object/objects.h"

enum { RAM = 0x20000000, RAM_BYTES = 0x4000, FIRST = RAM + 0x100, SECOND = RAM + 0x2000 };
enum { STACK_TOP = RAM + 0x3f00, STACK_WORDS = 8, CTX = RAM };

struct heap_board {
    struct build build;
    unsigned density; // how many of 8 words hold a block's address, random
    uint8_t ram[RAM_BYTES];
    struct target target;
    struct layout layout;
    struct heap heap;
    struct objects objects;
};

// Builds that differ in word, byte order and block.
extern const struct build heap_board_builds[];
extern const size_t heap_board_build_count;

// Everything random comes from rand(). 0, or negative when there is no heap.
int heap_board_set_up(struct heap_board *board, const struct build *build, size_t area_count);
void heap_board_tear_down(struct heap_board *board);

// A word of memory.
void heap_board_put(struct heap_board *board, uint64_t address, uint64_t value);
uint64_t heap_board_get(const struct heap_board *board, uint64_t address);

// What the allocation table says of a block, as the board itself would look it up, and the
// block's address.
enum block heap_board_block(const struct heap_board *board, uint64_t block, uint64_t *ret_address);

#endif
