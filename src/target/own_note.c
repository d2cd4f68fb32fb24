// SPDX-License-Identifier: MIT
#include "target/own_note.h"

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "target/cache.h"

enum { LINE_MAX_BYTES = 80, RANGES_MAX = 4096 };

void own_note_add_registers(const struct regs *regs, struct text *text)
{
    for (size_t i = 0; i < regs->count; i++)
        text_printf(text, "%s=0x%" PRIx64 "\n", regs->list[i].name, regs->list[i].value);
}

void own_note_add_ranges(const struct vec *ranges, struct text *text)
{
    for (size_t i = 0; i < ranges->len && i < RANGES_MAX; i++) {
        const struct range *range = vec_at(ranges, i);

        text_printf(text, "0x%" PRIx64 "+0x%" PRIx64 "\n", range->address, range->size);
    }
}

// --- reading ---

// The next line of at most `capacity` - 1 bytes, cut in two where `separator` stands.
// False at the end; both words are empty for a line that has no such form.
static bool next_line(const struct elf_note *note, size_t *at, char separator, char *line,
                      const char **left, const char **right)
{
    const char *start = (const char *)note->bytes + *at;
    const char *end = *at < note->size ? memchr(start, '\n', note->size - *at) : NULL;

    if (!end)
        return false;
    size_t size = (size_t)(end - start);
    *at += size + 1;
    *left = *right = "";
    char *middle = size < LINE_MAX_BYTES ? memchr(start, separator, size) : NULL;
    if (!middle)
        return true;
    memcpy(line, start, size);
    line[size] = '\0';
    line[middle - start] = '\0';
    *left = line;
    *right = line + (middle - start) + 1;
    return true;
}

bool own_note_registers(const struct elf_note *note, struct regs *ret)
{
    struct regs regs = {.count = 0};
    char line[LINE_MAX_BYTES];
    const char *name, *number;
    uint64_t value;

    for (size_t at = 0; next_line(note, &at, '=', line, &name, &number);)
        if (*name && parse_uint(number, &value))
            regs_set(&regs, name, value);
    if (regs.count)
        *ret = regs;
    return regs.count > 0;
}

void own_note_ranges(const struct elf_note *note, struct vec *ranges)
{
    char line[LINE_MAX_BYTES];
    const char *first, *second;
    uint64_t address, size;

    for (size_t at = 0; next_line(note, &at, '+', line, &first, &second);) {
        if (ranges->len >= RANGES_MAX || !parse_uint(first, &address) ||
            !parse_uint(second, &size) || !size || size - 1 > UINT64_MAX - address)
            continue;
        struct range *range = vec_add(ranges);
        if (range)
            *range = (struct range){address, size};
    }
}
