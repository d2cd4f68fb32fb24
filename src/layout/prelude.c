// SPDX-License-Identifier: MIT
#include "layout/prelude.h"

// py/bc.h mp_code_state_t counts states in 16 bits from v1.12 on, and jumps have 16.
// More handlers or info than these would be a function nobody wrote.
enum {
    SIGNATURE_BYTES_MAX = 6,
    SIZE_BYTES_MAX = 6,
    STATE_MAX = 0xffff,
    HANDLERS_MAX = 255,
    INFO_BYTES_MAX = 0x10000,
};

struct cursor {
    const uint8_t *bytes;
    size_t at;
    size_t end;
};

static bool take(struct cursor *cursor, uint8_t *ret)
{
    if (cursor->at >= cursor->end)
        return false;
    *ret = cursor->bytes[cursor->at++];
    return true;
}

// A number in groups of seven bits, the most significant first.
static bool take_number(struct cursor *cursor, unsigned *ret)
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

// --- the header ---

// py/scope.h MP_SCOPE_FLAG_*: their order changed with v1.12 (b5ebfadbd6).
static void set_flags_v0(struct prelude_header *header, unsigned flags)
{
    header->has_varargs = flags & 1;
    header->has_varkeywords = flags & 2;
    header->is_generator = flags & 4;
    header->has_defkwargs = flags & 8;
}

static void set_flags(struct prelude_header *header, unsigned flags)
{
    header->is_generator = flags & 1;
    header->has_varkeywords = flags & 2;
    header->has_varargs = flags & 4;
    header->has_defkwargs = flags & 8;
}

static bool take_signature(struct cursor *cursor, struct prelude_header *ret)
{
    unsigned flags = 0;
    uint8_t byte;

    if (!take(cursor, &byte))
        return false;
    ret->n_state = byte >> 3 & 15u;
    ret->n_exc_stack = byte >> 2 & 1u;
    ret->n_pos_args = byte & 3u;
    for (int i = 0; byte & 0x80; i++) {
        if (i == SIGNATURE_BYTES_MAX || !take(cursor, &byte))
            return false;
        ret->n_state |= (byte & 0x30u) << 2 * i;
        ret->n_exc_stack |= (byte & 2u) << i;
        flags |= (byte >> 6 & 1u) << i;
        ret->n_pos_args |= (byte & 4u) << i;
        ret->n_kwonly_args |= (byte >> 3 & 1u) << i;
        ret->n_def_pos_args |= (byte & 1u) << i;
    }
    ret->n_state++;
    set_flags(ret, flags);
    return flags <= 15;
}

static bool take_sizes(struct cursor *cursor, size_t *ret_info, unsigned *ret_cells)
{
    uint8_t byte;

    *ret_info = 0;
    *ret_cells = 0;
    for (int i = 0; i < SIZE_BYTES_MAX; i++) {
        if (!take(cursor, &byte))
            return false;
        *ret_info |= (size_t)(byte >> 1 & 0x3f) << 6 * i;
        *ret_cells |= (byte & 1u) << i;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool take_compressed(struct cursor *cursor, struct prelude_header *ret)
{
    size_t info;

    if (!take_signature(cursor, ret) || !take_sizes(cursor, &info, &ret->n_cells))
        return false;
    ret->info_start = ret->names = cursor->at;
    ret->info_end = cursor->at + info;
    return info > 0 && info <= INFO_BYTES_MAX;
}

// The size of the code info counts from its own first byte.
static bool take_plain(struct cursor *cursor, struct prelude_header *ret)
{
    uint8_t flags, positional, keyword_only, defaults;
    unsigned info;

    if (!take_number(cursor, &ret->n_state) || !take_number(cursor, &ret->n_exc_stack) ||
        !take(cursor, &flags) || !take(cursor, &positional) || !take(cursor, &keyword_only) ||
        !take(cursor, &defaults))
        return false;
    ret->info_start = cursor->at;
    if (!take_number(cursor, &info))
        return false;
    ret->n_pos_args = positional;
    ret->n_kwonly_args = keyword_only;
    ret->n_def_pos_args = defaults;
    ret->names = cursor->at;
    ret->info_end = ret->info_start + info;
    set_flags_v0(ret, flags);
    return flags <= 15 && ret->info_end > ret->names && info <= INFO_BYTES_MAX;
}

// Arguments are the first locals, and each cell is a local.
static bool is_possible(const struct prelude_header *header)
{
    unsigned arguments =
        header->n_pos_args + header->n_kwonly_args + header->has_varargs + header->has_varkeywords;

    return header->n_state > 0 && header->n_state <= STATE_MAX &&
           header->n_exc_stack <= HANDLERS_MAX && arguments <= header->n_state &&
           header->n_def_pos_args <= header->n_pos_args && header->n_cells <= header->n_state;
}

bool prelude_read_header(enum prelude_form form, const uint8_t *bytes, size_t size,
                         struct prelude_header *ret)
{
    struct cursor cursor = {bytes, 0, size};
    struct prelude_header header = {0};
    bool is_read =
        form == PRELUDE_V0 ? take_plain(&cursor, &header) : take_compressed(&cursor, &header);

    if (!is_read || !is_possible(&header))
        return false;
    *ret = header;
    return true;
}

// --- names and lines ---

bool line_step_read(const uint8_t *bytes, size_t end, size_t *at, struct line_step *ret)
{
    struct cursor cursor = {bytes, *at, end};
    uint8_t first, second;

    if (!take(&cursor, &first))
        return false;
    if (!(first & 0x80)) {
        *ret = (struct line_step){first & 0x1f, first >> 5};
    } else {
        if (!take(&cursor, &second))
            return false;
        *ret = (struct line_step){first & 0xf, (first << 4 & 0x700u) | second};
    }
    *at = cursor.at;
    return true;
}

static bool take_name(struct cursor *cursor, enum prelude_names names, unsigned *ret)
{
    uint8_t low, high;

    if (names == NAMES_NUMBERS)
        return take_number(cursor, ret);
    if (!take(cursor, &low) || !take(cursor, &high))
        return false;
    *ret = low | (unsigned)high << 8;
    return true;
}

static bool take_arguments(struct cursor *cursor, const struct prelude_header *header,
                           struct prelude_info *ret)
{
    for (unsigned i = 0; i < header->n_pos_args + header->n_kwonly_args; i++) {
        unsigned name;

        if (!take_number(cursor, &name))
            return false;
        if (i < PRELUDE_ARGS_MAX)
            ret->args[i] = name;
    }
    return true;
}

// Up to v1.18 a zero ends the table; in v0 without MICROPY_PERSISTENT_CODE zeros
// fill up the section to a word.
static bool are_zeros_to(const struct cursor *cursor, size_t end, size_t most)
{
    if (end - cursor->at < 1 || end - cursor->at > most)
        return false;
    for (size_t at = cursor->at; at < end && at < cursor->end; at++)
        if (cursor->bytes[at])
            return false;
    return true;
}

enum { WORD_BYTES_MAX = 8 };

// Whether the lines at the cursor end where the section does, as far as they can
// be seen: the cursor ends with the bytes at hand or the section, whichever is first.
static bool lines_fit(enum prelude_form form, struct cursor *cursor, size_t info_end,
                      bool *ret_has_all)
{
    struct line_step step;

    while (cursor->at < cursor->end) {
        if (form != PRELUDE_V2 && !cursor->bytes[cursor->at]) {
            *ret_has_all = info_end <= cursor->end;
            return are_zeros_to(cursor, info_end, form == PRELUDE_V0 ? WORD_BYTES_MAX : 1);
        }
        if (!line_step_read(cursor->bytes, cursor->end, &cursor->at, &step))
            return info_end > cursor->end; // an entry of two bytes, cut by what was read
    }
    *ret_has_all = form == PRELUDE_V2 && cursor->at == info_end;
    return *ret_has_all || info_end > cursor->end;
}

bool prelude_read_info(enum prelude_form form, enum prelude_names names, const uint8_t *bytes,
                       size_t size, const struct prelude_header *header, struct prelude_info *ret)
{
    size_t end = header->info_end < size ? header->info_end : size;
    struct cursor cursor = {bytes, header->names, end};
    struct prelude_info info = {0};

    if (!take_name(&cursor, form == PRELUDE_V2 ? NAMES_NUMBERS : names, &info.name))
        return false;
    if (form == PRELUDE_V2 ? !take_arguments(&cursor, header, &info)
                           : !take_name(&cursor, names, &info.file))
        return false;
    info.lines = cursor.at;
    if (!lines_fit(form, &cursor, header->info_end, &info.has_all_lines))
        return false;
    *ret = info;
    return true;
}

// --- is it a prelude at all? ---

static bool fits(enum prelude_form form, enum prelude_names names, const uint8_t *bytes,
                 size_t size)
{
    struct prelude_header header;
    struct prelude_info info;

    return prelude_read_header(form, bytes, size, &header) &&
           prelude_read_info(form, names, bytes, size, &header, &info);
}

bool prelude_fits_v0(const uint8_t *bytes, size_t size)
{
    return fits(PRELUDE_V0, NAMES_HALVES, bytes, size) ||
           fits(PRELUDE_V0, NAMES_NUMBERS, bytes, size);
}

bool prelude_fits_v1(const uint8_t *bytes, size_t size)
{
    return fits(PRELUDE_V1, NAMES_HALVES, bytes, size) ||
           fits(PRELUDE_V1, NAMES_NUMBERS, bytes, size);
}

bool prelude_fits_v2(const uint8_t *bytes, size_t size)
{
    return fits(PRELUDE_V2, NAMES_NUMBERS, bytes, size);
}
