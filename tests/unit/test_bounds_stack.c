// SPDX-License-Identifier: MIT
// Verdicts about the stack.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bounds_board.h"

static void test_stack_limit_in_heap(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    bounds.live_stack.limit = RAM_END - HEAP_END + 512;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 512, "lies in the heap: the stack may grow 512 bytes");
    bounds_deinit(&bounds);
}

static void test_stack_limit_in_bss(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    assert_int_equal(
        bounds_name(&bounds.sections, between(HEAP_END, HEAP_END + 2 * KIB), NULL, ".ramfunc"), 0);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, KIB, "lies in .ramfunc");
    bounds_deinit(&bounds);
}

static void test_linker_gives_both_the_same(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, false);
    set_pair(&bounds.stack, "_sstack", HEAP_END - KIB, "_estack", RAM_END);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, KIB, "gives heap and stack the same memory");
    assert_verdict(&bounds, VERDICT_WRONG, KIB, "heap and stack overlap by 1024 bytes");
    bounds_deinit(&bounds);
}

static void test_stack_pointer(void **state)
{
    static const struct {
        uint64_t sp;
        enum verdict_level level;
        const char *text;
    } rows[] = {
        {RAM_END - 0x100, VERDICT_RIGHT, "the stack is 256 bytes deep, 15104 are left"},
        {HEAP_END + 512, VERDICT_WRONG, "the stack is 512 bytes below its limit, 0x2001C400"},
        {HEAP_END - 8, VERDICT_WRONG, "lies in the heap: the stack has grown into it"},
        {RAM + 64, VERDICT_WRONG, "lies among the program's variables"},
        {0x10000100, VERDICT_UNSURE, "lies outside of the main stack"},
        {RAM_END + 0x100, VERDICT_UNSURE, "lies outside of the main stack"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bounds bounds;

        bounds_board_set_up(&bounds, RAM_END, true);
        bounds.live_stack.sp = rows[i].sp;
        judge(&bounds);
        const struct verdict *verdict = find_verdict(&bounds, rows[i].text);
        if (!verdict)
            fail_msg("no verdict has: %s", rows[i].text);
        assert_int_equal(verdict->level, rows[i].level);
        assert_int_equal(bounds_are_wrong(&bounds), rows[i].level == VERDICT_WRONG);
        bounds_deinit(&bounds);
    }
}

static void test_stack_of_a_thread(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    bounds.live_stack.sp = HEAP_END - 4 * KIB;
    bounds.is_elsewhere = true;
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "another thread's stack");
    bounds_deinit(&bounds);
}

// A script that says nothing of a stack leaves it what is above the heap.
static void test_small_stack_without_symbol(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, false);
    set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", RAM_END - 2 * KIB);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    bounds_deinit(&bounds);
}

static void test_deepest_use(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    bounds.live_stack.has_deepest = true;
    bounds.live_stack.deepest = RAM_END - 3000;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_RIGHT, 0, "that shows is 3000 bytes: the 13384 below");
    bounds_deinit(&bounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack_limit_in_heap),
        cmocka_unit_test(test_stack_limit_in_bss),
        cmocka_unit_test(test_linker_gives_both_the_same),
        cmocka_unit_test(test_stack_pointer),
        cmocka_unit_test(test_stack_of_a_thread),
        cmocka_unit_test(test_small_stack_without_symbol),
        cmocka_unit_test(test_deepest_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
