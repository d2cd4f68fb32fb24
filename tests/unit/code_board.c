// SPDX-License-Identifier: MIT
#include "code_board.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum { POOL = BOARD_RAM + 0x3200, LENGTHS = BOARD_RAM + 0x4400, TEXTS = BOARD_RAM + 0x4600 };

static const char *const names[] = {
    [ID_TYPE] = "type",
    [ID_FUNCTION] = "function",
    [ID_LIST] = "list",
    [ID_STEP] = "step",
    [ID_X] = "x",
    [ID_Y] = "y",
    [ID_STAR] = "*",
    [ID_FILE] = "lib/main.py",
    [ID_MODULE] = "<module>",
    [ID_FAR] = "far",
    [ID_FAR_FILE] = "boot.py",
};

void board_put(struct code_board *board, uint64_t address, size_t size, uint64_t value)
{
    bytes_put(board->ram + (address - BOARD_RAM), size, false, value);
}

void board_put_words(struct code_board *board, uint64_t address, const uint64_t *words,
                     size_t count)
{
    size_t word = board->layout.word_bytes;

    for (size_t i = 0; i < count; i++)
        board_put(board, address + i * word, word, words[i]);
}

void board_put_bytes(struct code_board *board, uint64_t address, const uint8_t *bytes, size_t size)
{
    memcpy(board->ram + (address - BOARD_RAM), bytes, size);
}

static void name_of(unsigned id, char text[16])
{
    if (id < sizeof names / sizeof *names && names[id])
        snprintf(text, 16, "%s", names[id]);
    else
        snprintf(text, 16, "s%u", id);
}

// py/qstr.h qstr_pool_t: a text behind its hash and length up to v1.18, later alone.
static void put_strings(struct code_board *board, bool is_embedded)
{
    size_t word = board->layout.word_bytes;
    uint64_t fields[] = {0, 0, ID_COUNT, ID_COUNT, LENGTHS, LENGTHS};
    uint64_t entries = POOL + (is_embedded ? 4 : 6) * word, at = TEXTS;

    board_put_words(board, POOL, fields, is_embedded ? 4 : 6);
    for (unsigned id = 0; id < ID_COUNT; id++) {
        char text[16];

        name_of(id, text);
        board_put(board, entries + id * word, word, at);
        if (is_embedded) {
            board_put(board, at + 1, 1, strlen(text));
            at += 2;
        } else {
            board_put(board, LENGTHS + id, 1, strlen(text));
        }
        board_put_bytes(board, at, (const uint8_t *)text, strlen(text) + 1);
        at += strlen(text) + 1;
    }
    board->layout.qstrs = (struct qstrs){.form = is_embedded ? QSTR_EMBEDDED : QSTR_SEPARATE,
                                         .hash_bytes = is_embedded ? 1 : 0,
                                         .pool_count = 1,
                                         .pools = {{.address = POOL, .count = ID_COUNT}}};
}

static void put_type(struct code_board *board, uint64_t address, unsigned name)
{
    size_t word = board->layout.word_bytes;
    bool is_word = board->layout.type_form == TYPE_WORD_NAME;

    board_put(board, address, word, BOARD_METATYPE);
    board_put(board, address + word + (is_word ? 0 : 2), is_word ? word : 2, name);
}

void code_board_init(struct code_board *board, enum prelude_form form, size_t word_bytes)
{
    static const enum type_form type_forms[] = {[PRELUDE_UNKNOWN] = TYPE_HALF_NAME,
                                                [PRELUDE_V0] = TYPE_WORD_NAME,
                                                [PRELUDE_V1] = TYPE_HALF_NAME,
                                                [PRELUDE_V2] = TYPE_SLOTS};
    static const enum repr reprs[] = {[PRELUDE_UNKNOWN] = REPR_A_OLD,
                                      [PRELUDE_V0] = REPR_A_OLD,
                                      [PRELUDE_V1] = REPR_A,
                                      [PRELUDE_V2] = REPR_A};

    memset(board->ram, 0, sizeof board->ram);
    board->layout = (struct layout){.word_bytes = (uint8_t)word_bytes,
                                    .type_form = type_forms[form],
                                    .repr = reprs[form],
                                    .metatype = BOARD_METATYPE};
    put_strings(board, form != PRELUDE_V2);
    put_type(board, BOARD_METATYPE, ID_TYPE);
    put_type(board, BOARD_FUNCTION_TYPE, ID_FUNCTION);
    put_type(board, BOARD_OTHER_TYPE, ID_LIST);
    target_init(&board->target);
    target_add_bytes(&board->target, BOARD_RAM, board->ram, sizeof board->ram, true, "ram", NULL);
}

void code_board_deinit(struct code_board *board)
{
    target_deinit(&board->target);
}

void board_put_function(struct code_board *board, uint64_t address)
{
    bool has_context = board->layout.qstrs.form != QSTR_EMBEDDED;
    const uint64_t with_context[] = {BOARD_FUNCTION_TYPE, BOARD_CONTEXT, 0, BOARD_CODE};
    const uint64_t with_constants[] = {BOARD_FUNCTION_TYPE, 0, BOARD_CODE, BOARD_TABLE};
    const uint64_t context[] = {0, 0, BOARD_TABLE, 0};

    board_put_words(board, address, has_context ? with_context : with_constants, 4);
    if (has_context)
        board_put_words(board, BOARD_CONTEXT, context, 4);
}

void board_cut(struct code_board *board, uint64_t end)
{
    code_board_deinit(board);
    target_init(&board->target);
    target_add_bytes(&board->target, BOARD_RAM, board->ram, end - BOARD_RAM, true, "ram", NULL);
}
