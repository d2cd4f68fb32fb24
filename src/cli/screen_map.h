// SPDX-License-Identifier: MIT
// The blocks of a heap on a part of the terminal.
#ifndef MPH_CLI_SCREEN_MAP_H
#define MPH_CLI_SCREEN_MAP_H

#include "gc/sample.h"

// A copy of what a sample knows of each block, so that it can be drawn again.
struct screen_map {
    uint8_t *blocks; // of all areas, one behind the other: enum block and MAP_CHANGED
    uint64_t count;
    uint64_t room; // blocks that fit in `blocks`
};

// Out of memory shows no blocks.
void screen_map_take(struct screen_map *map, const struct sampler *sampler);
void screen_map_deinit(struct screen_map *map);

// Make the colours; the terminal has some.
void screen_map_colors(void);

// Fill `rows` lines of the terminal from `top` on. A cell is one block where all fit, else so
// many blocks that all cells hold the whole heap.
void screen_map_draw(const struct screen_map *map, int top, int rows, bool has_colors);

#endif
