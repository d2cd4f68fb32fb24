// SPDX-License-Identifier: MIT
#include "report/map_letters.h"

#include <inttypes.h>

#include "report/rich.h"

static const struct {
    char letter;
    const char *meaning;
} legend[] = {
    {'.', "free"},
    {'=', "tail of the head before it"},
    {'h', "head of any other kind"},
    {'T', "tuple"},
    {'L', "list"},
    {'D', "dict"},
    {'S', "str or bytes"},
    {'A', "bytearray or array"},
    {'F', "float"},
    {'B', "function (bytecode)"},
    {'M', "module"},
    {'m', "marked head: a collection is in progress"},
    {'?', "head that could not be read"},
};

void map_letters_each(bool is_rich, void *context,
                      void (*add)(void *context, char letter, const char *meaning))
{
    if (is_rich)
        rich_each_letter(context, add);
    else
        for (size_t i = 0; i < sizeof legend / sizeof *legend; i++)
            add(context, legend[i].letter, legend[i].meaning);
}

int map_letters_walk(struct session *session, bool is_rich, const struct gc_area *area,
                     struct letters *letters, struct mph_err *err)
{
    return is_rich ? rich_walk(&session->objects, area, letters, err)
                   : letters_walk(&session->heap, &session->target, area, letters, err);
}

void map_letters_note_unread(const struct letters *letters, struct output *output)
{
    if (letters->unread)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " heads could not be read, the first at 0x%" PRIx64,
                  letters->unread, letters->unread_first);
}
