// SPDX-License-Identifier: MIT
// What is about to be read of a heap's blocks, declared to a link, so that it crosses in
// few requests and little else does. Nothing happens where memory is at hand.
//
// In the order in which blocks are labelled: each builds on what is known by then.
#ifndef MPH_OBJECT_DECLARE_H
#define MPH_OBJECT_DECLARE_H

#include "object/objects.h"

// The first word of every head; the types that those words are, with their names; and
// objects whose type alone does not tell their kind.
int declare_types(const struct objects *objects, struct mph_err *err);

// Of objects, the members that say which blocks they hold.
int declare_members(const struct objects *objects, struct mph_err *err);

// Of blocks without a kind, what shows whether they are frames or code.
int declare_shapes(const struct objects *objects, struct mph_err *err);

// Blocks that may hold anything, whole.
int declare_data(const struct objects *objects, struct mph_err *err);

// Some blocks, whole.
int declare_blocks(const struct objects *objects, const uint32_t *blocks, size_t count,
                   struct mph_err *err);

// Everything that refers to objects: items, tables, members.
int declare_references(const struct objects *objects, struct mph_err *err);

// What short values of all objects show of text and numbers; references apart.
int declare_values(const struct objects *objects, struct mph_err *err);

// The same for the object at a block and what it refers to, some levels deep.
int declare_value(const struct objects *objects, uint64_t block, struct mph_err *err);

// --- for its own parts: declare.c, declare_value.c ---

// Which part of a head's allocation will be read; *ret comes as the whole, from 0 on.
// False for none.
typedef bool range_of(const struct objects *objects, uint64_t block, struct range *ret);

int declare_heads(const struct objects *objects, range_of *of_head, struct mph_err *err);

#endif
