// SPDX-License-Identifier: MIT
// Verdicts about bounds: each where it is true, and where it is not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/bounds.h"

// A board as a port has it that was made from the template of a chip with 128 KiB:
// variables, a heap up to 0x2001c000, and a stack of 16 KiB at the top of RAM.
enum {
    RAM = 0x20000000,
    BSS_END = 0x20001000,
    HEAP_END = 0x2001c000,
    RAM_END = 0x20020000,
    KIB = 1024
};

static struct extent between(uint64_t start, uint64_t end)
{
    struct extent extent;

    assert_true(extent_between(&extent, start, end));
    return extent;
}

static void add_bank(struct bounds *bounds, struct extent extent, enum ram_source source)
{
    struct bounds_bank *bank = vec_add(&bounds->banks);

    assert_non_null(bank);
    *bank = (struct bounds_bank){.extent = extent, .source = source, .name = "SRAM"};
}

static struct bounds_area *add_area(struct bounds *bounds, struct extent whole)
{
    struct bounds_area *area = vec_add(&bounds->areas);
    uint64_t bytes = extent_bytes(whole);

    assert_non_null(area);
    *area = (struct bounds_area){.whole = whole,
                                 .table_bytes = bytes / 64,
                                 .pool_bytes = bytes - bytes / 64,
                                 .block_bytes = 16};
    return area;
}

static void set_pair(struct bounds_pair *pair, const char *start_name, uint64_t start,
                     const char *end_name, uint64_t end)
{
    *pair = (struct bounds_pair){
        .has_start = start_name != NULL, .start = start, .has_end = true, .end = end};
    snprintf(pair->start_name, sizeof pair->start_name, "%s", start_name ? start_name : "");
    snprintf(pair->end_name, sizeof pair->end_name, "%s", end_name);
}

static void set_up(struct bounds *bounds, uint64_t ram_end, bool is_live)
{
    bounds_init(bounds);
    bounds->has_linker = true;
    bounds->is_live = is_live;
    assert_int_equal(bounds_name(&bounds->sections, between(RAM, BSS_END), NULL, ".bss"), 0);
    set_pair(&bounds->heap, "_heap_start", BSS_END, "_heap_end", HEAP_END);
    set_pair(&bounds->stack, NULL, 0, "_estack", ram_end);
    set_pair(&bounds->ram, "_ram_start", RAM, "_ram_end", ram_end);
    add_bank(bounds, between(RAM, ram_end), RAM_NAMED);
    if (!is_live)
        return;
    add_area(bounds, between(BSS_END, HEAP_END));
    bounds->live_stack = (struct bounds_stack){.has_top = true,
                                               .top = ram_end,
                                               .has_limit = true,
                                               .limit = ram_end - HEAP_END - KIB,
                                               .has_sp = true,
                                               .sp = ram_end - 0x100};
}

static void judge(struct bounds *bounds)
{
    struct mph_err err = {0};

    if (bounds_judge(bounds, &err) < 0)
        fail_msg("%s", err.text);
}

// The verdict whose text has this in it, or NULL.
static const struct verdict *find(const struct bounds *bounds, const char *text)
{
    for (size_t i = 0; i < bounds->verdicts.len; i++) {
        const struct verdict *verdict = vec_at(&bounds->verdicts, i);

        if (strstr(verdict->text, text))
            return verdict;
    }
    return NULL;
}

static void assert_verdict(const struct bounds *bounds, enum verdict_level level, uint64_t bytes,
                           const char *text)
{
    const struct verdict *verdict = find(bounds, text);

    if (!verdict)
        fail_msg("no verdict has: %s", text);
    assert_int_equal(verdict->level, level);
    assert_int_equal(verdict->bytes, bytes);
}

// The rows may touch, but nothing in them wraps.
static void assert_rows_sound(const struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->rows.len; i++) {
        const struct bounds_row *row = vec_at(&bounds->rows, i);

        assert_true(row->extent.first <= row->extent.last);
        if (i)
            assert_true((row - 1)->extent.first <= row->extent.first);
    }
}

static size_t count_gaps(const struct bounds *bounds)
{
    size_t count = 0;

    for (size_t i = 0; i < bounds->rows.len; i++)
        count += ((const struct bounds_row *)vec_at(&bounds->rows, i))->kind == ROW_GAP;
    return count;
}

// --- what agrees ---

static void test_all_agree(void **state)
{
    (void)state;
    for (int is_live = 0; is_live < 2; is_live++) {
        struct bounds bounds;

        set_up(&bounds, RAM_END, is_live);
        judge(&bounds);
        assert_false(bounds_are_wrong(&bounds));
        assert_int_equal(count_gaps(&bounds), 0);
        assert_rows_sound(&bounds);
        bounds_deinit(&bounds);
    }
}

// --- the story this began with ---

static void test_heap_end_was_not_raised(void **state)
{
    (void)state;
    for (int is_live = 0; is_live < 2; is_live++) {
        struct bounds bounds;

        set_up(&bounds, 0x20030000, is_live);
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
    set_up(&bounds, RAM_END, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    add_bank(&bounds, between(RAM, 0x20030000), RAM_IDENTIFIED);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 0x10000, "65536 of them behind _ram_end");
    assert_string_equal(find(&bounds, "behind _ram_end")->change,
                        "a stack that begins at 0x20030000 and _heap_end = 0x2002C000 would give "
                        "the heap 0x10000 bytes more");
    bounds_deinit(&bounds);
}

static void test_slack_is_what_is_asked(void **state)
{
    (void)state;
    for (uint64_t slack = 0x10000; slack <= 0x10001; slack++) {
        struct bounds bounds;

        set_up(&bounds, 0x20030000, true);
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
    set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", BSS_END + 2 * KIB, "_heap_end", HEAP_END);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole.first += 2 * KIB;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 2 * KIB, "between .bss and the heap");
    assert_string_equal(find(&bounds, "between .bss")->change,
                        "_heap_start = 0x20001000 would give the heap 0x800 bytes more");
    bounds_deinit(&bounds);
}

static void test_gap_is_unsure_without_elf(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, 0x20030000, true);
    bounds.has_linker = false;
    bounds.heap = bounds.stack = bounds.ram = (struct bounds_pair){0};
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0x10000, "what they hold is not known");
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "no ELF");
    bounds_deinit(&bounds);
}

// --- heap and linker ---

static void test_heap_smaller_than_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
    ((struct bounds_area *)vec_at(&bounds.areas, 0))->whole.last -= 4 * KIB;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNUSED, 4 * KIB, "gc_init was given less");
    bounds_deinit(&bounds);
}

static void test_heap_rounded_down(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
    set_pair(&bounds.heap, "_heap_start", 0x10000000, "_heap_end", 0x10010000);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, HEAP_END - BSS_END, "lies outside of _heap_start");
    bounds_deinit(&bounds);
}

static void test_inverted_symbols(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, false);
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
    set_up(&bounds, 0x20030000, true);
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
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
    ((struct named_extent *)vec_at(&bounds.sections, 0))->extent = between(RAM, BSS_END + 256);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 256, "heap and .bss overlap by 256 bytes");
    bounds_deinit(&bounds);
}

// --- the stack ---

static void test_stack_limit_in_heap(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
    bounds.live_stack.limit = RAM_END - HEAP_END + 512;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_WRONG, 512, "lies in the heap: the stack may grow 512 bytes");
    bounds_deinit(&bounds);
}

static void test_stack_limit_in_bss(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, false);
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

        set_up(&bounds, RAM_END, true);
        bounds.live_stack.sp = rows[i].sp;
        judge(&bounds);
        const struct verdict *verdict = find(&bounds, rows[i].text);
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
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, false);
    set_pair(&bounds.heap, "_heap_start", BSS_END, "_heap_end", RAM_END - 2 * KIB);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    bounds_deinit(&bounds);
}

static void test_deepest_use(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
    bounds.live_stack.has_deepest = true;
    bounds.live_stack.deepest = RAM_END - 3000;
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_RIGHT, 0, "that shows is 3000 bytes: the 13384 below");
    bounds_deinit(&bounds);
}

// --- the chip ---

static void test_external_memory_is_not_wrong(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    add_bank(&bounds, between(RAM + 64 * KIB, RAM_END), RAM_IDENTIFIED);
    add_bank(&bounds, between(RAM, RAM + 64 * KIB), RAM_IDENTIFIED);
    add_bank(&bounds, between(RAM, RAM_END), RAM_PROBED);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_null(find(&bounds, "RAM at"));
    bounds_deinit(&bounds);
}

static void test_sources_disagree(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, true);
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
    set_up(&bounds, RAM_END, true);
    add_bank(&bounds, between(0x10000000, 0x10010000), RAM_NAMED);
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_SPARE, 64 * KIB, "that no heap and no section uses");
    bounds_deinit(&bounds);

    set_up(&bounds, RAM_END, true);
    add_bank(&bounds, between(0x10000000, 0x10010000), RAM_NAMED);
    add_area(&bounds, between(0x10000000, 0x10010000));
    judge(&bounds);
    assert_null(find(&bounds, "that no heap and no section uses"));
    bounds_deinit(&bounds);
}

static void test_no_chip(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, 0x20030000, true);
    vec_deinit(&bounds.banks);
    bounds.banks = VEC_OF(struct bounds_bank);
    judge(&bounds);
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "what RAM the chip has is not known");
    // The linker's own claim is enough to see the gap.
    assert_verdict(&bounds, VERDICT_UNUSED, 0x10000, "between the heap and the stack");
    bounds_deinit(&bounds);
}

static void test_blank_board(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, RAM_END, false);
    bounds.is_live = true;
    snprintf(bounds.no_heap, sizeof bounds.no_heap, "heap: not initialised");
    judge(&bounds);
    assert_false(bounds_are_wrong(&bounds));
    assert_verdict(&bounds, VERDICT_UNSURE, 0, "no live heap: heap: not initialised");
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
        assert_null(find(&bounds, "beyond the end of RAM"));
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

static void test_worst_first(void **state)
{
    struct bounds bounds;

    (void)state;
    set_up(&bounds, 0x20030000, true);
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
        cmocka_unit_test(test_heap_end_was_not_raised),
        cmocka_unit_test(test_template_kept_whole),
        cmocka_unit_test(test_slack_is_what_is_asked),
        cmocka_unit_test(test_gap_below_heap),
        cmocka_unit_test(test_gap_is_unsure_without_elf),
        cmocka_unit_test(test_heap_smaller_than_symbols),
        cmocka_unit_test(test_heap_rounded_down),
        cmocka_unit_test(test_heap_beyond_symbols),
        cmocka_unit_test(test_heap_outside_symbols),
        cmocka_unit_test(test_inverted_symbols),
        cmocka_unit_test(test_malloc_has_no_symbol),
        cmocka_unit_test(test_array_inside_bss),
        cmocka_unit_test(test_heap_overlaps_variables),
        cmocka_unit_test(test_stack_limit_in_heap),
        cmocka_unit_test(test_stack_limit_in_bss),
        cmocka_unit_test(test_linker_gives_both_the_same),
        cmocka_unit_test(test_stack_pointer),
        cmocka_unit_test(test_stack_of_a_thread),
        cmocka_unit_test(test_small_stack_without_symbol),
        cmocka_unit_test(test_deepest_use),
        cmocka_unit_test(test_external_memory_is_not_wrong),
        cmocka_unit_test(test_heap_outside_ram),
        cmocka_unit_test(test_heap_across_banks),
        cmocka_unit_test(test_sources_disagree),
        cmocka_unit_test(test_second_bank),
        cmocka_unit_test(test_no_chip),
        cmocka_unit_test(test_blank_board),
        cmocka_unit_test(test_heap_fills_ram_to_the_last_byte),
        cmocka_unit_test(test_gap_up_to_the_last_address),
        cmocka_unit_test(test_worst_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
