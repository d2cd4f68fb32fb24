// SPDX-License-Identifier: MIT
#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>

void notes_add(struct vec *notes, const char *format, ...)
{
    struct note *note = vec_add(notes);
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
}
