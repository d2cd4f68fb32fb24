// SPDX-License-Identifier: MIT
// The prelude in front of bytecode, as bytes: sizes, names, line table. It knows no
// target and no strings; src/object/code.h does.
#ifndef MPH_LAYOUT_PRELUDE_H
#define MPH_LAYOUT_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prelude_form {
    PRELUDE_UNKNOWN,
    PRELUDE_V0, // v1.8 to v1.11
    PRELUDE_V1, // v1.12 to v1.18
    PRELUDE_V2, // v1.19 and later
};

// How v0 and v1 write the two names: 16 bits, low byte first, in firmware that
// loads .mpy files (MICROPY_PERSISTENT_CODE), else numbers of varying length. No
// byte says which; v2 has numbers only.
enum prelude_names { NAMES_HALVES, NAMES_NUMBERS };

struct prelude_header {
    unsigned n_state;     // object words: locals and value stack
    unsigned n_exc_stack; // handlers that can be active at once
    bool is_generator, has_varargs, has_varkeywords, has_defkwargs;
    unsigned n_pos_args, n_kwonly_args, n_def_pos_args;
    unsigned n_cells;  // v1, v2; those of v0 are behind its info section
    size_t names;      // offset of the first name in the info section
    size_t info_start; // offset where the info section begins
    size_t info_end;   // offset of the first byte behind it, perhaps beyond the bytes at hand
};

enum { PRELUDE_ARGS_MAX = 16 };

struct prelude_info {
    unsigned name;                   // a qstr, or an index into the module's names
    unsigned file;                   // the same; v0 and v1 only
    unsigned args[PRELUDE_ARGS_MAX]; // the same; v2 only, positional then keyword-only
    size_t lines;                    // offset of the line table
    bool has_all_lines;              // the table's end was at hand, and is where it must be
};

// py/bc.h MP_BC_PRELUDE_SIG_DECODE, MP_BC_PRELUDE_SIZE_DECODE; py/bc.c
// mp_setup_code_state up to v1.11. False when the parts contradict each other.
bool prelude_read_header(enum prelude_form form, const uint8_t *bytes, size_t size,
                         struct prelude_header *ret);

// Names and the place of the line table. False when names or lines run over the
// end of the section, or the lines end before it. `names` is for v0 and v1.
bool prelude_read_info(enum prelude_form form, enum prelude_names names, const uint8_t *bytes,
                       size_t size, const struct prelude_header *header, struct prelude_info *ret);

// One entry of a line table: py/bc.c mp_bytecode_get_source_line, all releases.
struct line_step {
    unsigned code_bytes; // for so many bytes the line stays as it is,
    unsigned lines;      // then it goes up by this
};

// Advances *at by the entry's one or two bytes. False when it runs over `end`.
bool line_step_read(const uint8_t *bytes, size_t end, size_t *at, struct line_step *ret);

// Whether bytes begin with a prelude whose parts agree with each other, as far as
// they are at hand: signature, sizes, names and a line table that ends where it must.
bool prelude_fits_v0(const uint8_t *bytes, size_t size);
bool prelude_fits_v1(const uint8_t *bytes, size_t size);
bool prelude_fits_v2(const uint8_t *bytes, size_t size);

#endif
