// SPDX-License-Identifier: MIT
// What points at an allocation: every word of the heap and of the roots that the collector
// would take for a pointer to it, whether its own allocation is reached or not.
#ifndef MPH_GRAPH_REFS_H
#define MPH_GRAPH_REFS_H

#include "graph/root_words.h"

struct ref {
    unsigned depth;        // 1: to the allocation itself; 2: to what holds it; and so on
    uint64_t at;           // address of the word; 0: a register
    uint64_t target;       // number of the head that it holds
    uint64_t block;        // the head that the word belongs to; BLOCK_NOBODY: a root
    struct root_word root; // of a root
};

struct refs {
    struct vec list;       // of struct ref, by depth, roots of each first
    uint64_t count;        // in all; more than the list has if that was cut
    uint64_t unread;       // bytes of roots and allocations that could not be read
    uint64_t unread_first; // address of the first of them
};

struct refs_query {
    uint64_t block;
    unsigned depth; // 1: what points at the block
    size_t max;     // elements that the list may have
};

// Over a link it reads all allocations, whole, in one pass; then it goes over all of them
// once for each level of depth. Memory: three bits a block, and the list. Objects need no
// labels. `ret` is to be released unless this fails.
int refs_find(struct refs *ret, const struct objects *objects, const struct refs_query *query,
              struct mph_err *err);
void refs_deinit(struct refs *refs);

static inline const struct ref *refs_at(const struct refs *refs, size_t index)
{
    return vec_at(&refs->list, index);
}

#endif
