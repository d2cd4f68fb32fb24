// SPDX-License-Identifier: MIT
// Python frames among C frames: whole backtraces, by where on the stack they are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/interleave.h"

#define EXECUTOR "mp_execute_bytecode"

enum { TOP = 0x1000 };

// --- making ---

struct scene {
    struct trace trace;
    struct native_stack native;
    struct interleaving order;
};

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){.trace = {.frames = VEC_OF(struct trace_frame), .stack.end = TOP},
                            .native = {.frames = VEC_OF(struct native_frame)}};
}

static void scene_deinit(struct scene *scene)
{
    interleaving_deinit(&scene->order);
    native_stack_deinit(&scene->native);
    vec_deinit(&scene->trace.frames);
}

// From the innermost out, as unwinders do.
static void add_c(struct scene *scene, uint64_t sp, const char *function)
{
    struct native_frame frame = {.pc = sp, .sp = sp, .function = (char *)function};

    assert_int_equal(native_stack_add(&scene->native, &frame, NULL), 0);
}

// From the outermost in. Its address is its name in the lines.
static struct trace_frame *add_python(struct scene *scene, uint64_t name, uint64_t stack_address)
{
    struct trace_frame *frame = vec_add(&scene->trace.frames);

    assert_non_null(frame);
    frame->frame.address = name;
    frame->stack_address = stack_address;
    frame->has_buffer = true;
    return frame;
}

// "1@3" is Python frame 1 in the place of C frame 3, "1" one behind what is before it,
// "c2" C frame 2.
static void assert_lines(struct scene *scene, const char *expected)
{
    char text[256] = "";

    assert_int_equal(interleave(&scene->trace, &scene->native, &scene->order, NULL), 0);
    for (size_t i = 0; i < scene->order.lines.len; i++) {
        const struct interleaved *line = vec_at(&scene->order.lines, i);
        size_t used = strlen(text);

        if (!line->python)
            snprintf(text + used, sizeof text - used, " c%d", line->level);
        else if (line->level == NO_LEVEL)
            snprintf(text + used, sizeof text - used, " %u", (unsigned)line->python->frame.address);
        else
            snprintf(text + used, sizeof text - used, " %u@%d",
                     (unsigned)line->python->frame.address, line->level);
    }
    assert_string_equal(text + 1, expected);
}

// A Python function that calls one from C, and main.
static void add_usual_c(struct scene *scene)
{
    add_c(scene, 0x100, "mp_hal_delay_ms");
    add_c(scene, 0x200, EXECUTOR);
    add_c(scene, 0x300, "fun_bc_call");
    add_c(scene, 0x400, EXECUTOR);
    add_c(scene, 0x500, "fun_bc_call");
    add_c(scene, 0x600, "main");
}

// --- tests ---

static void test_a_buffer_says_which_call_executes_a_frame(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_usual_c(&scene);
    add_python(&scene, 1, 0x480);
    add_python(&scene, 2, 0x2f8);
    assert_lines(&scene, "c5 c4 1@3 c2 2@1 c0");
    scene_deinit(&scene);
}

static void test_an_inlined_interpreter_has_its_callers_stack(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_c(&scene, 0x100, EXECUTOR);
    add_c(&scene, 0x100, "fun_bc_call");
    add_c(&scene, 0x200, "main");
    add_python(&scene, 1, 0x150);
    assert_lines(&scene, "c2 c1 1@0");
    scene_deinit(&scene);
}

static void test_a_frame_without_a_buffer_has_the_nearest_call(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_usual_c(&scene);
    add_python(&scene, 1, 0x480);
    *add_python(&scene, 2, 0x310) =
        (struct trace_frame){.frame.address = 2, .place = PLACE_STACK, .stack_address = 0x310};
    assert_lines(&scene, "c5 c4 1@3 c2 2@1 c0");
    scene_deinit(&scene);
}

static void test_one_that_has_ended_takes_nobodys_call(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_usual_c(&scene);
    add_python(&scene, 1, 0x480);
    add_python(&scene, 2, 0x280);
    *add_python(&scene, 3, 0) =
        (struct trace_frame){.frame.address = 3, .place = PLACE_HEAP, .stack_address = 0x110};
    assert_lines(&scene, "c5 c4 1@3 c2 2@1 c0 3");
    scene_deinit(&scene);
}

static void test_frames_without_c_calls_share_one(void **state)
{
    struct scene scene;

    (void)state; // MICROPY_STACKLESS
    scene_init(&scene);
    add_c(&scene, 0x100, EXECUTOR);
    add_c(&scene, 0x200, "main");
    add_python(&scene, 1, 0x150);
    add_python(&scene, 2, 0x150);
    assert_lines(&scene, "c1 1@0 2@0");
    scene_deinit(&scene);
}

static void test_what_the_unwinder_did_not_reach_is_outside(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_c(&scene, 0x100, "mp_hal_delay_ms");
    add_c(&scene, 0x200, EXECUTOR);
    add_python(&scene, 1, 0x480);
    add_python(&scene, 2, 0x280);
    assert_lines(&scene, "1 2@1 c0");
    scene_deinit(&scene);
}

static void test_another_stack_holds_none_of_them(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    add_c(&scene, 0x8000, "idle");
    add_c(&scene, 0x8100, EXECUTOR);
    add_python(&scene, 1, 0x480);
    assert_lines(&scene, "c1 c0 1");
    scene_deinit(&scene);
}

static void test_a_pystack_goes_by_order(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    scene.trace.has_pystack = true;
    add_usual_c(&scene);
    add_python(&scene, 1, 0)->has_buffer = false;
    add_python(&scene, 2, 0)->has_buffer = false;
    assert_lines(&scene, "c5 c4 1@3 c2 2@1 c0");
    assert_false(scene.order.is_uncertain);
    interleaving_deinit(&scene.order);
    add_python(&scene, 3, 0)->has_buffer = false;
    assert_lines(&scene, "c5 c4 c3 c2 c1 c0 1 2 3");
    assert_true(scene.order.is_uncertain);
    scene_deinit(&scene);
}

// --- any ---

static void make_any(struct scene *scene, unsigned *seed)
{
    static const char *const names[] = {EXECUTOR, "fun_bc_call", NULL, EXECUTOR ".isra.0"};
    int c_count = 1 + rand_r(seed) % 8, python_count = rand_r(seed) % 8;

    scene_init(scene);
    scene->trace.has_pystack = rand_r(seed) % 8 == 0;
    for (int i = 0; i < c_count; i++)
        add_c(scene, (uint64_t)(rand_r(seed) % TOP), names[rand_r(seed) % 4]);
    for (int i = 0; i < python_count; i++) {
        struct trace_frame *frame =
            add_python(scene, (uint64_t)i + 1, (uint64_t)(rand_r(seed) % (2 * TOP)));

        frame->has_buffer = rand_r(seed) % 2;
        frame->place = (enum trace_place)(rand_r(seed) % 4);
    }
}

// Python frames in their order, each once; each C frame once, or in the place of one.
static void assert_whole(const struct scene *scene)
{
    size_t python = 0;
    int level = (int)scene->native.frames.len;

    for (size_t i = 0; i < scene->order.lines.len; i++) {
        const struct interleaved *line = vec_at(&scene->order.lines, i);

        if (line->python)
            assert_int_equal(line->python->frame.address, ++python);
        if (line->level != NO_LEVEL && line->level != level) // two frames may share one
            assert_int_equal(line->level, --level);
    }
    assert_int_equal(python, scene->trace.frames.len);
    assert_int_equal(level, 0);
}

static void test_any_stack_gives_all_frames_in_order(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct scene scene;

        make_any(&scene, &seed);
        assert_int_equal(interleave(&scene.trace, &scene.native, &scene.order, NULL), 0);
        assert_whole(&scene);
        scene_deinit(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_buffer_says_which_call_executes_a_frame),
        cmocka_unit_test(test_an_inlined_interpreter_has_its_callers_stack),
        cmocka_unit_test(test_a_frame_without_a_buffer_has_the_nearest_call),
        cmocka_unit_test(test_one_that_has_ended_takes_nobodys_call),
        cmocka_unit_test(test_frames_without_c_calls_share_one),
        cmocka_unit_test(test_what_the_unwinder_did_not_reach_is_outside),
        cmocka_unit_test(test_another_stack_holds_none_of_them),
        cmocka_unit_test(test_a_pystack_goes_by_order),
        cmocka_unit_test(test_any_stack_gives_all_frames_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
