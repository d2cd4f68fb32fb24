// SPDX-License-Identifier: MIT
// Who alone keeps what: the dominator tree of all that a collection would keep.
//
// The graph is the collector's own: from outside of the heap to every head that a root
// word holds, and from each head to those that its words hold (see edges.h). A dominates
// B when every way from outside to B leads through A: without A, B would be garbage.
#ifndef MPH_GRAPH_DOMINATORS_H
#define MPH_GRAPH_DOMINATORS_H

#include "base/packed.h"
#include "graph/root_words.h"

// Heads that can be reached are numbered from 1 on, depth first, so that whatever
// dominates a node has a smaller number. Node 0 is all that is outside of the heap.
struct dominators {
    const struct objects *objects;
    uint32_t count;          // nodes, node 0 among them
    struct packed blocks;    // by node: number of its head's block
    struct packed immediate; // by node: the nearest node that dominates it; of node 0, itself
    struct packed retained;  // by node: blocks of all that it dominates, and its own
    struct packed counts;    // by node: allocations of those, and itself
    struct packed nodes;     // by number of a head: its node; 0: not reached
};

// Build the tree. `roots` were found in the same objects, which need no labels. Damage is
// never an error: what cannot be read leads nowhere. Time grows with the words of the heap,
// times a logarithm at worst. Memory, while it is built as well as then: an eighth of the
// pools' and 16 bytes a head at most, for all heaps of less than 2^27 blocks.
int dominators_init(struct dominators *tree, const struct root_words *roots, struct mph_err *err);
void dominators_deinit(struct dominators *tree);

// The same with room for no more than `sources` edges at a time, 1 at least: memory is gone
// through once more for each time that it takes.
int dominators_init_within(struct dominators *tree, const struct root_words *roots,
                           uint32_t sources, struct mph_err *err);

static inline uint64_t dominators_block(const struct dominators *tree, uint32_t node)
{
    return packed_get(&tree->blocks, node);
}

static inline uint32_t dominators_immediate(const struct dominators *tree, uint32_t node)
{
    return packed_get(&tree->immediate, node);
}

// The node of a head, by its block; 0: it is not reached.
static inline uint32_t dominators_node(const struct dominators *tree, uint64_t block)
{
    return packed_get(&tree->nodes, objects_head_number(tree->objects, block));
}

// Bytes that would go with a node; of node 0, all that is reached.
static inline uint64_t dominators_bytes(const struct dominators *tree, uint32_t node)
{
    return (uint64_t)packed_get(&tree->retained, node) << tree->objects->block_shift;
}

// Allocations that would.
static inline uint32_t dominators_count(const struct dominators *tree, uint32_t node)
{
    return packed_get(&tree->counts, node);
}

#endif
