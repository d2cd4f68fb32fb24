// SPDX-License-Identifier: MIT
// Who alone keeps what: the dominator tree of all that a collection would keep.
//
// The graph is the collector's own: from outside of the heap to every head that a root
// word holds, and from each head to those that its words hold (see edges.h). A dominates
// B when every way from outside to B leads through A: without A, B would be garbage.
#ifndef MPH_GRAPH_DOMINATORS_H
#define MPH_GRAPH_DOMINATORS_H

#include "graph/root_words.h"

// Heads that can be reached are numbered from 1 on, depth first, so that whatever
// dominates a node has a smaller number. Node 0 is all that is outside of the heap.
struct dominators {
    const struct objects *objects;
    uint32_t count;      // nodes, node 0 among them
    uint32_t *blocks;    // by node: number of its head
    uint32_t *immediate; // by node: the nearest node that dominates it; of node 0, itself
    uint32_t *retained;  // by node: blocks of all that it dominates, and its own
    uint32_t *counts;    // by node: allocations of those, and itself
    uint32_t *nodes;     // by block: the node of a head; 0: not reached, or no head
};

// Build the tree. `roots` were found in the same objects, which need no labels. Damage is
// never an error: what cannot be read leads nowhere. Time grows with the words of the heap,
// times a logarithm at worst. Memory: 4 bytes a block and 28 a head, and 4 for each edge
// that leads back or across in the order of the numbers; 4 a block and 16 a head remain.
int dominators_init(struct dominators *tree, const struct root_words *roots, struct mph_err *err);
void dominators_deinit(struct dominators *tree);

// Bytes that would go with a node; of node 0, all that is reached.
static inline uint64_t dominators_bytes(const struct dominators *tree, uint32_t node)
{
    return (uint64_t)tree->retained[node] << tree->objects->block_shift;
}

#endif
