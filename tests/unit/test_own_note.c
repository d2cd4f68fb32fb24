// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/cache.h"
#include "target/own_note.h"

static struct elf_note note_of(const char *lines)
{
    return (struct elf_note){
        .name = OWN_NOTE_NAME, .bytes = (const uint8_t *)lines, .size = strlen(lines)};
}

static void test_registers_come_back_as_they_were(void **state)
{
    struct regs before = {0}, after = {0};
    struct text text;
    uint64_t value;

    (void)state;
    assert_true(regs_set(&before, "msp", 0x20003fe0));
    assert_true(regs_set(&before, "primask", 0));
    assert_true(regs_set(&before, "mcause", UINT64_MAX));
    text_init(&text, NULL);
    own_note_add_registers(&before, &text);
    struct elf_note note = note_of(text.bytes);
    assert_true(own_note_registers(&note, &after));
    assert_int_equal(after.count, 3);
    assert_true(regs_get(&after, "msp", &value) && value == 0x20003fe0);
    assert_true(regs_get(&after, "primask", &value) && value == 0);
    assert_true(regs_get(&after, "mcause", &value) && value == UINT64_MAX);
    text_deinit(&text);
}

static void test_ranges_come_back_as_they_were(void **state)
{
    struct vec before = VEC_OF(struct range), after = VEC_OF(struct range);
    struct text text;

    (void)state;
    *(struct range *)vec_add(&before) = (struct range){0x30000000, 16};
    *(struct range *)vec_add(&before) = (struct range){UINT64_MAX - 3, 4};
    text_init(&text, NULL);
    own_note_add_ranges(&before, &text);
    struct elf_note note = note_of(text.bytes);
    own_note_ranges(&note, &after);
    assert_int_equal(after.len, 2);
    assert_memory_equal(after.data, before.data, 2 * sizeof(struct range));
    text_deinit(&text);
    vec_deinit(&before);
    vec_deinit(&after);
}

static void test_damaged_lines_are_passed_over(void **state)
{
    static const char damaged[] =
        "pc\n=0x1\nsp=\nlr=0x12x\n\na_name_that_is_too_long=0x1\n"
        "r0=0x1=\nr123456789012345678901234567890123456789012345678901234567890123456789012345=1\n"
        "r5=0x5\nr6=0x6"; // the last line has no end
    struct regs regs = {0};
    struct elf_note note = note_of(damaged);
    uint64_t value;

    (void)state;
    assert_true(own_note_registers(&note, &regs));
    assert_int_equal(regs.count, 1);
    assert_true(regs_get(&regs, "r5", &value) && value == 5);

    struct vec ranges = VEC_OF(struct range);
    struct elf_note bad = note_of("0x10\n0x10+\n0x10+0\n+4\n0x20+0x8\n0xffffffffffffffff+2\n");
    own_note_ranges(&bad, &ranges);
    assert_int_equal(ranges.len, 1);
    assert_int_equal(((struct range *)ranges.data)->address, 0x20);
    vec_deinit(&ranges);
}

static void test_a_note_of_no_use_leaves_registers_alone(void **state)
{
    struct regs regs = {0};
    struct elf_note note = note_of("nothing\nhere\n");

    (void)state;
    assert_true(regs_set(&regs, "pc", 1));
    assert_false(own_note_registers(&note, &regs));
    assert_int_equal(regs.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_come_back_as_they_were),
        cmocka_unit_test(test_ranges_come_back_as_they_were),
        cmocka_unit_test(test_damaged_lines_are_passed_over),
        cmocka_unit_test(test_a_note_of_no_use_leaves_registers_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
