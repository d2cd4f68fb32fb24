// SPDX-License-Identifier: MIT
// Heap areas as a board divides them: a reference for tests, apart from the code
// under test.
#ifndef MPH_UNIT_BOARD_AREA_H
#define MPH_UNIT_BOARD_AREA_H

#include <stdlib.h>

#include "base/bytes.h"
#include "layout/area.h"

// A build: what its options make of an area.
struct build {
    size_t word;
    bool big_endian;
    unsigned tables, gap;
    uint64_t block;
};

// The most table bytes for which the table, its share of the one-bit tables and
// its blocks fit into `total` bytes, counted in bits and found by bisection: not
// the formula that the code under test evaluates.
static inline uint64_t table_bytes_that_fit(const struct build *build, uint64_t total)
{
    uint64_t low = 0, high = total;
    uint64_t bits = 8 + 4 * build->tables + 8 * 4 * build->block;

    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;

        if (middle * bits <= (total - build->gap) * 8)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

// gc_setup_area of the memory [start, end).
static inline struct area_match set_up(const struct build *build, uint64_t start, uint64_t end)
{
    struct area_match area = {.table = start, .tables = (uint8_t)build->tables};
    uint64_t at = start;

    area.pool_end = end / build->block * build->block;
    area.table_bytes = table_bytes_that_fit(build, area.pool_end - start);
    area.pool_start = area.pool_end - area.table_bytes * 4 * build->block;
    area.block_bytes = (uint16_t)build->block;
    area.gap = (uint8_t)build->gap;
    at += area.table_bytes + build->gap;
    if (build->tables > 0)
        area.finalisers = at;
    if (build->tables > 1)
        area.weakrefs = at + (area.table_bytes + 1) / 2;
    return area;
}

enum { BYTES = AREA_WORDS_MAX * 8 };

// The words of the structure, and noise behind it.
static inline void put_words(const struct build *build, const struct area_match *area,
                             uint8_t *bytes)
{
    uint64_t words[AREA_WORDS_MAX] = {area->table, area->table_bytes};
    size_t count = 2;

    if (area->tables > 0)
        words[count++] = area->finalisers;
    if (area->tables > 1)
        words[count++] = area->weakrefs;
    words[count++] = area->pool_start;
    words[count++] = area->pool_end;
    while (count < AREA_WORDS_MAX)
        words[count++] = (uint64_t)rand();
    for (size_t i = 0; i < AREA_WORDS_MAX; i++)
        bytes_put(bytes + i * build->word, build->word, build->big_endian, words[i]);
}

#endif
