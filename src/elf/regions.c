// SPDX-License-Identifier: MIT
#include "elf/regions.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, REGIONS_MAX = 256 };

// Text that is not terminated, with a place in it, and what names in it stand for.
struct cursor {
    const char *at, *end;
    const struct symbols *symbols; // may be NULL
    const struct vec *regions;     // of struct region: those above
};

struct attributes {
    bool are_there, are_writable;
};

static int add_region(struct vec *list, const char *name, size_t length, struct extent extent,
                      struct attributes attributes, struct mph_err *err)
{
    struct region *region = list->len < REGIONS_MAX ? vec_add(list) : NULL;

    if (!region)
        return list->len < REGIONS_MAX ? mph_fail_no_memory(err) : 0;
    region->extent = extent;
    region->is_writable = attributes.are_writable;
    region->has_attributes = attributes.are_there;
    snprintf(region->name, sizeof region->name, "%.*s", (int)(length < 63 ? length : 63), name);
    return 0;
}

// --- map files ---

static const char *find_text(const char *text, size_t size, const char *wanted)
{
    return memmem(text, size, wanted, strlen(wanted));
}

// "RAM   0x20000000   0x00020000   xrw": 1 with a region, 0 without.
static int parse_map_line(const char *line, size_t length, struct vec *ret, struct mph_err *err)
{
    char copy[256], name[64], attributes[16] = "";
    uint64_t origin, size;
    struct extent extent;

    snprintf(copy, sizeof copy, "%.*s", (int)(length < 255 ? length : 255), line);
    int count =
        sscanf(copy, "%63s 0x%" SCNx64 " 0x%" SCNx64 " %15s", name, &origin, &size, attributes);
    if (count < 3 || name[0] == '*' || !extent_set(&extent, origin, size))
        return 0;
    return add_region(ret, name, strlen(name), extent,
                      (struct attributes){count == 4, count < 4 || strchr(attributes, 'w')}, err);
}

int regions_from_map(const char *text, size_t size, struct vec *ret, struct mph_err *err)
{
    const char *end = text + size;
    const char *at = find_text(text, size, "Memory Configuration");
    int rc = 0;

    if (!at)
        return mph_fail(err, MPH_ERR_FILE, "map: no Memory Configuration in it");
    const char *stop = find_text(at, (size_t)(end - at), "Linker script and memory map");
    for (end = stop ? stop : end; rc == 0 && at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);

        rc = parse_map_line(at, length, ret, err);
        at += length + 1;
    }
    return rc;
}

// --- linker scripts: words and numbers ---

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end) {
        size_t left = (size_t)(cursor->end - cursor->at);

        if (left >= 2 && cursor->at[0] == '/' && cursor->at[1] == '*') {
            const char *close = find_text(cursor->at + 2, left - 2, "*/");

            cursor->at = close ? close + 2 : cursor->end;
        } else if (*cursor->at == '#') { // #if and its like
            const char *newline = memchr(cursor->at, '\n', left);

            cursor->at = newline ? newline : cursor->end;
        } else if (isspace((unsigned char)*cursor->at)) {
            cursor->at++;
        } else {
            return;
        }
    }
}

static bool take(struct cursor *cursor, char wanted)
{
    skip_blanks(cursor);
    if (cursor->at >= cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || strchr("_.$", c ? c : '!');
}

static size_t take_word(struct cursor *cursor, const char **ret)
{
    skip_blanks(cursor);
    *ret = cursor->at;
    while (cursor->at < cursor->end && is_word(*cursor->at))
        cursor->at++;
    return (size_t)(cursor->at - *ret);
}

static bool is_one_of(const char *word, size_t length, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == length && !strncasecmp(word, *names, length))
            return true;
    return false;
}

static const char *const origins[] = {"ORIGIN", "org", "o", NULL};
static const char *const lengths[] = {"LENGTH", "len", "l", NULL};

static bool read_number(const char *word, uint64_t *ret)
{
    char *rest;

    *ret = strtoull(word, &rest, 0);
    unsigned shift = *rest == 'K' || *rest == 'k' ? 10 : *rest == 'M' || *rest == 'm' ? 20 : 0;
    if (shift && *ret > UINT64_MAX >> shift)
        return false;
    *ret <<= shift;
    return !rest[shift != 0];
}

// "(RAM)" behind ORIGIN or LENGTH.
static bool read_region(struct cursor *cursor, bool wants_length, uint64_t *ret)
{
    const char *name;

    if (!take(cursor, '('))
        return false;
    size_t length = take_word(cursor, &name);
    for (size_t i = 0; i < cursor->regions->len; i++) {
        const struct region *region = vec_at(cursor->regions, i);

        if (strlen(region->name) == length && !strncmp(region->name, name, length)) {
            *ret = wants_length ? extent_bytes(region->extent) : region->extent.first;
            return take(cursor, ')');
        }
    }
    return false;
}

static bool read_symbol(const struct cursor *cursor, const char *name, uint64_t *ret)
{
    const struct symbol *symbol = cursor->symbols ? symbols_find(cursor->symbols, name) : NULL;

    if (symbol)
        *ret = symbol->address;
    return symbol != NULL;
}

static bool parse_value(struct cursor *cursor, uint64_t *ret)
{
    char copy[64];
    const char *word;
    size_t length = take_word(cursor, &word);

    if (!length || length >= sizeof copy)
        return false;
    memcpy(copy, word, length);
    copy[length] = '\0';
    if (isdigit((unsigned char)*copy))
        return read_number(copy, ret);
    bool wants_length = is_one_of(copy, length, lengths);
    if (wants_length || is_one_of(copy, length, origins))
        return read_region(cursor, wants_length, ret);
    return read_symbol(cursor, copy, ret);
}

// --- linker scripts: expressions ---

static bool parse_sum(struct cursor *cursor, int depth, uint64_t *ret);

static bool parse_factor(struct cursor *cursor, int depth, uint64_t *ret)
{
    if (!take(cursor, '('))
        return parse_value(cursor, ret);
    return depth < DEPTH_MAX && parse_sum(cursor, depth + 1, ret) && take(cursor, ')');
}

static bool parse_product(struct cursor *cursor, int depth, uint64_t *ret)
{
    uint64_t value;

    if (!parse_factor(cursor, depth, ret))
        return false;
    for (;;) {
        bool is_quotient = false;

        if (!take(cursor, '*') && !(is_quotient = take(cursor, '/')))
            return true;
        if (!parse_factor(cursor, depth, &value) || (is_quotient && !value))
            return false;
        *ret = is_quotient ? *ret / value : *ret * value;
    }
}

static bool parse_sum(struct cursor *cursor, int depth, uint64_t *ret)
{
    uint64_t value;

    if (!parse_product(cursor, depth, ret))
        return false;
    for (;;) {
        bool is_difference = false;

        if (!take(cursor, '+') && !(is_difference = take(cursor, '-')))
            return true;
        if (!parse_product(cursor, depth, &value))
            return false;
        *ret = is_difference ? *ret - value : *ret + value;
    }
}

// --- linker scripts: MEMORY ---

static bool parse_assignment(struct cursor *cursor, const char *const *names, uint64_t *ret)
{
    const char *word;
    size_t length = take_word(cursor, &word);

    return is_one_of(word, length, names) && take(cursor, '=') && parse_sum(cursor, 0, ret);
}

// Without attributes, or with those that it must not have, a region takes variables.
static struct attributes parse_attributes(struct cursor *cursor)
{
    struct attributes attributes = {.are_writable = true};

    if (!take(cursor, '('))
        return attributes;
    attributes = (struct attributes){.are_there = true};
    while (cursor->at < cursor->end && *cursor->at != ')')
        attributes.are_writable |= strchr("wWaA!", *cursor->at++) != NULL;
    take(cursor, ')');
    return attributes;
}

// Behind a region that is not understood, to the next one: there is one a line.
static void skip_line(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at != '\n' && *cursor->at != '}')
        cursor->at++;
}

static int parse_region(struct cursor *cursor, struct vec *ret, size_t *unknown,
                        struct mph_err *err)
{
    const char *name;
    size_t length = take_word(cursor, &name);
    struct attributes attributes = parse_attributes(cursor);
    uint64_t origin, size;
    struct extent extent;

    if (length && take(cursor, ':') && parse_assignment(cursor, origins, &origin) &&
        (take(cursor, ','), parse_assignment(cursor, lengths, &size)))
        return extent_set(&extent, origin, size)
                   ? add_region(ret, name, length, extent, attributes, err)
                   : 0;
    *unknown += attributes.are_writable;
    skip_line(cursor);
    return 0;
}

// Behind "MEMORY {".
static bool find_memory(struct cursor *cursor)
{
    static const char *const names[] = {"MEMORY", NULL};
    const char *word;

    while (cursor->at < cursor->end) {
        size_t length = take_word(cursor, &word);

        if (length == 6 && is_one_of(word, length, names) && take(cursor, '{'))
            return true;
        if (!length && cursor->at < cursor->end)
            cursor->at++;
    }
    return false;
}

int regions_from_script(const char *text, size_t size, const struct symbols *symbols,
                        struct vec *ret, size_t *ret_unknown, struct mph_err *err)
{
    struct cursor cursor = {text, text + size, symbols, ret};
    size_t unknown = 0;
    int rc = 0;

    if (!find_memory(&cursor))
        return mph_fail(err, MPH_ERR_FILE, "linker script: no MEMORY in it");
    while (rc == 0 && cursor.at < cursor.end && !take(&cursor, '}')) {
        const char *before = cursor.at;

        rc = parse_region(&cursor, ret, &unknown, err);
        if (cursor.at == before)
            cursor.at++;
    }
    if (rc == 0)
        *ret_unknown = unknown;
    return rc;
}
