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

#endif
