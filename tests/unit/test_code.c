// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code_board.h"
#include "object/code.h"

// --- preludes, byte by byte ---

// A generator of 40 states and 5 handlers, with 6 positional arguments of which 3 have
// defaults, 2 keyword-only ones, *args and **kwargs; names at 1 to 9, the last at 200.
static const uint8_t long_v2[] = {
    0xbe, 0xe5, 0xcb, 0xc0, 0x40,                      // signature
    0x9a, 0x01,                                        // 13 bytes of info, 2 cells
    1,    2,    3,    4,    5,    6, 7, 8, 0x81, 0x48, // name, arguments
    0x24, 0x93, 0x23,                                  // 4 bytes: 1 line, 3 bytes: 0x123 lines
    0,    3,                                           // cells
};

// def step(x, y=…), 5 states, 1 handler, y a cell; line 3 from the fourth byte on.
static const uint8_t halves_v1[] = {
    0xa6,    0x01, // signature
    0x0d,          // 6 bytes of info, 1 cell
    ID_STEP, 0,    // name
    ID_FILE, 0,    // file
    0x44,    0,    // lines
    1,             // cell
};
static const uint8_t numbers_v1[] = {
    0xa6,    0x01, // signature
    0x0b,          // 5 bytes of info, 1 cell
    0x82,    0x2c, // name: ID_FAR
    ID_FILE,       // file
    0x44,    0,    // lines
    1,             // cell
};

// 128 states, 2 handlers, *args and **kwargs, two arguments, one keyword-only, a default.
static const uint8_t halves_v0[] = {
    0x81, 0x00, 2, 3, 2, 1, 1,             // states, handlers, flags, arguments
    7,                                     // bytes of info, this one too
    ID_FAR & 0xff, ID_FAR >> 8,            // name
    ID_FAR_FILE & 0xff, ID_FAR_FILE >> 8,  // file
    0x44, 0,                               // lines
    0, 2, 255,                             // cells
};
static const uint8_t numbers_v0[] = {
    4, 0, 4, 1, 0, 0, // a generator with one argument
    10,               // bytes of info
    ID_STEP,          // name
    0x82, 0x2d,       // file: ID_FAR_FILE
    0x44, 0,          // lines
    0, 0, 0, 0,       // to a word
    255,              // no cells
};

struct scene {
    struct code_board board;
    struct code code;
};

static struct scene *scene_of(void **state, enum prelude_form form, const uint8_t *bytes,
                              size_t size)
{
    struct scene *scene = *state;

    code_board_init(&scene->board, form, 4);
    board_put_bytes(&scene->board, BOARD_CODE, bytes, size);
    board_put_function(&scene->board, BOARD_FUNCTION);
    return scene;
}

static void read_code(struct scene *scene)
{
    struct mph_err err = {0};
    int rc = code_read_function(&scene->board.layout, &scene->board.target, BOARD_FUNCTION,
                                &scene->code, &err);

    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
}

static unsigned line_at(struct scene *scene, uint64_t offset)
{
    unsigned line;
    int rc =
        code_line(&scene->board.target, &scene->code, scene->code.opcodes + offset, &line, NULL);

    assert_int_equal(rc, 0);
    return line;
}

// 16-bit ids: id = 10 + index.
static void put_table(struct code_board *board, size_t count)
{
    for (size_t i = 0; i < count; i++)
        board_put(board, BOARD_TABLE + 2 * i, 2, 10 + i);
}

static void put_arguments(struct code_board *board, const unsigned *ids, size_t count)
{
    unsigned shift = board->layout.repr == REPR_A ? 3 : 2;

    for (size_t i = 0; i < count; i++)
        board_put(board, BOARD_TABLE + 4 * i, 4, ids[i] << shift | 2);
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct scene));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    code_board_deinit(&((struct scene *)*state)->board);
    free(*state);
    return 0;
}

// --- what they say ---

static void test_a_long_signature(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);
    const struct code *code = &scene->code;

    put_table(&scene->board, 201);
    read_code(scene);
    assert_int_equal(code->form, PRELUDE_V2);
    assert_int_equal(code->n_state, 40);
    assert_int_equal(code->n_exc_stack, 5);
    assert_int_equal(code->n_pos_args, 6);
    assert_int_equal(code->n_kwonly_args, 2);
    assert_int_equal(code->n_def_pos_args, 3);
    assert_int_equal(code->n_cells, 2);
    assert_true(code->is_generator && code->has_varargs && code->has_varkeywords &&
                code->has_defkwargs);
    assert_int_equal(code->bytecode, BOARD_CODE);
    assert_int_equal(code->opcodes, BOARD_CODE + sizeof long_v2);
}

static void test_names_in_the_modules_table(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);

    put_table(&scene->board, 201);
    read_code(scene);
    assert_int_equal(scene->code.file, 10);
    assert_int_equal(scene->code.name, 11);
    assert_int_equal(scene->code.arg_count, 8);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(scene->code.args[i], 12 + i);
    assert_int_equal(scene->code.args[7], 210);
}

static void test_names_without_a_table_are_ids(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);

    board_put(&scene->board, BOARD_CONTEXT + 8, 4, ID_FILE);
    read_code(scene);
    assert_int_equal(scene->code.file, ID_FILE);
    assert_int_equal(scene->code.name, 1);
    assert_int_equal(scene->code.args[7], 200);
}

static void test_without_a_context_there_are_no_names(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);
    int rc =
        code_read(&scene->board.layout, &scene->board.target, BOARD_CODE, 0, 0, &scene->code, NULL);

    assert_int_equal(rc, 0);
    assert_int_equal(scene->code.name, 0);
    assert_int_equal(scene->code.file, 0);
    assert_int_equal(scene->code.arg_count, 8);
    assert_int_equal(scene->code.args[0], 0);
}

static void test_names_of_16_bits(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V1, halves_v1, sizeof halves_v1);
    const unsigned arguments[] = {ID_X, ID_Y};

    put_arguments(&scene->board, arguments, 2);
    read_code(scene);
    assert_int_equal(scene->code.form, PRELUDE_V1);
    assert_int_equal(scene->code.n_state, 5);
    assert_int_equal(scene->code.n_exc_stack, 1);
    assert_int_equal(scene->code.n_def_pos_args, 1);
    assert_int_equal(scene->code.n_cells, 1);
    assert_int_equal(scene->code.name, ID_STEP);
    assert_int_equal(scene->code.file, ID_FILE);
    assert_int_equal(scene->code.args[0], ID_X);
    assert_int_equal(scene->code.args[1], ID_Y);
    assert_int_equal(scene->code.opcodes, BOARD_CODE + sizeof halves_v1);
}

// What follows is aligned: firmware with such names loads no .mpy files.
static void test_names_of_varying_length(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V1, numbers_v1, sizeof numbers_v1);
    const unsigned arguments[] = {ID_X, ID_STAR};

    put_arguments(&scene->board, arguments, 2);
    read_code(scene);
    assert_int_equal(scene->code.name, ID_FAR);
    assert_int_equal(scene->code.file, ID_FILE);
    assert_int_equal(scene->code.args[1], ID_STAR);
    assert_int_equal(scene->code.opcodes, BOARD_CODE + 12);
}

static void test_the_first_form(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V0, halves_v0, sizeof halves_v0);
    const unsigned arguments[] = {ID_X, ID_Y, ID_STEP};
    const struct code *code = &scene->code;

    put_arguments(&scene->board, arguments, 3);
    read_code(scene);
    assert_int_equal(code->form, PRELUDE_V0);
    assert_int_equal(code->n_state, 128);
    assert_int_equal(code->n_exc_stack, 2);
    assert_int_equal(code->n_pos_args, 2);
    assert_int_equal(code->n_kwonly_args, 1);
    assert_int_equal(code->n_def_pos_args, 1);
    assert_true(code->has_varargs && code->has_varkeywords);
    assert_false(code->is_generator || code->has_defkwargs);
    assert_int_equal(code->name, ID_FAR);
    assert_int_equal(code->file, ID_FAR_FILE);
    assert_int_equal(code->args[2], ID_STEP);
    assert_int_equal(code->n_cells, 2);
    assert_int_equal(code->opcodes, BOARD_CODE + sizeof halves_v0);
    assert_int_equal(line_at(scene, 0), 1); // the list of cells counts: three bytes
    assert_int_equal(line_at(scene, 1), 3);
}

static void test_the_first_form_with_numbers(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V0, numbers_v0, sizeof numbers_v0);
    const unsigned arguments[] = {ID_X};

    put_arguments(&scene->board, arguments, 1);
    read_code(scene);
    assert_int_equal(scene->code.name, ID_STEP);
    assert_int_equal(scene->code.file, ID_FAR_FILE);
    assert_true(scene->code.is_generator);
    assert_int_equal(scene->code.opcodes, BOARD_CODE + sizeof numbers_v0);
}

// A build between v1.11 and v1.12 may have either form, and code shows which.
static void test_a_build_between_two_forms(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_UNKNOWN, halves_v1, sizeof halves_v1);
    struct layout *layout = &scene->board.layout;
    const unsigned arguments[] = {ID_X, ID_Y, ID_Y};

    strcpy(layout->version, "v1.11-312-g9a84ed8b0");
    layout->version_number = 11100;
    assert_int_equal(code_form(layout), PRELUDE_UNKNOWN);
    put_arguments(&scene->board, arguments, 3);
    read_code(scene);
    assert_int_equal(scene->code.form, PRELUDE_V1);
    board_put_bytes(&scene->board, BOARD_CODE, halves_v0, sizeof halves_v0);
    read_code(scene);
    assert_int_equal(scene->code.form, PRELUDE_V0);
    strcpy(layout->version, "v1.11");
    assert_int_equal(code_form(layout), PRELUDE_V0);
    layout->version_number = 11200;
    assert_int_equal(code_form(layout), PRELUDE_V1);
}

// --- lines ---

static void test_lines(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);

    put_table(&scene->board, 201);
    read_code(scene);
    assert_int_equal(line_at(scene, 0), 1);
    assert_int_equal(line_at(scene, 3), 1);
    assert_int_equal(line_at(scene, 4), 2);
    assert_int_equal(line_at(scene, 6), 2);
    assert_int_equal(line_at(scene, 7), 2 + 0x123);
    assert_int_equal(line_at(scene, 5000), 2 + 0x123);
}

static void test_no_line_before_the_code(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);
    struct mph_err err = {0};
    unsigned line;

    put_table(&scene->board, 201);
    read_code(scene);
    assert_int_equal(
        code_line(&scene->board.target, &scene->code, scene->code.opcodes - 1, &line, &err),
        MPH_ERR_BAD_DATA);
    assert_true(err.has_address);
    assert_int_equal(err.address, scene->code.opcodes - 1);
}

// 400 entries of two bytes, each one byte of code and 8 lines: more than one read holds.
static void test_a_long_table_of_lines(void **state)
{
    const uint8_t start[] = {0x00, 0xa2, 0x19, ID_STEP}; // its size is put below
    struct scene *scene = scene_of(state, PRELUDE_V2, start, sizeof start);
    uint64_t at = BOARD_CODE + sizeof start;

    // 802 = 34 + 12 * 64, in groups of six bits
    board_put(&scene->board, BOARD_CODE + 1, 1, 0x80 | (802 & 63) << 1);
    board_put(&scene->board, BOARD_CODE + 2, 1, (802 >> 6) << 1);
    board_put(&scene->board, at++, 1, 0x20); // one line, and entries now lie across pieces
    for (int i = 0; i < 400; i++, at += 2)
        board_put(&scene->board, at, 2, 0x0881);
    put_table(&scene->board, ID_STEP + 1);
    read_code(scene);
    assert_int_equal(scene->code.opcodes, at);
    assert_int_equal(line_at(scene, 0), 2);
    assert_int_equal(line_at(scene, 1), 10);
    assert_int_equal(line_at(scene, 399), 2 + 399 * 8);
    assert_int_equal(line_at(scene, 400), 2 + 400 * 8);
}

static void test_code_at_the_end_of_memory(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);

    board_put_bytes(&scene->board, BOARD_RAM + 0x7f80, long_v2, sizeof long_v2);
    board_put(&scene->board, BOARD_FUNCTION + 12, 4, BOARD_RAM + 0x7f80);
    put_table(&scene->board, 201);
    for (unsigned beyond = 0; beyond < 40; beyond++) {
        board_cut(&scene->board, BOARD_RAM + 0x7f80 + sizeof long_v2 + beyond);
        read_code(scene);
        assert_int_equal(scene->code.arg_count, 8);
        assert_int_equal(line_at(scene, 7), 2 + 0x123);
    }
}

// --- machine code ---

static const uint8_t native_v2[] = {0x19, 0x04, ID_STEP, ID_X}; // 4 states, an argument

static int read_native(struct scene *scene, struct mph_err *err)
{
    return code_read_native(&scene->board.layout, &scene->board.target, BOARD_FUNCTION,
                            &scene->code, err);
}

static void test_the_prelude_of_machine_code(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, native_v2, sizeof native_v2);
    enum { MACHINE_CODE = BOARD_RAM + 0x2800, CHILDREN = BOARD_RAM + 0x2900 };

    put_table(&scene->board, 10);
    board_put(&scene->board, BOARD_FUNCTION + 8, 4, BOARD_CODE);
    board_put(&scene->board, BOARD_FUNCTION + 12, 4, MACHINE_CODE);
    assert_int_equal(read_native(scene, NULL), 0); // the word in front of the code is 0
    assert_true(scene->code.is_native);
    assert_int_equal(scene->code.name, 10 + ID_STEP);
    assert_int_equal(scene->code.args[0], 10 + ID_X);
    assert_int_equal(scene->code.n_state, 4);

    board_put(&scene->board, BOARD_FUNCTION + 8, 4, CHILDREN);
    board_put(&scene->board, MACHINE_CODE, 4, 2);
    board_put(&scene->board, CHILDREN + 8, 4, BOARD_CODE);
    assert_int_equal(read_native(scene, NULL), 0);
    assert_int_equal(scene->code.name, 10 + ID_STEP);
}

static void test_bytecode_is_no_machine_code(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);
    struct mph_err err = {0};

    put_table(&scene->board, 201);
    board_put(&scene->board, BOARD_FUNCTION + 8, 4, BOARD_CODE);
    assert_int_equal(read_native(scene, &err), MPH_ERR_BAD_DATA);
    assert_int_equal(err.address, BOARD_CODE);
}

static void test_old_firmware_keeps_no_native_names(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V1, halves_v1, sizeof halves_v1);

    assert_int_equal(read_native(scene, NULL), MPH_ERR_UNSUPPORTED);
}

// --- damage ---

// Reading either works or says where it is damaged, and lines are then found or not.
static void read_damaged(struct scene *scene)
{
    struct mph_err err = {0};
    unsigned line;
    int rc = code_read_function(&scene->board.layout, &scene->board.target, BOARD_FUNCTION,
                                &scene->code, &err);

    if (rc < 0) {
        assert_true(rc == MPH_ERR_BAD_DATA || rc == MPH_ERR_READ);
        assert_true(err.has_address);
        return;
    }
    assert_true(scene->code.n_pos_args + scene->code.n_kwonly_args <= scene->code.n_state);
    assert_true(scene->code.n_def_pos_args <= scene->code.n_pos_args);
    assert_in_range(scene->code.name, 1, ID_COUNT - 1);
    assert_in_range(scene->code.file, 1, ID_COUNT - 1);
    rc = code_line(&scene->board.target, &scene->code, scene->code.opcodes + 50, &line, &err);
    assert_true(rc == 0 || err.has_address);
}

static void test_each_byte_damaged(void **state)
{
    static const struct {
        enum prelude_form form;
        const uint8_t *bytes;
        size_t size;
    } preludes[] = {{PRELUDE_V2, long_v2, sizeof long_v2},
                    {PRELUDE_V1, halves_v1, sizeof halves_v1},
                    {PRELUDE_V1, numbers_v1, sizeof numbers_v1},
                    {PRELUDE_V0, halves_v0, sizeof halves_v0},
                    {PRELUDE_V0, numbers_v0, sizeof numbers_v0},
                    {PRELUDE_UNKNOWN, halves_v0, sizeof halves_v0}};

    for (size_t i = 0; i < sizeof preludes / sizeof *preludes; i++) {
        struct scene *scene =
            scene_of(state, preludes[i].form, preludes[i].bytes, preludes[i].size);

        put_table(&scene->board, 201);
        for (size_t at = 0; at < preludes[i].size; at++) {
            for (unsigned value = 0; value < 256; value++) {
                board_put(&scene->board, BOARD_CODE + at, 1, value);
                read_damaged(scene);
            }
            board_put(&scene->board, BOARD_CODE + at, 1, preludes[i].bytes[at]);
        }
        code_board_deinit(&scene->board);
    }
    code_board_init(&((struct scene *)*state)->board, PRELUDE_V2, 4);
}

static void test_names_that_do_not_exist(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, long_v2, sizeof long_v2);
    struct mph_err err = {0};

    put_table(&scene->board, 201);
    board_put(&scene->board, BOARD_TABLE + 2 * 3, 2, ID_COUNT);
    assert_int_equal(code_read_function(&scene->board.layout, &scene->board.target, BOARD_FUNCTION,
                                        &scene->code, &err),
                     MPH_ERR_BAD_DATA);
    assert_int_equal(err.address, BOARD_TABLE + 2 * 3);
}

static void test_arguments_that_are_no_names(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V1, halves_v1, sizeof halves_v1);
    struct mph_err err = {0};

    board_put(&scene->board, BOARD_TABLE, 4, ID_X << 3 | 2);
    board_put(&scene->board, BOARD_TABLE + 4, 4, 7); // a small integer
    assert_int_equal(code_read_function(&scene->board.layout, &scene->board.target, BOARD_FUNCTION,
                                        &scene->code, &err),
                     MPH_ERR_BAD_DATA);
    assert_int_equal(err.address, BOARD_TABLE + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_long_signature, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_in_the_modules_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_without_a_table_are_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_context_there_are_no_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_of_16_bits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_of_varying_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_first_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_first_form_with_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_build_between_two_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_line_before_the_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_table_of_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_code_at_the_end_of_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_prelude_of_machine_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bytecode_is_no_machine_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_firmware_keeps_no_native_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_byte_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_do_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_arguments_that_are_no_names, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
