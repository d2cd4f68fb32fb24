// SPDX-License-Identifier: MIT
// What would go with each object if nothing held it any more, as a program sees it:
// blocks that an object holds are part of it, and so is the dict of a module or class.
#ifndef MPH_GRAPH_RETAINED_H
#define MPH_GRAPH_RETAINED_H

#include "graph/dominators.h"
#include "object/histogram.h"

struct retained {
    const struct objects *objects; // named
    struct dominators tree;
    struct packed parts;    // by node: whether it is a part of who dominates it
    struct packed own;      // by node: blocks of its own and of its parts
    struct packed rows;     // by node: place of its type in `types`
    struct histogram types; // of all that is reached; blocks that are held are their holders'
    struct vec roots;       // of struct root_of, by node
};

// A word outside of the heap that holds a node.
struct root_of {
    uint32_t node;
    uint32_t order; // in which the words were found
    struct root_word word;
};

// `roots` were found in named objects, which outlive it. Memory: that of the dominators when
// they are built, and a bit and two numbers a head.
int retained_init(struct retained *ret, const struct root_words *roots, struct mph_err *err);
void retained_deinit(struct retained *retained);

// The node that a node is a part of, or itself. Parts of parts are few (see objects_top_owner).
static inline uint32_t retained_carrier(const struct retained *retained, uint32_t node)
{
    while (packed_get(&retained->parts, node))
        node = dominators_immediate(&retained->tree, node);
    return node;
}

// The object that alone keeps an object (not a part of one); 0: none on the heap.
static inline uint32_t retained_above(const struct retained *retained, uint32_t node)
{
    return retained_carrier(retained, dominators_immediate(&retained->tree, node));
}

static inline uint64_t retained_own_bytes(const struct retained *retained, uint32_t node)
{
    return (uint64_t)packed_get(&retained->own, node) << retained->objects->block_shift;
}

// The type of a node's object, as a row of `types`.
static inline uint32_t retained_row(const struct retained *retained, uint32_t node)
{
    return packed_get(&retained->rows, node);
}

// The node whose object an allocation is, or is a part of; 0: not reached.
uint32_t retained_node(const struct retained *retained, uint64_t block);

// Root words that hold a node, the first of them at *ret; how many there are.
size_t retained_roots(const struct retained *retained, uint32_t node, const struct root_of **ret);

// --- the largest ---

enum { RETAINED_DEPTH_MAX = 100 };

struct retainer {
    uint32_t node;
    unsigned depth; // 0: nothing on the heap dominates it
};

// The `top` objects that retain most, no deeper than `depth` below the roots, as
// struct retainer: each behind the one that dominates it, siblings by size. Whatever
// dominates one of them is among them, too.
int retained_top(const struct retained *retained, size_t top, unsigned depth, struct vec *ret,
                 struct mph_err *err);

// --- of one object ---

// What goes with an object, by type, the largest first; the object itself is among it.
int retained_types(const struct retained *retained, uint32_t node, struct histogram *ret,
                   struct mph_err *err);

// --- leak suspects ---

// Many objects of one type that one object alone keeps, side by side, or behind each other
// in a chain. Tables of names (of modules, of classes) are not asked.
enum { SUSPECT_COUNT = 20, SUSPECT_PERCENT = 5 }; // objects; of the bytes in use

struct suspect {
    uint32_t holder; // node; of a chain, its first object
    uint32_t first;  // node of one of the objects
    bool is_chain;
    uint64_t count, bytes; // of the objects, with all that would go with them
};

// As struct suspect, the largest first. Memory: three numbers a head for the while.
int retained_suspects(const struct retained *retained, uint64_t used_bytes, struct vec *ret,
                      struct mph_err *err);

#endif
