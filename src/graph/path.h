// SPDX-License-Identifier: MIT
// Shortest paths from roots, breadth first over the edges that the collector sees.
//
//     struct path_search search = {.target = block};
//     struct paths paths;
//     struct path path;
//     size_t node;
//     int rc = paths_init(&paths, objects, &search, &err);
//     if (rc == 0 && paths_find(&paths, block, &node))
//         rc = path_trace(&paths, node, &path, &err);
//
// One search answers for every block. Time is linear in the words of what is reached;
// memory is 8 bytes for each head, a bit for each block, and 4 bytes for each step of a
// path that is traced.
#ifndef MPH_GRAPH_PATH_H
#define MPH_GRAPH_PATH_H

#include "graph/root_words.h"

// Which of several paths of the same length is taken: the worst of its parts decides.
enum path_rank {
    PATH_SURE,  // through objects and blocks whose words are known for references
    PATH_LOOSE, // through data, or through blocks that nobody described
    PATH_WEAK,  // from a word that may be left over: of a stack, a register
    PATH_RANKS,
    PATH_LEFT_OUT = PATH_RANKS, // of a root word: as if it were none
};

struct path_search {
    // A block that paths end at, and do not lead through; BLOCK_NOBODY: there is none.
    uint64_t target;
    // How good a root word is; NULL: by its set.
    enum path_rank (*rank)(void *context, const struct root_word *word);
    void *context;
};

struct path_node {
    uint32_t block;
    uint32_t parent; // place in `nodes`; of those that a root holds, in `words`
};

struct paths {
    const struct objects *objects;
    struct root_words roots;
    struct vec words;        // of struct root_word: the best first, those in doubt last
    struct path_node *nodes; // in the order in which they are found: the nearest first
    size_t count;
    size_t certain; // nodes that certain roots lead to come first
    // Nodes that a root holds: [0, held) and [certain, held_in_doubt).
    size_t held, held_in_doubt;
    uint64_t target;
    uint8_t *seen;         // a bit a block
    uint64_t unread;       // bytes of roots and allocations that could not be read
    uint64_t unread_first; // address of the first of them
};

// Search from all roots. Over a link it reads all allocations, whole, in one pass.
// Objects need no labels; with them, words that refer to something are told from those
// that only look so.
int paths_init(struct paths *paths, const struct objects *objects, const struct path_search *search,
               struct mph_err *err);
void paths_deinit(struct paths *paths);

// The place in `nodes` of a head, by its block number; false when nothing reaches it.
bool paths_find(const struct paths *paths, uint64_t block, size_t *ret_node);

static inline bool paths_is_certain(const struct paths *paths, size_t node)
{
    return node < paths->certain;
}

// Whether a root holds a node; its parent is a word then.
static inline bool paths_is_held_by_root(const struct paths *paths, size_t node)
{
    return node < paths->held || (node >= paths->certain && node < paths->held_in_doubt);
}

// --- one path ---

struct path {
    struct root_word root;
    uint32_t *blocks; // heads, from the one that the root holds to the one in question
    size_t count;
};

// The path to a node. `ret` is to be released.
int path_trace(const struct paths *paths, size_t node, struct path *ret, struct mph_err *err);
void path_deinit(struct path *path);

// Addresses of the words of an allocation that hold a head: the first `max` of them.
// Returns how many there are in `ret`.
size_t path_words(const struct objects *objects, uint64_t block, uint64_t head, uint64_t *ret,
                  size_t max);

// --- more paths to the target of the search ---

// Who holds it: a root word, or an allocation that roots lead to.
struct path_end {
    const struct root_word *word; // NULL: an allocation
    size_t node;                  // the allocation
};

// Calls `visit` for each holder of the target, those with the shortest paths first,
// until it returns false. A holder that only the target leads to is none.
struct path_end_walk {
    bool (*visit)(void *context, const struct path_end *end);
    void *context;
};
void paths_each_end(const struct paths *paths, const struct path_end_walk *walk);

// The path to the target that ends there.
int path_trace_end(const struct paths *paths, const struct path_end *end, struct path *ret,
                   struct mph_err *err);

#endif
