// SPDX-License-Identifier: MIT
#include "object/code.h"

#include <string.h>

#include "object/word.h"
#include "target/devices.h"

// Nearly all preludes fit; only line tables of long functions go on behind.
enum { PIECE_BYTES = 256 };

struct piece {
    uint64_t address;
    size_t size;
    uint8_t bytes[PIECE_BYTES];
};

// What a prelude is decoded with, and the answer so far.
struct reading {
    const struct layout *layout;
    struct target *target;
    struct piece piece;
    struct prelude_header header;
    struct prelude_info info;
    struct code code;
};

static int fail_at(uint64_t address, const char *what, struct mph_err *err)
{
    return mph_fail_at(err, MPH_ERR_BAD_DATA, address, "code: %s at 0x%llx", what,
                       (unsigned long long)address);
}

enum prelude_form code_form(const struct layout *layout)
{
    if (layout->qstrs.form == QSTR_SEPARATE || layout->qstrs.form == QSTR_NO_HASHES)
        return PRELUDE_V2;
    if (layout->type_form == TYPE_WORD_NAME)
        return PRELUDE_V0;
    if (layout->repr == REPR_A || layout->repr == REPR_B || layout->repr == REPR_C)
        return PRELUDE_V1;
    if (layout->version_number >= 11200)
        return PRELUDE_V1;
    if (layout->version_number && !strchr(layout->version, '-'))
        return PRELUDE_V0;
    return PRELUDE_UNKNOWN; // v1.11-N may already have what v1.12 has
}

// As many bytes as there are, where memory ends behind the prelude.
static int read_piece(struct target *target, uint64_t address, struct piece *ret,
                      struct mph_err *err)
{
    struct mph_err why = {0};

    if (!address || devices_contain(target, address))
        return fail_at(address, "no code", err);
    *ret = (struct piece){.address = address, .size = PIECE_BYTES};
    int rc = target_read(target, address, ret->bytes, ret->size, &why);
    if (rc == MPH_ERR_READ && why.has_address && why.address > address &&
        why.address - address < PIECE_BYTES) {
        ret->size = (size_t)(why.address - address);
        return target_read(target, address, ret->bytes, ret->size, err);
    }
    return rc < 0 ? mph_fail_again(err, &why) : 0;
}

// --- which encoding ---

static bool is_id(const struct layout *layout, uint64_t id)
{
    const struct qstrs *qstrs = &layout->qstrs;

    return id > 0 && (!qstrs->pool_count || id < qstrs->pools[0].first_id + qstrs->pools[0].count);
}

// Functions have identifiers for names, or <module>, <lambda>, <listcomp> …; files
// have paths, or <stdin>, <string>. Nothing holds them to it, so this only decides
// between two readings of the same bytes.
static unsigned names_score(const struct reading *reading, const struct prelude_info *info)
{
    const struct layout *layout = reading->layout;
    char text[QSTR_TEXT_MAX + 1];
    unsigned score = info->has_all_lines;

    if (qstr_text(&layout->qstrs, reading->target, layout->word_bytes, info->name, text, NULL) == 0)
        score += text[0] == '<' || !strpbrk(text, " .,:;+-*/%()[]{}<>=!?'\"\\\n\t");
    if (qstr_text(&layout->qstrs, reading->target, layout->word_bytes, info->file, text, NULL) == 0)
        score += strpbrk(text, "./<") ? 4 : 0;
    return score;
}

struct encoding {
    enum prelude_form form;
    enum prelude_names names;
};

// Up to v1.18 two forms and two ways to write names; the reading that makes most
// sense wins, the more frequent one where they draw.
static const struct encoding encodings[] = {{PRELUDE_V1, NAMES_HALVES},
                                            {PRELUDE_V1, NAMES_NUMBERS},
                                            {PRELUDE_V0, NAMES_HALVES},
                                            {PRELUDE_V0, NAMES_NUMBERS}};

static const struct encoding *choose_encoding(struct reading *reading, enum prelude_form form)
{
    const struct encoding *best = NULL;
    unsigned best_score = 0;

    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        const struct encoding *encoding = &encodings[i];
        const struct piece *piece = &reading->piece;
        struct prelude_header header;
        struct prelude_info info;

        if ((form != PRELUDE_UNKNOWN && form != encoding->form) ||
            !prelude_read_header(encoding->form, piece->bytes, piece->size, &header) ||
            !prelude_read_info(encoding->form, encoding->names, piece->bytes, piece->size, &header,
                               &info) ||
            !is_id(reading->layout, info.name) || !is_id(reading->layout, info.file))
            continue;
        unsigned score = 1 + names_score(reading, &info);
        if (score <= best_score)
            continue;
        best = encoding;
        best_score = score;
        reading->header = header;
        reading->info = info;
    }
    return best;
}

// --- the parts ---

static void set_header(struct reading *reading, enum prelude_form form)
{
    const struct prelude_header *header = &reading->header;
    struct code *code = &reading->code;

    code->form = form;
    code->bytecode = reading->piece.address;
    code->n_state = header->n_state;
    code->n_exc_stack = header->n_exc_stack;
    code->is_generator = header->is_generator;
    code->has_varargs = header->has_varargs;
    code->has_varkeywords = header->has_varkeywords;
    code->has_defkwargs = header->has_defkwargs;
    code->n_pos_args = header->n_pos_args;
    code->n_kwonly_args = header->n_kwonly_args;
    code->n_def_pos_args = header->n_def_pos_args;
    code->n_cells = header->n_cells;
    code->arg_count = header->n_pos_args + header->n_kwonly_args;
    code->lines = code->bytecode + reading->info.lines;
    code->lines_end = code->bytecode + header->info_end;
}

static unsigned listed_args(const struct code *code)
{
    return code->arg_count < CODE_ARGS_MAX ? code->arg_count : CODE_ARGS_MAX;
}

// The bytes behind the info section: at hand, or where the section was long not yet.
static int read_cells(struct reading *reading, struct piece *ret, struct mph_err *err)
{
    const struct piece *piece = &reading->piece;
    size_t at = reading->header.info_end;

    if (at >= piece->size)
        return read_piece(reading->target, piece->address + at, ret, err);
    ret->address = piece->address + at;
    ret->size = piece->size - at;
    memcpy(ret->bytes, piece->bytes + at, ret->size);
    return 0;
}

// A list of locals that 255 ends; what it counts from is the line table's base.
static int set_opcodes_v0(struct reading *reading, struct mph_err *err)
{
    struct code *code = &reading->code;
    struct piece cells;
    int rc = read_cells(reading, &cells, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < cells.size && i <= code->n_state; i++) {
        if (cells.bytes[i] == 255) {
            code->n_cells = (unsigned)i;
            code->line_base = cells.address;
            code->opcodes = cells.address + i + 1;
            return 0;
        }
        if (cells.bytes[i] >= code->n_state)
            break;
    }
    return fail_at(cells.address, "no list of cells", err);
}

// From v1.12 on the list has a length. Firmware that loads no .mpy files aligns
// what follows to a word, up to v1.18 (py/bc.c mp_setup_code_state).
static int set_opcodes(struct reading *reading, bool is_aligned, struct mph_err *err)
{
    const struct piece *piece = &reading->piece;
    struct code *code = &reading->code;
    size_t cells = reading->header.info_end;

    for (size_t i = cells; i < cells + code->n_cells && i < piece->size; i++)
        if (piece->bytes[i] >= code->n_state)
            return fail_at(piece->address + i, "a cell beyond the locals", err);
    uint64_t mask = is_aligned ? word_size(reading->layout) - 1 : 0;
    code->opcodes = (piece->address + cells + code->n_cells + mask) & ~mask;
    code->line_base = code->opcodes;
    return 0;
}

// The first constants of a function are the names of its arguments (up to v1.18).
static int set_args_from_constants(struct reading *reading, uint64_t const_table,
                                   struct mph_err *err)
{
    const struct layout *layout = reading->layout;
    struct code *code = &reading->code;

    if (!const_table || layout->repr == REPR_UNKNOWN)
        return 0;
    for (unsigned i = 0; i < listed_args(code); i++) {
        uint64_t address = const_table + i * word_size(layout), bits;
        struct word word;
        int rc = target_read_uint(reading->target, address, word_size(layout), &bits, err);

        if (rc < 0)
            return rc;
        word_decode(layout, bits, &word);
        if (word.kind != WORD_QSTR || !is_id(layout, word.id))
            return fail_at(address, "no argument's name", err);
        code->args[i] = word.id;
    }
    return 0;
}

// --- names from v1.19 on ---

// py/bc.h mp_module_constants_t: a table of 16-bit ids behind the module object, or
// with neither .mpy files nor the table the file's id itself.
struct name_table {
    const struct layout *layout;
    struct target *target;
    uint64_t address; // 0: names are ids
};

static int read_name(const struct name_table *table, unsigned name, uint64_t *ret,
                     struct mph_err *err)
{
    uint64_t id = name, address = table->address + 2ull * name;
    int rc = 0;

    if (table->address)
        rc = target_read_uint(table->target, address, 2, &id, err);
    if (rc < 0)
        return rc;
    if (!is_id(table->layout, id))
        return fail_at(address, "a name that does not exist", err);
    *ret = id;
    return 0;
}

static int open_table(const struct reading *reading, uint64_t context, struct name_table *ret,
                      uint64_t *ret_file, struct mph_err *err)
{
    const struct layout *layout = reading->layout;
    uint64_t address = context + 2 * layout->word_bytes, word;
    int rc = layout_read_word(layout, reading->target, address, &word, err);

    if (rc < 0)
        return rc;
    if (!word)
        return fail_at(address, "no table of names", err);
    *ret = (struct name_table){layout, reading->target, 0};
    if (layout->qstrs.pool_count && is_id(layout, word)) {
        *ret_file = word;
        return 0;
    }
    ret->address = word;
    return read_name(ret, 0, ret_file, err);
}

static int set_names_v2(struct reading *reading, uint64_t context, struct mph_err *err)
{
    struct code *code = &reading->code;
    struct name_table table;

    if (!context)
        return 0;
    int rc = open_table(reading, context, &table, &code->file, err);
    if (rc == 0)
        rc = read_name(&table, reading->info.name, &code->name, err);
    for (unsigned i = 0; rc == 0 && i < listed_args(code); i++)
        rc = read_name(&table, reading->info.args[i], &code->args[i], err);
    return rc;
}

// --- reading ---

static int read_v2(struct reading *reading, uint64_t context, struct mph_err *err)
{
    const struct piece *piece = &reading->piece;

    if (!prelude_read_header(PRELUDE_V2, piece->bytes, piece->size, &reading->header) ||
        !prelude_read_info(PRELUDE_V2, NAMES_NUMBERS, piece->bytes, piece->size, &reading->header,
                           &reading->info))
        return fail_at(piece->address, "no prelude", err);
    set_header(reading, PRELUDE_V2);
    int rc = set_opcodes(reading, false, err);
    return rc < 0 ? rc : set_names_v2(reading, context, err);
}

static int read_v0_v1(struct reading *reading, enum prelude_form form, uint64_t const_table,
                      struct mph_err *err)
{
    const struct encoding *encoding = choose_encoding(reading, form);

    if (!encoding)
        return fail_at(reading->piece.address, "no prelude", err);
    set_header(reading, encoding->form);
    reading->code.name = reading->info.name;
    reading->code.file = reading->info.file;
    int rc = encoding->form == PRELUDE_V0
                 ? set_opcodes_v0(reading, err)
                 : set_opcodes(reading, encoding->names == NAMES_NUMBERS, err);
    return rc < 0 ? rc : set_args_from_constants(reading, const_table, err);
}

int code_read(const struct layout *layout, struct target *target, uint64_t bytecode,
              uint64_t context, uint64_t const_table, struct code *ret, struct mph_err *err)
{
    struct reading reading = {.layout = layout, .target = target};
    enum prelude_form form = code_form(layout);
    int rc;

    if (layout->qstrs.form == QSTR_FORM_UNKNOWN)
        return mph_fail(err, MPH_ERR_UNSUPPORTED, "code: without qstr pools it has no names");
    rc = read_piece(target, bytecode, &reading.piece, err);
    if (rc == 0)
        rc = form == PRELUDE_V2 ? read_v2(&reading, context, err)
                                : read_v0_v1(&reading, form, const_table, err);
    if (rc == 0)
        *ret = reading.code;
    return rc;
}
