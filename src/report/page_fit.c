// SPDX-License-Identifier: MIT
#include "report/page_fit.h"

#include "base/notes.h"
#include "report/page.h"

static size_t column_bytes(const struct table *table, size_t column)
{
    const struct text *text = table_column_text(table, column);

    return text->len ? page_packed_bytes(text->bytes, text->len) : 0;
}

static size_t table_bytes(const struct table *table)
{
    size_t bytes = 0;

    for (size_t i = 0; i < table->columns.len; i++)
        bytes += column_bytes(table, i);
    return bytes;
}

// Whether all would fit even if none of it could be packed.
static bool is_small(const struct table *table, size_t room)
{
    size_t bytes = 0;

    for (size_t i = 0; i < table->columns.len; i++)
        bytes += table_column_text(table, i)->len;
    return bytes / 3 * 4 < room;
}

static void add_note(const struct page_spare *spare, size_t length, struct vec *notes)
{
    if (length)
        notes_add(notes, "page: %s are cut to %zu characters, so that the page stays below 3 MB",
                  spare->what, length);
    else
        notes_add(notes, "page: %s are left out, so that the page stays below 3 MB", spare->what);
}

// Cut a column, which takes so many bytes, until no more than `room` are left; returns what is.
static size_t cut(struct table *table, const struct page_spare *spare, size_t bytes, size_t room,
                  struct vec *notes)
{
    static const size_t lengths[] = {64, 48, 32, 24, 16, 10, 0};
    size_t i = 0;

    for (; bytes > room && i < sizeof lengths / sizeof *lengths; i++) {
        table_cut(table, spare->column, lengths[i]);
        bytes = column_bytes(table, spare->column);
    }
    if (i)
        add_note(spare, lengths[i - 1], notes);
    return bytes;
}

void page_fit(struct table *table, const struct page_spare *spares, size_t count, size_t room,
              struct vec *notes)
{
    if (table->has_failed || is_small(table, room))
        return;
    size_t bytes = table_bytes(table);
    for (size_t i = 0; i < count && bytes > room; i++) {
        size_t own = column_bytes(table, spares[i].column), others = bytes - own;

        bytes = others + cut(table, &spares[i], own, room > others ? room - others : 0, notes);
    }
}
