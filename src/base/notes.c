// SPDX-License-Identifier: MIT
#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void notes_add(struct vec *notes, const char *format, ...)
{
    struct note note;
    va_list args;

    va_start(args, format);
    vsnprintf(note.text, sizeof note.text, format, args);
    va_end(args);
    for (size_t i = 0; i < notes->len; i++)
        if (!strcmp(notes_text(notes, i), note.text))
            return;
    struct note *slot = vec_add(notes);
    if (slot)
        *slot = note;
}
