// SPDX-License-Identifier: MIT
// What a generated heap is filled with: objects as a program that has run for a while has
// them, with the blocks they hold near by or far away.
#ifndef BENCH_SCENE_H
#define BENCH_SCENE_H

#include "pool.h"
#include "rom.h"

enum row {
    ROW_STR,
    ROW_TUPLE,
    ROW_LIST,
    ROW_DICT,
    ROW_FLOAT,
    ROW_BYTEARRAY,
    ROW_FUNCTION,
    ROW_CLOSURE,
    ROW_CELL,
    ROW_BOUND,
    ROW_UNKNOWN,
    ROW_MODULE,
    ROW_CLASS,
    ROW_TABLE,    // held by no object: that of the main module's dict
    ROW_INSTANCE, // of the first class
    ROW_COUNT = ROW_INSTANCE + CLASSES
};

// Addresses in the firmware.
struct rom {
    uint32_t ctx, pool;
    uint32_t types[ID_BUILTINS]; // by enum rom_id
    uint32_t cell;
};

// Fill the pool; counts[] is what `types` has to count.
bool scene_fill(struct pool *pool, const struct rom *rom, uint64_t counts[ROW_COUNT]);
const char *row_name(enum row row);

#endif
