// SPDX-License-Identifier: MIT
// Verdicts about the heap and what the linker says of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bounds_board.h"

static void test_heap_smaller_than_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole.last -= 4 * KIB;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 4 * KIB, "gc_init was given less");
    bounds_deinit(&bounds);
}

static void test_heap_rounded_down(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole.last -= 15;
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_RIGHT, 0, "the heap is what the linker gives it");
    bounds_deinit(&bounds);
}

static void test_heap_beyond_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", BSS_END + 32, "_heap_end", HEAP_END - 64);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 64, "the heap ends 64 bytes above _heap_end");
    assert_verdict(&bounds, VERDICT_WRONG, 32, "32 bytes below _heap_start");
    bounds_deinit(&bounds);
}

static void test_heap_outside_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", 0x10000000, "_heap_end", 0x10010000);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, HEAP_END - BSS_END, "lies outside of _heap_start");
    bounds_deinit(&bounds);
}

static void test_inverted_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, false);
    set_pair(&bounds.heap, "_heap_start", HEAP_END, "_heap_end", BSS_END);
    set_pair(&bounds.stack, "_sstack", RAM_END, "_estack", HEAP_END);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 0, "_heap_end = 0x20001000 does not lie above");
    assert_verdict(&bounds, VERDICT_WRONG, 0, "_estack = 0x2001C000 does not lie above");
    assert_rows_sound(&bounds);
    bounds_deinit(&bounds);
}

static void test_malloc_has_no_symbol(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, 0x20030000, true);
    bounds.heap = (struct bounds_pair){0};
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "it is from malloc");
    bounds_deinit(&bounds);
}

static void test_array_inside_bss(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    ((struct named_extent *)vec_at(&bounds.sections, 0))->extent = between(RAM, HEAP_END);
    bounds.heap.is_array = true;
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_RIGHT, 0, "the heap is the static array _heap_start");
    bounds_deinit(&bounds);
}

static void test_heap_overlaps_variables(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    ((struct named_extent *)vec_at(&bounds.sections, 0))->extent = between(RAM, BSS_END + 256);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 256, "heap and .bss overlap by 256 bytes");
    bounds_deinit(&bounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_smaller_than_symbols),
        cmocka_unit_test(test_heap_rounded_down),
        cmocka_unit_test(test_heap_beyond_symbols),
        cmocka_unit_test(test_heap_outside_symbols),
        cmocka_unit_test(test_inverted_symbols),
        cmocka_unit_test(test_malloc_has_no_symbol),
        cmocka_unit_test(test_array_inside_bss),
        cmocka_unit_test(test_heap_overlaps_variables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
