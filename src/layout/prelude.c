// SPDX-License-Identifier: MIT
#include "layout/prelude.h"

// py/bc.h MP_BC_PRELUDE_SIG_DECODE and MP_BC_PRELUDE_SIZE_DECODE, v1.12 and later.
// More than these would be a function nobody wrote.
enum { SIGNATURE_BYTES_MAX = 6, SIZE_BYTES_MAX = 4, STATE_MAX = 1024 };

struct signature {
    unsigned state;     // n_state
    unsigned arguments; // positional and keyword-only
};

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static bool take(struct cursor *cursor, uint8_t *ret)
{
    if (cursor->at == cursor->end)
        return false;
    *ret = *cursor->at++;
    return true;
}

static bool read_signature(struct cursor *cursor, struct signature *ret)
{
    uint8_t byte;

    if (!take(cursor, &byte))
        return false;
    *ret = (struct signature){byte >> 3 & 15u, byte & 3u};
    for (int i = 0; byte & 0x80; i++) {
        if (i == SIGNATURE_BYTES_MAX || !take(cursor, &byte))
            return false;
        ret->state |= (byte & 0x30u) << 2 * i;
        ret->arguments += ((byte & 4u) << i) + ((byte >> 3 & 1u) << i);
    }
    ret->state++;
    return ret->state <= STATE_MAX && ret->arguments < ret->state + 1;
}

static bool read_info_size(struct cursor *cursor, size_t *ret)
{
    uint8_t byte;

    *ret = 0;
    for (int i = 0; i < SIZE_BYTES_MAX; i++) {
        if (!take(cursor, &byte))
            return false;
        *ret |= (size_t)(byte >> 1 & 0x3f) << 6 * i;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

// An index into the module's table of names: at most three bytes.
static bool skip_name(struct cursor *cursor)
{
    uint8_t byte;

    for (int i = 0; i < 3; i++) {
        if (!take(cursor, &byte))
            return false;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

// One byte, or two when the top bit is set (py/bc.h mp_bytecode_get_source_line).
static bool skip_line(struct cursor *cursor)
{
    uint8_t byte;

    return take(cursor, &byte) && (!(byte & 0x80) || take(cursor, &byte));
}

// Signature and size as of v1.12; the cursor then covers the info section alone.
static bool read_v1_header(struct cursor *cursor, struct signature *ret)
{
    size_t info;

    if (!read_signature(cursor, ret) || !read_info_size(cursor, &info) || info == 0 ||
        info > (size_t)(cursor->end - cursor->at))
        return false;
    cursor->end = cursor->at + info;
    return true;
}

static bool skip_lines(struct cursor *cursor)
{
    while (cursor->at < cursor->end)
        if (!skip_line(cursor))
            return false;
    return true;
}

bool prelude_fits_v2(const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {bytes, bytes + size};
    struct signature signature;

    if (!read_v1_header(&cursor, &signature))
        return false;
    for (unsigned i = 0; i < 1 + signature.arguments; i++)
        if (!skip_name(&cursor))
            return false;
    return skip_lines(&cursor);
}

// Name and source file, 16 bits each with MICROPY_PERSISTENT_CODE and else a
// varying number, then the line table, which a zero ends.
enum { NAMES_BYTES_MIN = 2 };

bool prelude_fits_v1(const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {bytes, bytes + size};
    struct signature signature;

    return read_v1_header(&cursor, &signature) &&
           cursor.end - cursor.at > NAMES_BYTES_MIN && cursor.end[-1] == 0;
}

// A number in groups of seven bits, the most significant first.
static bool read_number(struct cursor *cursor, unsigned *ret)
{
    uint8_t byte;

    *ret = 0;
    for (int i = 0; i < 3; i++) {
        if (!take(cursor, &byte))
            return false;
        *ret = *ret << 7 | (byte & 0x7f);
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

enum { EXCEPTIONS_MAX = 64, FLAGS_MAX = 15, CODE_INFO_MAX = 4096 };

bool prelude_fits_v0(const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {bytes, bytes + size};
    unsigned state, exceptions, info;
    uint8_t flags, positional, keyword_only, defaults;

    if (!read_number(&cursor, &state) || !read_number(&cursor, &exceptions) ||
        !take(&cursor, &flags) || !take(&cursor, &positional) || !take(&cursor, &keyword_only) ||
        !take(&cursor, &defaults))
        return false;
    const uint8_t *info_start = cursor.at;
    if (!read_number(&cursor, &info))
        return false;
    return state > 0 && state <= STATE_MAX && exceptions <= EXCEPTIONS_MAX && flags <= FLAGS_MAX &&
           positional + keyword_only <= (int)state && defaults <= positional &&
           info > (size_t)(cursor.at - info_start) + NAMES_BYTES_MIN && info <= CODE_INFO_MAX;
}
