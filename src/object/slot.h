// SPDX-License-Identifier: MIT
// How an object refers to what a word of it, or of a block that it holds, leads to.
#ifndef MPH_OBJECT_SLOT_H
#define MPH_OBJECT_SLOT_H

#include "object/objects.h"

// The object that a block belongs to in the end: on the heap, where it may be the block itself,
// or outside of it, such as dict_main. False when nothing is known of it.
bool slot_holder(const struct objects *objects, uint64_t block, struct object *ret);

// The step by which a word of a block is a reference, by what the block itself says, or else
// one that holds it: a module context knows where in a table constants begin, a list how many
// items there are. False when none of them knows.
bool slot_find(const struct objects *objects, uint64_t block, uint64_t at, struct step *ret);

#endif
