// SPDX-License-Identifier: MIT
#include "object/bytecode.h"

// A letter an opcode: what follows it.
//   B nothing         X a byte            V a number         Q a qstr
//   q a qstr, and a byte where lookups are cached in the code
//   P a number; an aligned pointer in firmware that loads no .mpy files
//   C the same, and a byte
//   O an offset       S an offset back or forth              W that, and a byte
//   E an offset from v1.11 on, nothing before
//   . no opcode
// py/bc0.h and py/bc.c mp_opcode_format of v1.8 to v1.11, opcodes 0x10 to 0x6f.
static const char old_rows[] = "BBB.V.QPBVVqqqQQ"
                               "BBVVQQqBVVQQ...."
                               "BBBBBSSSSS...OBO"
                               "OBBOEBWB........"
                               "VV.VB.VVVVVBXBB."
                               "PPCCVVVVQQB.....";

// The same of v1.12 and later, opcodes 0x00 to 0x4f.
static const char new_rows[] = "................"
                               "QqqqQQQQqQQQQQQQ"
                               "CCVPVVVVVVVVVVVV"
                               "VVPPVVVVVVVVVVVV"
                               "W.SSSOOOOOOOOOOO";

// What the opcodes of a build look like.
struct dialect {
    enum prelude_form form;
    bool has_pointers; // no MICROPY_PERSISTENT_CODE: pointers, and qstrs as numbers
    bool has_cache;    // MICROPY_OPT_CACHE_MAP_LOOKUP_IN_BYTECODE, up to v1.17
    bool is_before_11; // up to v1.10
};

static char letter_of(const struct dialect *dialect, uint8_t opcode)
{
    char letter;

    if (dialect->form != PRELUDE_V0)
        return opcode < 0x50 ? new_rows[opcode] : 'B';
    if (opcode >= 0x70)
        return 'B'; // small numbers, fast locals, operators, whose number changed often
    letter = opcode < 0x10 ? '.' : old_rows[opcode - 0x10];
    return letter != 'E' ? letter : dialect->is_before_11 ? 'B' : 'O';
}

// --- one opcode ---

enum { WINDOW_BYTES = 512 };

struct reader {
    struct target *target;
    struct dialect dialect;
    size_t word;
    uint64_t at;          // address of the next byte
    uint64_t known, size; // bytes at hand: from address `known` on
    uint8_t bytes[WINDOW_BYTES];
    bool is_bad;
};

static bool fill(struct reader *reader)
{
    size_t size = WINDOW_BYTES;

    while (size && target_read(reader->target, reader->at, reader->bytes, size, NULL) < 0)
        size /= 2;
    reader->known = reader->at;
    reader->size = size;
    return size > 0;
}

static uint8_t next_byte(struct reader *reader)
{
    if (reader->at - reader->known >= reader->size && !fill(reader)) {
        reader->is_bad = true;
        return 0;
    }
    return reader->bytes[reader->at++ - reader->known];
}

static void skip_number(struct reader *reader)
{
    enum { NUMBER_BYTES_MAX = 10 };

    for (int i = 0; i < NUMBER_BYTES_MAX; i++)
        if (!(next_byte(reader) & 0x80))
            return;
    reader->is_bad = true;
}

// From v1.19 on a byte or two; before, always two. Signed ones are kept in excess.
static int64_t read_offset(struct reader *reader, bool is_signed)
{
    int64_t low = next_byte(reader);

    if (reader->dialect.form != PRELUDE_V2)
        return (low | next_byte(reader) << 8) - (is_signed ? 0x8000 : 0);
    if (!(low & 0x80))
        return low - (is_signed ? 0x40 : 0);
    return ((low & 0x7f) | next_byte(reader) << 7) - (is_signed ? 0x4000 : 0);
}

static void skip_pointer(struct reader *reader)
{
    if (reader->dialect.has_pointers)
        reader->at = (reader->at + reader->word - 1) / reader->word * reader->word + reader->word;
    else
        skip_number(reader);
}

static void skip_qstr(struct reader *reader)
{
    if (reader->dialect.form == PRELUDE_V2 || reader->dialect.has_pointers)
        skip_number(reader);
    else
        reader->at += 2;
}

// Pass over an opcode. Where it is a jump that may go back, *ret_target is where to.
static bool pass(struct reader *reader, uint64_t *ret_target)
{
    char letter = letter_of(&reader->dialect, next_byte(reader));
    int64_t offset = 0;

    if (letter == 'P' || letter == 'C')
        skip_pointer(reader);
    else if (letter == 'V')
        skip_number(reader);
    else if (letter == 'Q' || letter == 'q')
        skip_qstr(reader);
    else if (letter == 'O' || letter == 'S' || letter == 'W')
        offset = read_offset(reader, letter != 'O');
    *ret_target = letter == 'S' ? reader->at + (uint64_t)offset : UINT64_MAX;
    reader->at += letter == 'X' || letter == 'C' || letter == 'W' ||
                  (letter == 'q' && reader->dialect.has_cache);
    reader->is_bad |= letter == '.';
    return !reader->is_bad;
}

// --- a function ---

enum { OPCODES_MAX = 1 << 16 };

// Decoding from the first opcode on must arrive at `ip`: else the dialect is another.
static bool arrive(struct reader *reader, uint64_t ip)
{
    uint64_t target;

    for (int i = 0; i < OPCODES_MAX && reader->at < ip; i++)
        if (!pass(reader, &target))
            return false;
    return reader->at == ip;
}

// The first jump from there on that leads back over it. What comes behind the function's
// end decodes as something, but does not lead back into it but by chance.
static bool find_jump(struct reader *reader, uint64_t first, uint64_t ip, struct loop *ret)
{
    enum { LOOP_BYTES_MAX = 0x8000 }; // as far as a jump goes

    for (int i = 0; i < OPCODES_MAX && reader->at - ip < LOOP_BYTES_MAX; i++) {
        uint64_t at = reader->at, target;

        if (!pass(reader, &target))
            return false;
        if (target >= first && target <= ip) {
            *ret = (struct loop){target, at};
            return true;
        }
    }
    return false;
}

static struct dialect dialect_of(enum prelude_form form, unsigned number)
{
    return (struct dialect){form, number & 1, number & 2, number & 4};
}

static bool contradicts_version(const struct layout *layout, const struct dialect *dialect)
{
    return dialect->form == PRELUDE_V0 && layout->version_number &&
           dialect->is_before_11 != (layout->version_number < 11100);
}

bool bytecode_find_loop(const struct layout *layout, struct target *target, const struct code *code,
                        uint64_t ip, struct loop *ret)
{
    unsigned count = code->form == PRELUDE_V2 ? 1 : code->form == PRELUDE_V1 ? 4 : 8;
    bool is_found = false, has_arrived = false;

    if (code->is_native || !code->opcodes || ip < code->opcodes)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct reader reader = {.target = target,
                                .dialect = dialect_of(code->form, i),
                                .word = layout->word_bytes,
                                .at = code->opcodes};
        struct loop loop = {0};

        if (contradicts_version(layout, &reader.dialect) || !arrive(&reader, ip))
            continue;
        bool has_loop = find_jump(&reader, code->opcodes, ip, &loop);
        if (has_arrived && (has_loop != is_found || loop.start != ret->start))
            return false;
        has_arrived = true;
        is_found = has_loop;
        *ret = loop;
    }
    return is_found;
}
