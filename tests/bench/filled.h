// SPDX-License-Identifier: MIT
// Heaps that are all in use, in this process's memory, with all of them reached from r4.
#ifndef BENCH_FILLED_H
#define BENCH_FILLED_H

#include "object/objects.h"

enum shape {
    SHAPE_GRAPH, // 1 to 4 blocks, with pointers to random others, and all in one long chain
    SHAPE_LIST,  // a table of objects, each with a block that it holds
    SHAPE_CHAIN, // each holds the next, anywhere in the heap
    SHAPE_TREE,  // each holds two others, anywhere in the heap
    SHAPES,
};

struct filled {
    uint8_t *ram;
    size_t bytes;
    uint64_t blocks, table, pool, heads;
    uint32_t *order; // of heads, by block number
    struct target target;
    struct layout layout;
    struct heap heap;
    struct objects objects; // opened, without names
};

// One of the shapes by its name: "graph", "list", "chain", "tree". False for another one.
bool shape_find(const char *name, enum shape *ret);

// Fill a pool of so many bytes and open it. It lives as long as the process.
int filled_init(struct filled *filled, enum shape shape, uint64_t pool_bytes, struct mph_err *err);

// What a program does that measures one thing: `PROGRAM SHAPE BYTES`. Its exit status.
int filled_main(int argc, char **argv, int (*measure)(struct filled *filled, struct mph_err *err));

// Processor seconds of the least that any walk over the heap does: read each head's two bits
// and then its first word, in the order in which the shape has them, each when the one before
// is known. Larger heaps take longer a head, as their memory is further away.
double walk_seconds(const struct filled *filled);

// Processor seconds of this process, and the most memory that it has had.
double seconds_used(void);
uint64_t bytes_used(void);

#endif
