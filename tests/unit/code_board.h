// SPDX-License-Identifier: MIT
// A board's memory with interned strings, types and room for code: what functions and
// frames need, for tests that write preludes byte by byte.
#ifndef MPH_UNIT_CODE_BOARD_H
#define MPH_UNIT_CODE_BOARD_H

#include "layout/layout.h"
#include "layout/prelude.h"

enum {
    BOARD_RAM = 0x20000000,
    BOARD_RAM_BYTES = 0x8000,
    BOARD_CODE = BOARD_RAM + 0x100,   // room for a prelude and a line table
    BOARD_TABLE = BOARD_RAM + 0x1000, // a module's table of names, or a function's constants
    BOARD_CONTEXT = BOARD_RAM + 0x1800,
    BOARD_FUNCTION = BOARD_RAM + 0x1900,
    BOARD_FRAME = BOARD_RAM + 0x2000,
    BOARD_FUNCTION_TYPE = BOARD_RAM + 0x3000,
    BOARD_OTHER_TYPE = BOARD_RAM + 0x3080,
    BOARD_METATYPE = BOARD_RAM + 0x3100,
};

// Ids of strings. All others up to ID_COUNT read "s" and their number.
enum {
    ID_TYPE = 1,
    ID_FUNCTION,
    ID_LIST,
    ID_STEP,
    ID_X,
    ID_Y,
    ID_STAR,
    ID_FILE, // "lib/main.py"
    ID_MODULE,
    ID_FAR = 300, // takes two bytes, in either way to write it
    ID_FAR_FILE,  // "boot.py"
    ID_COUNT = 400,
};

struct code_board {
    uint8_t ram[BOARD_RAM_BYTES];
    struct target target;
    struct layout layout;
};

// A firmware with preludes of this form, for words of 4 or 8 bytes.
void code_board_init(struct code_board *board, enum prelude_form form, size_t word_bytes);
void code_board_deinit(struct code_board *board);

void board_put(struct code_board *board, uint64_t address, size_t size, uint64_t value);

// Words one behind the other, as many as `count`.
void board_put_words(struct code_board *board, uint64_t address, const uint64_t *words,
                     size_t count);

void board_put_bytes(struct code_board *board, uint64_t address, const uint8_t *bytes, size_t size);

// A function object whose code is at BOARD_CODE, whose names are at BOARD_TABLE.
void board_put_function(struct code_board *board, uint64_t address);

// The last readable address of RAM is put here; what lies behind cannot be read.
void board_cut(struct code_board *board, uint64_t end);

#endif
