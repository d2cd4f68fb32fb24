// SPDX-License-Identifier: MIT
// Verdicts about the RAM of the chip.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bounds_board.h"

static void test_external_memory_is_not_wrong(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", 0xd0000000, "_heap_end", 0xd0100000);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole = between(0xd0000000, 0xd0100000);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "lies in memory outside of the chip");
    assert_false(bounds_are_wrong(&bounds));
    bounds_deinit(&bounds);
}

static void test_heap_outside_ram(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    add_bank(&bounds, between(RAM, RAM + 64 * KIB), RAM_IDENTIFIED);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, HEAP_END - RAM - 64 * KIB,
                   "the heap at 0x20001000 goes 49152 bytes beyond the end of RAM, 0x20010000");
    assert_verdict(&bounds, VERDICT_WRONG, 16 * KIB, "the stack at 0x2001C000 lies outside");
    assert_verdict(&bounds, VERDICT_WRONG, 64 * KIB, "_ram_end says that RAM goes 65536 bytes");
    bounds_deinit(&bounds);
}

static void test_heap_across_banks(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    add_bank(&bounds, between(RAM + 64 * KIB, RAM_END), RAM_IDENTIFIED);
    add_bank(&bounds, between(RAM, RAM + 64 * KIB), RAM_IDENTIFIED);
    add_bank(&bounds, between(RAM, RAM_END), RAM_PROBED);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_null(find_verdict(&bounds, "RAM at"));
    bounds_deinit(&bounds);
}

static void test_sources_disagree(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    add_bank(&bounds, between(RAM, 0x20030000), RAM_PROBED);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds)); // --chip is believed
    assert_verdict(&bounds, VERDICT_UNSURE, 64 * KIB,
                   "has 131072 bytes by --chip, but 196608 by --probe-ram");
    bounds_deinit(&bounds);
}

static void test_second_bank(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    add_bank(&bounds, between(0x10000000, 0x10010000), RAM_NAMED);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_SPARE, 64 * KIB, "that no heap and no section uses");
    bounds_deinit(&bounds);

    bounds_board_set_up(&bounds, RAM_END, true);
    add_bank(&bounds, between(0x10000000, 0x10010000), RAM_NAMED);
    add_area(&bounds, between(0x10000000, 0x10010000));
    judge(&bounds);
    assert_null(find_verdict(&bounds, "that no heap and no section uses"));
    bounds_deinit(&bounds);
}

static void test_no_chip(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, 0x20030000, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "what RAM the chip has is not known");
    // The linker's own claim is enough to see the gap.
    assert_verdict(&bounds, VERDICT_UNUSED, 0x10000, "between the heap and the stack");
    bounds_deinit(&bounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_external_memory_is_not_wrong),
        cmocka_unit_test(test_heap_outside_ram),
        cmocka_unit_test(test_heap_across_banks),
        cmocka_unit_test(test_sources_disagree),
        cmocka_unit_test(test_second_bank),
        cmocka_unit_test(test_no_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
