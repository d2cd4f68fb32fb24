// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code_board.h"
#include "object/frame.h"

// All of them: 5 states, 1 handler, one argument; 5 opcodes' bytes behind.
static const uint8_t prelude_v2[] = {0x25, 0x04, 1, 1};
static const uint8_t prelude_v1[] = {0x25, 0x0a, ID_STEP, 0, ID_FILE, 0, 0};
static const uint8_t prelude_v0[] = {5, 1, 0, 1, 0, 0, 6, ID_STEP, 0, ID_FILE, 0, 0, 255};

enum { STATES = 5, GLOBALS = BOARD_RAM + 0x1a00, CALLER = BOARD_RAM + 0x2400 };

struct scene {
    struct code_board board;
    uint64_t opcodes;
    size_t words; // of a frame before its states, as it is put
    struct frame frame;
};

static struct scene *scene_of(void **state, enum prelude_form form, size_t word_bytes)
{
    static const struct {
        const uint8_t *bytes;
        size_t size;
    } preludes[] = {[PRELUDE_V0] = {prelude_v0, sizeof prelude_v0},
                    [PRELUDE_V1] = {prelude_v1, sizeof prelude_v1},
                    [PRELUDE_V2] = {prelude_v2, sizeof prelude_v2}};
    struct scene *scene = *state;

    code_board_init(&scene->board, form, word_bytes);
    board_put_bytes(&scene->board, BOARD_CODE, preludes[form].bytes, preludes[form].size);
    board_put_function(&scene->board, BOARD_FUNCTION);
    board_put(&scene->board, BOARD_TABLE, word_bytes,
              form == PRELUDE_V2 ? ID_STEP << 16 | ID_FILE
                                 : ID_X << (form == PRELUDE_V1 ? 3 : 2) | 2);
    scene->opcodes = BOARD_CODE + preludes[form].size;
    return scene;
}

static uint64_t state_of(const struct scene *scene, uint64_t address)
{
    size_t size = scene->board.layout.repr == REPR_D ? 8 : scene->board.layout.word_bytes;

    return (address + scene->words * scene->board.layout.word_bytes + size - 1) / size * size;
}

// A frame of v1.12 and later at its fourth byte of code, with so many values on its
// stack, and with the words that build options add.
static void put_frame(struct scene *scene, uint64_t address, int values, const uint64_t *added,
                      size_t added_count)
{
    struct code_board *board = &scene->board;
    size_t word = board->layout.word_bytes, size = board->layout.repr == REPR_D ? 8 : word;

    scene->words = 5 + added_count;
    uint64_t sp = state_of(scene, address) + (uint64_t)(values - 1) * size;
    const uint64_t words[] = {BOARD_FUNCTION, scene->opcodes + 3, sp, STATES, GLOBALS};

    board_put_words(board, address, words, 5);
    board_put_words(board, address + 5 * word, added, added_count);
    for (unsigned i = 0; i < STATES * size / 4; i++)
        board_put(board, state_of(scene, address) + 4 * i, 4, 2 * i + 1); // small integers
}

static int try_frame(struct scene *scene, struct mph_err *err)
{
    return frame_read(&scene->board.layout, &scene->board.target, BOARD_FRAME, &scene->frame, err);
}

static void assert_frame(struct scene *scene)
{
    const struct frame *frame = &scene->frame;
    size_t word = scene->board.layout.word_bytes;
    size_t size = scene->board.layout.repr == REPR_D ? 8 : word;
    struct mph_err err = {0};

    assert_int_equal(try_frame(scene, &err), 0);
    assert_int_equal(frame->address, BOARD_FRAME);
    assert_int_equal(frame->ip, scene->opcodes + 3);
    assert_int_equal(frame->old_globals, GLOBALS);
    assert_int_equal(frame->n_state, STATES);
    assert_int_equal(frame->code.name, ID_STEP);
    assert_int_equal(frame->code.file, ID_FILE);
    assert_int_equal(frame->state, state_of(scene, BOARD_FRAME));
    assert_int_equal(frame->end, frame->state + STATES * size + 3 * word);
}

static void assert_no_frame(struct scene *scene)
{
    struct mph_err err = {0};

    assert_int_equal(try_frame(scene, &err), MPH_ERR_BAD_DATA);
    assert_true(err.has_address);
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

// --- v1.12 and later ---

static void test_any_number_of_values(void **state)
{
    for (int values = 0; values <= STATES; values++) {
        struct scene *scene = scene_of(state, PRELUDE_V2, 4);

        put_frame(scene, BOARD_FRAME, values, NULL, 0);
        assert_frame(scene);
        assert_int_equal(scene->frame.sp, scene->frame.state + 4 * (uint64_t)values - 4);
        assert_int_equal(scene->frame.fun, BOARD_FUNCTION);
        code_board_deinit(&scene->board);
    }
    scene_of(state, PRELUDE_V2, 4);
}

static void test_words_of_8_bytes(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 8);

    put_frame(scene, BOARD_FRAME, 2, NULL, 0);
    assert_frame(scene);
}

static void test_objects_of_8_bytes(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);

    scene->board.layout.repr = REPR_D;
    put_frame(scene, BOARD_FRAME, 2, NULL, 0);
    assert_frame(scene);
    assert_int_equal(scene->frame.state, BOARD_FRAME + 24);
}

static void test_the_form_of_v1_12(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V1, 4);

    put_frame(scene, BOARD_FRAME, 1, NULL, 0);
    assert_frame(scene);
    assert_int_equal(scene->frame.code.args[0], ID_X);
}

static void test_a_frame_at_the_end_of_memory(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);
    const uint64_t end = BOARD_RAM + 0x7000, at = end - 20 - 4 * STATES - 12;

    put_frame(scene, at, 1, NULL, 0);
    board_cut(&scene->board, end);
    assert_int_equal(
        frame_read(&scene->board.layout, &scene->board.target, at, &scene->frame, NULL), 0);
    assert_int_equal(scene->frame.end, end);
}

static void test_a_generator_that_has_ended(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);

    put_frame(scene, BOARD_FRAME, 1, NULL, 0);
    board_put(&scene->board, BOARD_FRAME + 4, 4, 0);
    assert_no_frame(scene);
    // the same as a generator: signature with flag 1
    board_put_bytes(&scene->board, BOARD_CODE, (const uint8_t[]){0xa5, 0x40, 0x04, 1, 1}, 5);
    board_put(&scene->board, BOARD_TABLE, 4, ID_STEP << 16 | ID_FILE);
    assert_int_equal(try_frame(scene, NULL), 0);
    assert_int_equal(scene->frame.ip, 0);
    assert_true(scene->frame.code.is_generator);
}

// --- words that options add ---

static void test_stackless(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);
    const uint64_t prev[] = {CALLER};

    put_frame(scene, CALLER, 1, (const uint64_t[]){0}, 1);
    put_frame(scene, BOARD_FRAME, 2, prev, 1);
    assert_frame(scene);
}

// Both words lead somewhere: to the calling frame, and to an object of this one.
static void test_settrace(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);
    const uint64_t added[] = {CALLER, BOARD_RAM + 0x2600};

    put_frame(scene, CALLER, 1, (const uint64_t[]){0, 0}, 2);
    board_put(&scene->board, BOARD_RAM + 0x2604, 4, BOARD_FRAME);
    put_frame(scene, BOARD_FRAME, 2, added, 2);
    assert_frame(scene);
}

static void test_stackless_and_settrace(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);
    const uint64_t added[] = {CALLER, CALLER, BOARD_RAM + 0x2600};

    put_frame(scene, CALLER, 1, (const uint64_t[]){0, 0, 0}, 3);
    board_put(&scene->board, BOARD_RAM + 0x2604, 4, BOARD_FRAME);
    put_frame(scene, BOARD_FRAME, 0, added, 3);
    assert_frame(scene);
}

// Nothing leads anywhere yet, but at the first opcode the value stack is empty.
static void test_settrace_before_the_first_opcode(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);

    put_frame(scene, BOARD_FRAME, 0, (const uint64_t[]){0, 0}, 2);
    board_put(&scene->board, BOARD_FRAME + 4, 4, scene->opcodes);
    assert_int_equal(try_frame(scene, NULL), 0);
    assert_int_equal(scene->frame.state, BOARD_FRAME + 28);
}

// --- v1.9 to v1.11 ---

// The handler's pointer: `handlers` of them active; its lowest bit is a flag.
static void put_old_frame(struct scene *scene, int values, int handlers, size_t added_count)
{
    scene->words = 5 + added_count;
    uint64_t first = state_of(scene, BOARD_FRAME);
    uint64_t sp = first + (uint64_t)(values - 1) * 4;
    uint64_t exc_sp = first + 4 * STATES + (uint64_t)(handlers - 1) * 12;
    const uint64_t words[] = {BOARD_FUNCTION, scene->opcodes + 3, sp, exc_sp | 1, GLOBALS, 0};

    board_put_words(&scene->board, BOARD_FRAME, words, scene->words);
}

static void test_handlers_show_where_states_are(void **state)
{
    for (int handlers = 0; handlers <= 1; handlers++) {
        for (size_t added = 0; added <= 1; added++) {
            struct scene *scene = scene_of(state, PRELUDE_V0, 4);

            put_old_frame(scene, 2, handlers, added);
            assert_frame(scene);
            code_board_deinit(&scene->board);
        }
    }
    scene_of(state, PRELUDE_V0, 4);
}

static void test_more_handlers_than_the_functions(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V0, 4);

    put_old_frame(scene, 2, 2, 0);
    assert_no_frame(scene);
}

// --- up to v1.8.7 ---

static void test_the_oldest_frame(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V0, 4);
    uint64_t first = BOARD_FRAME + 28;
    const uint64_t words[] = {BOARD_CODE + 6, scene->opcodes + 3,      BOARD_TABLE,
                              first,          first + 4 * STATES - 12, GLOBALS,
                              STATES};

    scene->words = 7;
    board_put_words(&scene->board, BOARD_FRAME, words, 7);
    assert_frame(scene);
    assert_int_equal(scene->frame.fun, 0);
    assert_int_equal(scene->frame.sp, first);
    assert_int_equal(scene->frame.code.args[0], ID_X);
    scene->board.layout.version_number = 10807;
    assert_frame(scene);
    scene->board.layout.version_number = 10902;
    assert_no_frame(scene);
}

// --- what is none ---

static void test_what_is_no_frame(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);
    static const struct {
        uint64_t at, value;
    } wrong[] = {
        {0, 0},                        // no function
        {0, BOARD_OTHER_TYPE},         // a type
        {0, GLOBALS},                  // nothing
        {4, BOARD_CODE},               // an instruction pointer in the prelude
        {4, BOARD_CODE + 0x200000},    // far behind
        {8, BOARD_FRAME + 12},         // a stack pointer below the states
        {8, BOARD_FRAME + 18},         // in the middle of a word
        {8, BOARD_FRAME + 20 + 4 * 9}, // above
        {12, STATES - 1},              // another number of states
        {12, 0},
        {12, STATES | 2 << 16}, // two handlers
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_frame(scene, BOARD_FRAME, 2, NULL, 0);
        assert_int_equal(try_frame(scene, NULL), 0);
        board_put(&scene->board, BOARD_FRAME + wrong[i].at, 4, wrong[i].value);
        assert_no_frame(scene);
    }
}

static void test_an_object_that_is_no_function(void **state)
{
    struct scene *scene = scene_of(state, PRELUDE_V2, 4);

    put_frame(scene, BOARD_FRAME, 2, NULL, 0);
    board_put(&scene->board, BOARD_FUNCTION, 4, BOARD_OTHER_TYPE);
    assert_no_frame(scene);
}

// Any single byte may be wrong: what is read then still agrees with itself.
static void test_each_byte_damaged(void **state)
{
    static const enum prelude_form forms[] = {PRELUDE_V0, PRELUDE_V1, PRELUDE_V2};

    for (size_t form = 0; form < 3; form++) {
        struct scene *scene = scene_of(state, forms[form], 4);

        for (unsigned at = 0; at < 36; at++) {
            for (unsigned value = 0; value < 256; value++) {
                if (forms[form] == PRELUDE_V0)
                    put_old_frame(scene, 2, 1, 0);
                else
                    put_frame(scene, BOARD_FRAME, 2, NULL, 0);
                board_put(&scene->board, BOARD_FRAME + at, 1, value);
                int rc = try_frame(scene, NULL);
                assert_true(rc == 0 || rc == MPH_ERR_BAD_DATA || rc == MPH_ERR_READ);
                if (rc < 0)
                    continue;
                assert_true(scene->frame.sp >= scene->frame.state - 4);
                assert_true(scene->frame.sp < scene->frame.state + 4 * STATES);
                assert_true(scene->frame.end > scene->frame.state);
            }
        }
        code_board_deinit(&scene->board);
    }
    scene_of(state, PRELUDE_V2, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_number_of_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words_of_8_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_objects_of_8_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_form_of_v1_12, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_frame_at_the_end_of_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_generator_that_has_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stackless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settrace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stackless_and_settrace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settrace_before_the_first_opcode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_handlers_show_where_states_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_handlers_than_the_functions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_oldest_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_object_that_is_no_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_byte_damaged, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
