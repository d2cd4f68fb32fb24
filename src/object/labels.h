// SPDX-License-Identifier: MIT
// Who holds each block: the passes that label a heap.
#ifndef MPH_OBJECT_LABELS_H
#define MPH_OBJECT_LABELS_H

#include "object/objects.h"

// Fill kinds and owners. From what is certain to what is likely:
//  1. heads that begin with a type are objects of its kind;
//  2. the interned strings' pools and chunks;
//  3. what objects hold through the members of their kind; what looks like an object
//     but is held as a table is a table (its first element happens to be a type);
//  4. what the interpreter's own structures and the C stack hold;
//  5. blocks of known shape that nothing above holds: frames, code;
//  6. whatever a word of an object of unknown kind, of the interpreter's state or of
//     such a block points at.
// What is left is not known (kind 0) and held by nobody.
int labels_make(struct objects *objects, struct mph_err *err);

// How wide an mp_float_t is: from the representation, a constant of the firmware, or the
// float objects on the heap (_sample: in its first few blocks, before any is labelled).
void numbers_measure(struct objects *objects);
void numbers_sample(struct objects *objects);

// --- for its own parts: labels.c, roots.c ---

// Label the head at `address` as held by `owner`, if it is at least `bytes` long
// and nobody else's; and what it holds itself.
void label_block(struct objects *objects, uint32_t owner, const struct kind *kind, uint64_t address,
                 uint64_t bytes);

// Label as plain data what the words of a piece of memory point at.
void label_words(struct objects *objects, uint32_t owner, uint64_t address, uint64_t bytes);

// Label what an object holds through its members, in the name of `owner`.
void label_held(struct objects *objects, uint32_t owner, const struct object *object);

// A holder outside the heap, as an owner.
uint32_t outside_add(struct objects *objects, uint64_t address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Steps 2 and 4 of labels_make.
void label_qstrs(struct objects *objects);
void label_state(struct objects *objects);
void label_stack(struct objects *objects);
void label_state_words(struct objects *objects);

#endif
