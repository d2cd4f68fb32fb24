// SPDX-License-Identifier: MIT
// One object word (mp_obj_t): what it says without looking at memory.
#ifndef MPH_OBJECT_WORD_H
#define MPH_OBJECT_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/layout.h"

enum word_kind {
    WORD_NULL,     // MP_OBJ_NULL, MP_OBJ_STOP_ITERATION: an empty slot
    WORD_SENTINEL, // MP_OBJ_SENTINEL: a deleted slot of a map or set
    WORD_SMALL_INT,
    WORD_QSTR,
    WORD_NONE,
    WORD_FALSE,
    WORD_TRUE,
    WORD_FLOAT,
    WORD_POINTER, // to something that begins with a type, if all is well
    WORD_BAD,     // no object word of this representation
};

struct word {
    enum word_kind kind;
    int64_t integer;  // WORD_SMALL_INT
    uint64_t id;      // WORD_QSTR
    double number;    // WORD_FLOAT
    uint64_t pointer; // WORD_POINTER
};

// Bytes of an object word: those of a pointer, but 8 in representation D.
size_t word_size(const struct layout *layout);

// py/obj.h, MICROPY_OBJ_REPR_A to _D; section 4.1 of docs/heap-format.md. With an
// unknown representation only pointers (aligned) and odd words are told apart.
void word_decode(const struct layout *layout, uint64_t bits, struct word *ret);

#endif
