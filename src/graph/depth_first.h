// SPDX-License-Identifier: MIT
// Depth first over the edges that the collector sees: a number for each head that roots
// lead to, and what dominators.c needs to know of the edges on the way.
#ifndef MPH_GRAPH_DEPTH_FIRST_H
#define MPH_GRAPH_DEPTH_FIRST_H

#include "base/packed.h"
#include "graph/root_words.h"

// Nodes are numbered as they are found, from 1 on; node 0 is what is outside of the heap.
struct depth_first {
    const struct objects *objects;
    uint32_t count;        // nodes, node 0 among them
    struct packed nodes;   // by number of a head: its node; 0: not reached
    struct packed parents; // by node: where it was found
    struct packed lowest;  // by node: the smallest node that has an edge to it
    // By node: edges to it from larger nodes, as far as they can be counted.
    struct packed behind;
};

// `roots` were found in `objects`, which need no labels. One pass over the words of all that
// is reached. Memory: at most six numbers a head while it goes on, then four, each of as many
// bits as the number of heads takes (one of the six: of those of the longest allocation).
int depth_first_init(struct depth_first *search, const struct root_words *roots,
                     struct mph_err *err);
void depth_first_deinit(struct depth_first *search);

#endif
