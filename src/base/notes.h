// SPDX-License-Identifier: MIT
// Lines that go along with an answer: what was missing, not believed or uncertain.
#ifndef MPH_BASE_NOTES_H
#define MPH_BASE_NOTES_H

#include "base/vec.h"

struct note {
    char text[320]; // one line without a newline, cut where it is too long
};

// A struct vec of notes, empty.
#define NOTES VEC_OF(struct note)

// Add a line, unless it is there. Out of memory loses the note and nothing else.
void notes_add(struct vec *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The text of note `index`; it lives until the next notes_add.
static inline const char *notes_text(const struct vec *notes, size_t index)
{
    return ((const struct note *)vec_at(notes, index))->text;
}

#endif
