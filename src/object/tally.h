// SPDX-License-Identifier: MIT
// How many bytes are whose: what each object takes with the blocks it holds. All
// parts add up to the pools.
#ifndef MPH_OBJECT_TALLY_H
#define MPH_OBJECT_TALLY_H

#include "object/objects.h"

struct tally {
    uint32_t *held_blocks; // by number of an object's head: blocks of what it holds
    uint64_t objects, object_bytes;
    uint64_t helpers, helper_bytes;  // held by an object, or by something outside the heap
    uint64_t unowned, unowned_bytes; // of unknown kind, or known and held by nobody
    uint64_t loose_bytes;            // tails without a head: a collection was under way
    uint64_t free_bytes;
    uint64_t pool_bytes;
};

int tally_init(struct tally *tally, const struct objects *objects, struct mph_err *err);
void tally_deinit(struct tally *tally);

// What people call the kind of a block: the type's name for instances and objects
// of types nobody described, "?" for a block of unknown kind.
const char *block_type_name(const struct objects *objects, uint64_t block);

// Whether objects of a kind are called by their type's name, not all by that of the kind.
bool kind_is_named_by_type(const struct kind *kind);

#endif
