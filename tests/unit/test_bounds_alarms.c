// SPDX-License-Identifier: MIT
// Boards on which a verdict would be a false alarm, each beside one on which it is true.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bounds_board.h"

enum { SDRAM = 0xd0000000u, STACK = 8 << 10 };

// Variables at the start of 128 KiB of RAM, and a program that has a linker script.
static void set_up(struct bounds *bounds)
{
    bounds_init(bounds);
    bounds->has_linker = bounds->is_live = true;
    add_bank(bounds, between(RAM, RAM_END), RAM_NAMED);
    assert_int_equal(bounds_name(&bounds->sections, between(RAM, BSS_END), NULL, ".bss"), 0);
}

// The level of the verdict that says so; VERDICT_LEVELS: none does.
static enum verdict_level level_of(const struct bounds *bounds, const char *text)
{
    const struct verdict *verdict = find_verdict(bounds, text);

    return verdict ? verdict->level : VERDICT_LEVELS;
}

// --- the heap in another memory than the linker's ---

static void test_heap_in_sdram_instead(void **state)
{
    (void)state;
    for (int is_outside = 0; is_outside < 2; is_outside++) {
        uint64_t start = is_outside ? SDRAM : 0x10000000;
        struct bounds bounds;

        set_up(&bounds);
        set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", HEAP_END);
        add_area(&bounds, between(start, start + 0x10000));
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "which the linker gives it"),
                         is_outside ? VERDICT_UNSURE : VERDICT_WRONG);
        assert_int_equal(bounds_are_wrong(&bounds), !is_outside);
        bounds_deinit(&bounds);
    }
}

static void test_second_area_is_the_linkers(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost <= 4 * KIB; lost += 4 * KIB) {
        struct bounds bounds;

        set_up(&bounds);
        set_pair(&bounds.heap, "__GcHeapStart", BSS_END, "__GcHeapEnd", RAM_END);
        add_area(&bounds, between(0x11000000, 0x11800000));
        add_area(&bounds, between(BSS_END, RAM_END - lost));
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "the heap is what the linker gives it"),
                         lost ? VERDICT_LEVELS : VERDICT_RIGHT);
        assert_int_equal(level_of(&bounds, "gc_init was given less"),
                         lost ? VERDICT_UNUSED : VERDICT_LEVELS);
        bounds_deinit(&bounds);
    }
}

// gc_init was given less at the start, or the array is larger than what it was given.
static void test_heap_begins_above_its_symbol(void **state)
{
    (void)state;
    for (int is_array = 0; is_array < 2; is_array++)
        for (unsigned lost = 0; lost <= 2 * KIB; lost += 2 * KIB) {
            struct bounds bounds;

            set_up(&bounds);
            set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", HEAP_END);
            bounds.heap.is_array = is_array;
            add_area(&bounds, between(BSS_END + lost, HEAP_END));
            judge(&bounds);
            assert_int_equal(level_of(&bounds, "2048 bytes above _heap_start"),
                             lost ? VERDICT_UNUSED : VERDICT_LEVELS);
            assert_int_equal(level_of(&bounds, "lies in the static array"),
                             lost && is_array ? VERDICT_RIGHT : VERDICT_LEVELS);
            bounds_deinit(&bounds);
        }
}

static void test_an_elf_without_bounds(void **state)
{
    (void)state;
    for (int has_symbols = 0; has_symbols < 2; has_symbols++) {
        struct bounds bounds;

        set_up(&bounds);
        bounds.is_live = false;
        if (has_symbols)
            set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", HEAP_END);
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "the ELF has no symbols that bound a heap"),
                         has_symbols ? VERDICT_LEVELS : VERDICT_UNSURE);
        assert_int_equal(level_of(&bounds, "the linker gives the heap 110592 bytes"),
                         has_symbols ? VERDICT_RIGHT : VERDICT_LEVELS);
        bounds_deinit(&bounds);
    }
}

// --- the room of a stack that no symbol bounds below ---

// Nobody said how much it needs: it has what is above the variables. Somebody did: too little.
static void test_stack_above_variables(void **state)
{
    (void)state;
    for (int is_given = 0; is_given < 2; is_given++) {
        struct bounds bounds;

        set_up(&bounds);
        bounds.is_live = false;
        bounds.is_stack_given = is_given;
        set_pair(&bounds.stack, NULL, 0, "_estack", BSS_END + STACK);
        judge(&bounds);
        assert_int_equal(level_of(&bounds, ".bss and stack overlap by 4096 bytes"),
                         is_given ? VERDICT_WRONG : VERDICT_LEVELS);
        bounds_deinit(&bounds);
    }
}

static void test_heap_leaves_too_little_for_the_stack(void **state)
{
    (void)state;
    for (int is_given = 0; is_given < 2; is_given++) {
        struct bounds bounds;

        set_up(&bounds);
        bounds.is_live = false;
        bounds.is_stack_given = is_given;
        set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", RAM_END - STACK);
        set_pair(&bounds.stack, NULL, 0, "_estack", RAM_END);
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "heap and stack overlap by 8192 bytes"),
                         is_given ? VERDICT_WRONG : VERDICT_LEVELS);
        bounds_deinit(&bounds);
    }
}

// A task of an operating system has the stack that it was given.
static void test_stack_without_symbols_is_its_limit(void **state)
{
    struct extent stack = {0};
    struct bounds bounds;

    (void)state;
    set_up(&bounds);
    bounds.live_stack = (struct bounds_stack){
        .has_top = true, .top = 0x20018000, .has_limit = true, .limit = 40 * KIB};
    assert_true(bounds_stack(&bounds, &stack));
    assert_int_equal(extent_bytes(stack), 41 * KIB);
    set_pair(&bounds.stack, NULL, 0, "_estack", 0x20018000);
    assert_true(bounds_stack(&bounds, &stack));
    assert_int_equal(extent_bytes(stack), BOUNDS_STACK);
    bounds_deinit(&bounds);
}

// --- a stack pointer below the main stack ---

static void test_overflow_or_another_thread(void **state)
{
    static const struct {
        bool has_symbol, is_only_one, is_threads;
        unsigned below;
        enum verdict_level overflow, outside;
    } rows[] = {
        {true, false, false, 512, VERDICT_WRONG, VERDICT_LEVELS},
        {false, true, false, 512, VERDICT_WRONG, VERDICT_LEVELS},
        {false, false, false, 512, VERDICT_UNSURE, VERDICT_LEVELS},
        {true, false, true, 512, VERDICT_UNSURE, VERDICT_LEVELS},
        {false, false, false, 40 * KIB, VERDICT_LEVELS, VERDICT_UNSURE},
        {true, false, false, 40 * KIB, VERDICT_WRONG, VERDICT_LEVELS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bounds bounds;

        set_up(&bounds);
        if (rows[i].has_symbol)
            set_pair(&bounds.stack, NULL, 0, "_estack", RAM_END);
        bounds.live_stack = (struct bounds_stack){.has_top = true,
                                                  .top = RAM_END,
                                                  .has_limit = true,
                                                  .limit = STACK,
                                                  .has_sp = true,
                                                  .sp = RAM_END - STACK - rows[i].below,
                                                  .is_only_one = rows[i].is_only_one,
                                                  .is_threads = rows[i].is_threads};
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "bytes below"), rows[i].overflow);
        assert_int_equal(level_of(&bounds, "outside of the main stack"), rows[i].outside);
        bounds_deinit(&bounds);
    }
}

static void test_a_threads_stack_among_variables(void **state)
{
    (void)state;
    for (int is_threads = 0; is_threads < 2; is_threads++) {
        struct bounds bounds;

        set_up(&bounds);
        set_pair(&bounds.stack, NULL, 0, "_estack", RAM_END);
        bounds.live_stack = (struct bounds_stack){.has_top = true,
                                                  .top = RAM_END,
                                                  .has_limit = true,
                                                  .limit = STACK,
                                                  .has_sp = true,
                                                  .sp = RAM + 256,
                                                  .is_threads = is_threads};
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "among the program's variables"),
                         is_threads ? VERDICT_UNSURE : VERDICT_WRONG);
        bounds_deinit(&bounds);
    }
}

// Before main has told Python where its stack begins, or after it returned.
static void test_stack_pointer_of_start_up_code(void **state)
{
    (void)state;
    for (int is_far = 0; is_far < 2; is_far++) {
        struct bounds bounds;

        set_up(&bounds);
        set_pair(&bounds.stack, "_sstack", RAM_END - STACK, "_estack", RAM_END);
        bounds.live_stack = (struct bounds_stack){.has_top = true,
                                                  .top = RAM_END - 64,
                                                  .has_limit = true,
                                                  .limit = STACK - KIB,
                                                  .has_sp = true,
                                                  .sp = RAM_END - 16 + (is_far ? KIB : 0)};
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "the stack is 16 bytes deep"),
                         is_far ? VERDICT_LEVELS : VERDICT_RIGHT);
        assert_int_equal(level_of(&bounds, "outside of the main stack"),
                         is_far ? VERDICT_UNSURE : VERDICT_LEVELS);
        bounds_deinit(&bounds);
    }
}

// --- RAM of which the chip does not say all ---

static void test_assumed_ram_accuses_nobody(void **state)
{
    (void)state;
    for (int is_assumed = 0; is_assumed < 2; is_assumed++) {
        struct bounds bounds;

        bounds_board_set_up(&bounds, RAM_END, false);
        ((struct bounds_bank *)vec_at(&bounds.banks, 0))->source = RAM_IDENTIFIED;
        ((struct bounds_bank *)vec_at(&bounds.banks, 0))->extent = between(RAM - 8 * KIB, HEAP_END);
        bounds.is_assumed = is_assumed;
        judge(&bounds);
        assert_int_equal(level_of(&bounds, "the stack at"),
                         is_assumed ? VERDICT_UNSURE : VERDICT_WRONG);
        assert_int_equal(level_of(&bounds, "_ram_end says"),
                         is_assumed ? VERDICT_UNSURE : VERDICT_WRONG);
        assert_int_equal(level_of(&bounds, "8192 bytes at"),
                         is_assumed ? VERDICT_UNSURE : VERDICT_UNUSED);
        assert_int_equal(bounds_are_wrong(&bounds), !is_assumed);
        bounds_deinit(&bounds);
    }
}

// --- RAM that nothing uses ---

static void test_a_heap_cannot_begin_at_null(void **state)
{
    (void)state;
    for (uint64_t start = 0; start <= 0x10000000; start += 0x10000000) {
        const struct verdict *verdict = NULL;
        struct bounds bounds;

        set_up(&bounds);
        add_bank(&bounds, between(start, start + 0x4000), RAM_NAMED);
        judge(&bounds);
        for (size_t i = 0; i < bounds.verdicts.len && !verdict; i++) {
            verdict = vec_at(&bounds.verdicts, i);
            verdict = verdict->level == VERDICT_SPARE ? verdict : NULL;
        }
        assert_non_null(verdict);
        assert_int_equal(strstr(verdict->change, "gc_add") != NULL, start != 0);
        bounds_deinit(&bounds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_in_sdram_instead),
        cmocka_unit_test(test_second_area_is_the_linkers),
        cmocka_unit_test(test_heap_begins_above_its_symbol),
        cmocka_unit_test(test_an_elf_without_bounds),
        cmocka_unit_test(test_stack_above_variables),
        cmocka_unit_test(test_heap_leaves_too_little_for_the_stack),
        cmocka_unit_test(test_stack_without_symbols_is_its_limit),
        cmocka_unit_test(test_overflow_or_another_thread),
        cmocka_unit_test(test_a_threads_stack_among_variables),
        cmocka_unit_test(test_stack_pointer_of_start_up_code),
        cmocka_unit_test(test_assumed_ram_accuses_nobody),
        cmocka_unit_test(test_a_heap_cannot_begin_at_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
