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

bool prelude_fits(const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {bytes, bytes + size};
    struct signature signature;
    size_t info;

    if (!read_signature(&cursor, &signature) || !read_info_size(&cursor, &info) || info == 0 ||
        info > (size_t)(cursor.end - cursor.at))
        return false;
    cursor.end = cursor.at + info;
    for (unsigned i = 0; i < 1 + signature.arguments; i++)
        if (!skip_name(&cursor))
            return false;
    while (cursor.at < cursor.end)
        if (!skip_line(&cursor))
            return false;
    return true;
}
