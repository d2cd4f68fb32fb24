// SPDX-License-Identifier: MIT
#include "object/bytecode.h"

// What the opcodes of a build look like.
struct dialect {
    enum prelude_form form;
    bool has_pointers; // no MICROPY_PERSISTENT_CODE: pointers, and qstrs as numbers
    bool has_cache;    // MICROPY_OPT_CACHE_MAP_LOOKUP_IN_BYTECODE, up to v1.17
    bool is_before_11; // up to v1.10
};

enum { DIALECTS_MAX = 8 };

// Goes from opcode to opcode.
enum { BYTECODE_WINDOW = 512, BYTECODE_OPCODES_MAX = 1 << 16 };

struct bytecode {
    struct target *target;
    struct dialect dialect;
    size_t word;
    uint64_t at;   // address of the next opcode
    unsigned left; // opcodes that may still be read
    bool is_bad;   // no opcode was there, or no memory
    uint64_t known, size;
    uint8_t bytes[BYTECODE_WINDOW];
};

struct opcode {
    uint64_t address;
    bool has_local; // it reads, writes or deletes a local variable, or its cell
    uint64_t local; // which
    bool has_target;
    uint64_t target; // where it may go on instead of behind itself
    bool goes_on;    // it may go on behind itself
};

// A letter an opcode: what it is, and what follows it.
//   B nothing         X a byte            V a number         Q a qstr
//   q a qstr, and a byte where lookups are cached in the code
//   P a number; an aligned pointer in firmware that loads no .mpy files
//   C the same, and a byte
//   L the number of a local variable      M the same in the opcode's low four bits
//   O an offset       S an offset back or forth              W that, and a byte
//   E an offset from v1.11 on, nothing before
//   J as S, and never goes on behind itself                  R, Y the same with B, X
//   . no opcode
// py/bc0.h and py/bc.c mp_opcode_format of v1.8 to v1.11, opcodes 0x10 to 0x6f.
static const char old_rows[] = "BBB.V.QPBLLqqqQQ"
                               "BBLLQQqBLLQQ...."
                               "BBBBBJSSSS...OBO"
                               "OBBOEBWB........"
                               "VV.VB.VVVVVRYBB."
                               "PPCCVVVVQQB.....";

// The same of v1.12 and later, opcodes 0x00 to 0x6f.
static const char new_rows[] = "................"
                               "QqqqQQQQqQQQQQQQ"
                               "CCVPLLLLLLVVVVVV"
                               "VVPPVVVVVVVVVVVV"
                               "W.JSSOOOOOOOOOOO"
                               "BBBBBBBBBBBBBBBB"
                               "..BRRRRBBBBBBBBB";

// Above, all eras have small numbers, fast locals and operators, whose number changed often.
enum { FAST_FIRST = 0xb0, FAST_END = 0xd0 };

static char letter_of(const struct dialect *dialect, uint8_t opcode)
{
    char letter;

    if (opcode >= 0x70)
        return opcode >= FAST_FIRST && opcode < FAST_END ? 'M' : 'B';
    if (dialect->form != PRELUDE_V0)
        return new_rows[opcode];
    letter = opcode < 0x10 ? '.' : old_rows[opcode - 0x10];
    return letter != 'E' ? letter : dialect->is_before_11 ? 'B' : 'O';
}

// --- one opcode ---

static bool fill(struct bytecode *bytecode)
{
    size_t size = BYTECODE_WINDOW;

    while (size && target_read(bytecode->target, bytecode->at, bytecode->bytes, size, NULL) < 0)
        size /= 2;
    bytecode->known = bytecode->at;
    bytecode->size = size;
    return size > 0;
}

static uint8_t next_byte(struct bytecode *bytecode)
{
    if (bytecode->at - bytecode->known >= bytecode->size && !fill(bytecode)) {
        bytecode->is_bad = true;
        return 0;
    }
    return bytecode->bytes[bytecode->at++ - bytecode->known];
}

static uint64_t next_number(struct bytecode *bytecode)
{
    enum { NUMBER_BYTES_MAX = 10 };
    uint64_t number = 0;

    for (int i = 0; i < NUMBER_BYTES_MAX; i++) {
        uint8_t byte = next_byte(bytecode);

        number = number << 7 | (byte & 0x7f);
        if (!(byte & 0x80))
            return number;
    }
    bytecode->is_bad = true;
    return 0;
}

// py/vm.c DECODE_ULABEL, DECODE_SLABEL: from v1.19 on a byte or two, before, always two.
// Signed ones are kept in excess.
static int64_t next_offset(struct bytecode *bytecode, bool is_signed)
{
    int64_t low = next_byte(bytecode);

    if (bytecode->dialect.form != PRELUDE_V2)
        return (low | (int64_t)next_byte(bytecode) << 8) - (is_signed ? 0x8000 : 0);
    if (!(low & 0x80))
        return low - (is_signed ? 0x40 : 0);
    return ((low & 0x7f) | (int64_t)next_byte(bytecode) << 7) - (is_signed ? 0x4000 : 0);
}

static void skip_pointer(struct bytecode *bytecode)
{
    size_t word = bytecode->word;

    if (bytecode->dialect.has_pointers)
        bytecode->at = (bytecode->at + word - 1) / word * word + word;
    else
        next_number(bytecode);
}

static void skip_qstr(struct bytecode *bytecode)
{
    if (bytecode->dialect.form == PRELUDE_V2 || bytecode->dialect.has_pointers)
        next_number(bytecode);
    else
        bytecode->at += 2;
}

static void take_offset(struct bytecode *bytecode, bool is_signed, struct opcode *opcode)
{
    int64_t offset = next_offset(bytecode, is_signed);

    opcode->has_target = true;
    opcode->target = bytecode->at + (uint64_t)offset;
}

static void take_operand(struct bytecode *bytecode, char letter, struct opcode *opcode)
{
    switch (letter) {
    case 'L':
        opcode->has_local = true;
        opcode->local = next_number(bytecode);
        break;
    case 'V':
        next_number(bytecode);
        break;
    case 'Q':
    case 'q':
        skip_qstr(bytecode);
        break;
    case 'P':
    case 'C':
        skip_pointer(bytecode);
        break;
    case 'O':
        take_offset(bytecode, false, opcode);
        break;
    case 'S':
    case 'J':
    case 'W':
        take_offset(bytecode, true, opcode);
        break;
    case '.':
        bytecode->is_bad = true;
    }
}

static bool has_byte(const struct bytecode *bytecode, char letter)
{
    return letter == 'X' || letter == 'Y' || letter == 'C' || letter == 'W' ||
           (letter == 'q' && bytecode->dialect.has_cache);
}

// False where there is none that makes sense, which `is_bad` then says.
static bool next_opcode(struct bytecode *bytecode, struct opcode *ret)
{
    *ret = (struct opcode){.address = bytecode->at};
    if (!bytecode->left || bytecode->is_bad)
        return false;
    bytecode->left--;
    uint8_t number = next_byte(bytecode);
    char letter = letter_of(&bytecode->dialect, number);

    take_operand(bytecode, letter, ret);
    if (letter == 'M') {
        ret->has_local = true;
        ret->local = number & 15;
    }
    ret->goes_on = letter != 'J' && letter != 'R' && letter != 'Y';
    bytecode->at += has_byte(bytecode, letter);
    return !bytecode->is_bad;
}

// --- dialects ---

static bool is_ruled_out(const struct layout *layout, const struct dialect *dialect)
{
    return dialect->form == PRELUDE_V0 && layout->version_number &&
           dialect->is_before_11 != (layout->version_number < 11100);
}

// Begin at the first opcode, in dialect `number`. False: the code has not so many. One that
// the version rules out is bad at once.
static bool open_in(struct bytecode *bytecode, const struct layout *layout, struct target *target,
                    const struct code *code, unsigned number)
{
    unsigned count = code->form == PRELUDE_V2 ? 1 : code->form == PRELUDE_V1 ? 4 : DIALECTS_MAX;

    if (number >= count || code->is_native || !code->opcodes)
        return false;
    *bytecode = (struct bytecode){
        .target = target,
        .dialect = {code->form, number & 1, number & 2, number & 4},
        .word = layout->word_bytes,
        .at = code->opcodes,
        .left = BYTECODE_OPCODES_MAX,
    };
    bytecode->is_bad = is_ruled_out(layout, &bytecode->dialect);
    return true;
}

// --- loops ---

// Decoding from the first opcode on must arrive at `ip`: else the dialect is another.
static bool arrive(struct bytecode *bytecode, uint64_t ip)
{
    struct opcode opcode;

    while (bytecode->at < ip && next_opcode(bytecode, &opcode))
        ;
    return bytecode->at == ip && !bytecode->is_bad;
}

// The first jump from there on that leads back over it. What comes behind the function's
// end decodes as something, but does not lead back into it but by chance.
static bool find_jump(struct bytecode *bytecode, uint64_t first, uint64_t ip, struct loop *ret)
{
    enum { LOOP_BYTES_MAX = 0x8000 }; // as far as a jump goes
    struct opcode opcode;

    while (bytecode->at - ip < LOOP_BYTES_MAX && next_opcode(bytecode, &opcode))
        if (opcode.has_target && opcode.target >= first && opcode.target <= ip) {
            *ret = (struct loop){opcode.target, opcode.address};
            return true;
        }
    return false;
}

bool bytecode_find_loop(const struct layout *layout, struct target *target, const struct code *code,
                        uint64_t ip, struct loop *ret)
{
    bool is_found = false, has_arrived = false;
    struct bytecode bytecode;

    for (unsigned i = 0; open_in(&bytecode, layout, target, code, i); i++) {
        struct loop loop = {0};

        if (!arrive(&bytecode, ip))
            continue;
        bool has_loop = find_jump(&bytecode, code->opcodes, ip, &loop);
        if (has_arrived && (has_loop != is_found || loop.start != ret->start))
            return false;
        has_arrived = true;
        is_found = has_loop;
        *ret = loop;
    }
    return is_found;
}

// --- local variables ---

// Code ends behind the last opcode that a jump leads to, where it does not go on.
static bool count_locals(struct bytecode *bytecode, uint64_t ip, unsigned most, unsigned *ret)
{
    uint64_t furthest = bytecode->at;
    bool has_met_ip = false;
    struct opcode opcode;

    *ret = 0;
    while (next_opcode(bytecode, &opcode)) {
        has_met_ip |= opcode.address == ip;
        if (opcode.has_local && opcode.local >= most)
            return false;
        if (opcode.has_local && opcode.local >= *ret)
            *ret = (unsigned)opcode.local + 1;
        if (opcode.has_target && opcode.target > furthest)
            furthest = opcode.target;
        if (!opcode.goes_on && bytecode->at > furthest)
            return has_met_ip;
    }
    return false;
}

bool bytecode_count_locals(const struct layout *layout, struct target *target,
                           const struct code *code, uint64_t ip, unsigned most, unsigned *ret)
{
    bool is_counted = false;
    struct bytecode bytecode;

    for (unsigned i = 0; open_in(&bytecode, layout, target, code, i); i++) {
        unsigned count;

        if (!count_locals(&bytecode, ip, most, &count))
            continue;
        if (is_counted && count != *ret)
            return false;
        is_counted = true;
        *ret = count;
    }
    return is_counted;
}
