// SPDX-License-Identifier: MIT
// Verdicts about memory that nobody has, and what is said where all agree.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bounds_board.h"

// --- what agrees ---

static void test_all_agree(void **state)
{
    (void)state;
    for (int is_live = 0; is_live < 2; is_live++) {
        struct bounds bounds;

        bounds_board_set_up(&bounds, RAM_END, is_live);
        judge(&bounds);
        assert_false(bounds_are_wrong(&bounds));
        assert_int_equal(count_gaps(&bounds), 0);
        assert_rows_sound(&bounds);
        bounds_deinit(&bounds);
    }
}

static void test_blank_board(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, false);
    bounds.is_live = true;
    snprintf(bounds.no_heap, sizeof bounds.no_heap, "heap: not initialised");
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "no live heap: heap: not initialised");
    bounds_deinit(&bounds);
}

// --- the story this began with ---

static void test_heap_end_was_not_raised(void **state)
{
    (void)state;
    for (int is_live = 0; is_live < 2; is_live++) {
        struct bounds bounds;

        bounds_board_set_up(&bounds, 0x20030000, is_live);
        judge(&bounds);
        assert_true(bounds_are_wrong(&bounds));
        assert_verdict(&bounds, VERDICT_UNUSED, 0x10000, "between the heap and the stack");
        assert_string_equal(((const struct verdict *)vec_at(&bounds.verdicts, 0))->change,
                            "_heap_end = 0x2002C000 would give the heap 0x10000 bytes more");
        bounds_deinit(&bounds);
    }
}

static void test_template_kept_whole(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    add_bank(&bounds, between(RAM, 0x20030000), RAM_IDENTIFIED);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 0x10000, "65536 of them behind _ram_end");
    assert_string_equal(find_verdict(&bounds, "behind _ram_end")->change,
                        "a stack that begins at 0x20030000 and _heap_end = 0x2002C000 would give "
                        "the heap 0x10000 bytes more");
    bounds_deinit(&bounds);
}

static void test_slack_is_what_is_asked(void **state)
{
    (void)state;
    for (uint64_t slack = 0x10000; slack <= 0x10001; slack++) {
        struct bounds bounds;

        bounds_board_set_up(&bounds, 0x20030000, true);
        bounds.slack = slack;
        judge(&bounds);
        assert_int_equal(bounds_are_wrong(&bounds), slack == 0x10000);
        bounds_deinit(&bounds);
    }
}

static void test_gap_below_heap(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", BSS_END + 2 * KIB, "_heap_end", HEAP_END);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole.first += 2 * KIB;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 2 * KIB, "between .bss and the heap");
    assert_string_equal(find_verdict(&bounds, "between .bss")->change,
                        "_heap_start = 0x20001000 would give the heap 0x800 bytes more");
    bounds_deinit(&bounds);
}

static void test_gap_is_unsure_without_elf(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, 0x20030000, true);
    bounds.has_linker = false;
    bounds.heap = bounds.stack = bounds.ram = (struct bounds_pair){0};
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0x10000, "what they hold is not known");
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "no ELF");
    bounds_deinit(&bounds);
}

// --- the ends of the address space ---

static void test_heap_fills_ram_to_the_last_byte(void **state)
{
    static const uint64_t bases[] = {0, 0xfffff000, UINT64_MAX - 0xfff};

    (void)state;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct extent all = {bases[i], bases[i] + 0xfff};
        struct bounds bounds;

        bounds_init(&bounds);
        bounds.has_linker = bounds.is_live = true;
        add_bank(&bounds, all, RAM_GIVEN);
        add_area(&bounds, all);
        if (all.last < UINT64_MAX)
            set_pair(&bounds.heap, "_heap_start", all.first, "_heap_end", all.last + 1);
        bounds.live_stack = (struct bounds_stack){
            .has_top = true, .top = 8, .has_limit = true, .limit = UINT64_MAX, .has_sp = true};
        judge(&bounds);
        assert_int_equal(count_gaps(&bounds), 0);
        assert_rows_sound(&bounds);
        assert_null(find_verdict(&bounds, "beyond the end of RAM"));
        bounds_deinit(&bounds);
    }
}

static void test_gap_up_to_the_last_address(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_init(&bounds);
    bounds.has_linker = bounds.is_live = true;
    add_bank(&bounds, (struct extent){0, UINT64_MAX}, RAM_GIVEN);
    set_pair(&bounds.heap, "_heap_start", 0x1000, "_heap_end", 0x2000);
    add_area(&bounds, between(0x1000, 0x2000));
    judge(&bounds);
    assert_int_equal(count_gaps(&bounds), 2);
    assert_verdict(&bounds, VERDICT_UNUSED, UINT64_MAX - 0x1fff, "and the end of RAM");
    assert_rows_sound(&bounds);

    struct text text;
    text_init(&text, NULL);
    bounds_write(&bounds, &text);
    assert_non_null(strstr(text.bytes, "0x00002000  0x10000000000000000"));
    text_deinit(&text);
    bounds_deinit(&bounds);
}

// --- order ---

static void test_worst_first(void **state)
{
    struct bounds bounds;

    (void)state;
    bounds_board_set_up(&bounds, 0x20030000, true);
    bounds.live_stack.sp = HEAP_END - 8;
    add_bank(&bounds, between(0x10000000, 0x10010000), RAM_NAMED);
    judge(&bounds);
    for (size_t i = 1; i < bounds.verdicts.len; i++) {
        const struct verdict *a = vec_at(&bounds.verdicts, i - 1);
        const struct verdict *b = vec_at(&bounds.verdicts, i);

        assert_true(a->level < b->level || (a->level == b->level && a->bytes >= b->bytes));
    }
    bounds_deinit(&bounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_agree),
        cmocka_unit_test(test_blank_board),
        cmocka_unit_test(test_heap_end_was_not_raised),
        cmocka_unit_test(test_template_kept_whole),
        cmocka_unit_test(test_slack_is_what_is_asked),
        cmocka_unit_test(test_gap_below_heap),
        cmocka_unit_test(test_gap_is_unsure_without_elf),
        cmocka_unit_test(test_heap_fills_ram_to_the_last_byte),
        cmocka_unit_test(test_gap_up_to_the_last_address),
        cmocka_unit_test(test_worst_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
