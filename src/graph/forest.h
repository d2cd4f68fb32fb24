// SPDX-License-Identifier: MIT
// The shortest path from a root to every head at once: what holds each of them.
//
// A head is reached from the best roots that lead to it (see enum path_rank), as `why` has
// it: from worse ones only where no better one does, however short the way.
#ifndef MPH_GRAPH_FOREST_H
#define MPH_GRAPH_FOREST_H

#include "graph/path.h"

// Instead of the number of a head.
enum { FOREST_ROOT = UINT32_MAX, FOREST_NONE = UINT32_MAX - 1 };

// Heads are numbered in order of their addresses, from 0 on.
struct forest {
    const struct objects *objects;
    size_t count;
    uint32_t *blocks;  // by head: number of its block
    uint32_t *holders; // by head: the one that holds it, FOREST_ROOT, or FOREST_NONE
    // By head: the first of its holder's words that holds it, as its number in the holder's
    // allocation; of what a root holds, the place in `roots`.
    uint32_t *words;
    struct vec roots; // of struct root_word
};

// `rank` says how good a root word is, with `context`. It takes one search for each rank that
// is needed, each linear in the words of the heap but for a logarithm of the heads. Memory: 12
// bytes a head, and those of a search while it goes on.
int forest_init(struct forest *forest, const struct objects *objects,
                enum path_rank (*rank)(void *context, const struct root_word *word), void *context,
                struct mph_err *err);
void forest_deinit(struct forest *forest);

// Address of the word that holds a head whose holder is a head.
static inline uint64_t forest_word(const struct forest *forest, size_t head)
{
    uint32_t holder = forest->blocks[forest->holders[head]];

    return objects_block_address(forest->objects, holder) +
           (uint64_t)forest->words[head] * forest->objects->word;
}

#endif
