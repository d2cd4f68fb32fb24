// SPDX-License-Identifier: MIT
// What a heap holds at one inventory, as plain memory that outlives its target.
//
// A thing is an object with the blocks that it holds, or a block that no object holds:
// all things, and tails that follow no head, make up the bytes in use.
#ifndef MPH_GRAPH_INVENTORY_H
#define MPH_GRAPH_INVENTORY_H

#include "gc/numbers.h"
#include "graph/fit.h"
#include "object/names.h"
#include "object/objects.h"

// No place.
enum { THING_NONE = UINT32_MAX };

struct thing {
    uint64_t address;
    uint64_t own_bytes;  // of its allocation
    uint64_t held_bytes; // of the blocks that it holds
    uint64_t length;     // as Python's len() would have it, where has_length
    bool has_length;     // a container or text that holds blocks
    bool is_block;       // no object
    bool is_garbage;     // no word that may be a root leads there
    uint32_t keeper;     // place in inventory->things: the nearest object without which a
                         // collection would free it; THING_NONE: none alone, or not reached
    uint32_t type;       // place in inventory->types
    uint32_t name;       // place in inventory->names; 0: nothing with a name leads there
};

struct thing_type {
    char *name;     // as `types` calls it, unescaped; owned
    uint64_t class; // address of a class of the program; 0: none of the program's
};

// A name leads from the one before it to something on the heap, or to a module outside.
struct thing_name {
    uint64_t address; // of what is named
    uint32_t parent;  // place in inventory->names, a smaller one; 0: none
};

struct inventory {
    uint8_t word_bytes;
    uint16_t block_bytes;
    bool big_endian;
    uint64_t metatype; // mp_type_type: one place for each firmware; 0 not known
    struct vec areas;  // of struct range: the pools
    struct gc_numbers numbers;
    struct free_runs runs;
    uint64_t loose_bytes; // tails without a head
    bool has_garbage;     // garbage is known as such, at least some
    struct vec things;    // of struct thing, by address
    struct vec types;     // of struct thing_type
    struct vec names;     // of struct thing_name; the first is none
    struct vec notes;     // of struct note: for those who look at it later
};

// Neither `objects`, which are named, nor `names` are needed afterwards. Over a link it reads
// all of the heap in use. Memory: for the while that of struct mark and of struct retained.
int inventory_take(struct inventory *ret, const struct objects *objects, const struct names *names,
                   struct mph_err *err);
void inventory_deinit(struct inventory *inventory);

static inline const struct thing *inventory_thing(const struct inventory *inventory, size_t place)
{
    return vec_at(&inventory->things, place);
}

static inline const struct thing_type *inventory_type(const struct inventory *inventory,
                                                      size_t place)
{
    return vec_at(&inventory->types, place);
}

static inline const struct thing_name *inventory_name(const struct inventory *inventory,
                                                      size_t place)
{
    return vec_at(&inventory->names, place);
}

static inline uint64_t thing_bytes(const struct thing *thing)
{
    return thing->own_bytes + thing->held_bytes;
}

// The thing that begins at an address.
bool inventory_find(const struct inventory *inventory, uint64_t address, uint32_t *ret_place);

// Whether an address lies in one of the pools.
bool inventory_contains(const struct inventory *inventory, uint64_t address);

#endif
