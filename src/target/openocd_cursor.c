// SPDX-License-Identifier: MIT
#include "target/openocd_cursor.h"

enum { WORD = CURSOR_WORD };

uint64_t cursor_first_word(const struct link_read *read)
{
    return read->address & ~(uint64_t)(WORD - 1);
}

static size_t word_count(const struct link_read *read)
{
    return (size_t)((read->address % WORD + read->size + WORD - 1) / WORD);
}

bool cursor_at_end(const struct cursor *cursor)
{
    return cursor->index == cursor->count;
}

size_t cursor_left(const struct cursor *cursor)
{
    return word_count(&cursor->reads[cursor->index]) - cursor->done;
}

uint64_t cursor_address(const struct cursor *cursor)
{
    return cursor_first_word(&cursor->reads[cursor->index]) + (uint64_t)WORD * cursor->done;
}

void cursor_advance(struct cursor *cursor, size_t words)
{
    cursor->done += words;
    if (cursor_left(cursor) == 0) {
        cursor->index++;
        cursor->done = 0;
    }
}

void cursor_refuse(struct cursor *cursor)
{
    cursor->reads[cursor->index].status = MPH_ERR_READ;
    cursor->index++;
    cursor->done = 0;
}

void cursor_deliver(const struct cursor *cursor, size_t index, const uint8_t bytes[WORD])
{
    struct link_read *read = &cursor->reads[cursor->index];
    size_t skip = (size_t)(read->address % WORD);
    size_t at = (cursor->done + index) * WORD; // counted from cursor_first_word

    for (size_t i = 0; i < WORD; i++)
        if (at + i >= skip && at + i - skip < read->size)
            read->bytes[at + i - skip] = bytes[i];
}
