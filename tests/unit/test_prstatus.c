// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>

#include "base/bytes.h"
#include "target/prstatus.h"

static const struct {
    uint16_t machine;
    uint8_t word_bytes;
} machines[] = {{EM_ARM, 4},    {EM_RISCV, 4},   {EM_RISCV, 8}, {EM_386, 4},
                {EM_X86_64, 8}, {EM_AARCH64, 8}, {EM_XTENSA, 4}};

enum { MACHINE_COUNT = sizeof machines / sizeof *machines, NOTE_MAX = 600 };

static const struct prstatus_layout *layout_at(size_t index)
{
    const struct prstatus_layout *layout =
        prstatus_find(machines[index].machine, machines[index].word_bytes);

    assert_non_null(layout);
    assert_true(layout->size <= NOTE_MAX);
    return layout;
}

// A value of its own for each register.
static uint64_t value_of(const struct prstatus_layout *layout, size_t index)
{
    uint64_t value = 0x8123456789abcdefu + index * 0x0101010101010101u;

    return layout->word_bytes == 8 ? value : value & 0xffffffff;
}

static void test_registers_survive_a_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < MACHINE_COUNT; i++)
        for (int big_endian = 0; big_endian <= 1; big_endian++) {
            const struct prstatus_layout *layout = layout_at(i);
            struct regs before = {0}, after = {0};
            uint8_t note[NOTE_MAX];

            for (size_t j = 0; layout->names[j]; j++)
                if (*layout->names[j])
                    assert_true(regs_set(&before, layout->names[j], value_of(layout, j)));
            prstatus_encode(layout, &before, 1, big_endian, note);
            prstatus_decode(layout, note, big_endian, &after);
            assert_int_equal(after.count, before.count);
            for (size_t j = 0; j < before.count; j++) {
                uint64_t value = 0;

                assert_true(regs_get(&after, before.list[j].name, &value));
                assert_int_equal(value, before.list[j].value);
            }
        }
}

static void test_registers_fit_into_the_note(void **state)
{
    (void)state;
    for (size_t i = 0; i < MACHINE_COUNT; i++) {
        const struct prstatus_layout *layout = layout_at(i);
        size_t count = 0;

        while (layout->names[count])
            count++;
        assert_true(layout->regs_offset + count * layout->word_bytes <= layout->size);
        assert_true(layout->pid_offset + 4u <= layout->regs_offset);
    }
}

// Offsets that other programs rely on: gdb reads pr_pid and pr_reg by them.
static void test_arm_note_is_as_linux_lays_it_out(void **state)
{
    const struct prstatus_layout *layout = prstatus_find(EM_ARM, 4);
    struct regs regs = {0};
    uint8_t note[NOTE_MAX];

    (void)state;
    regs_set(&regs, "sp", 0x20003e68);
    regs_set(&regs, "pc", 0x0000cfb2);
    prstatus_encode(layout, &regs, 7, false, note);
    assert_int_equal(layout->size, 148);
    assert_int_equal(bytes_get(note + 24, 4, false), 7);
    assert_int_equal(bytes_get(note + 72 + 13 * 4, 4, false), 0x20003e68);
    assert_int_equal(bytes_get(note + 72 + 15 * 4, 4, false), 0x0000cfb2);
}

static void test_unknown_registers_are_zero(void **state)
{
    const struct regs none = {0};
    uint8_t note[NOTE_MAX];

    (void)state;
    for (size_t i = 0; i < MACHINE_COUNT; i++) {
        const struct prstatus_layout *layout = layout_at(i);

        memset(note, 0xff, sizeof note);
        prstatus_encode(layout, &none, 0, false, note);
        for (size_t j = 0; j < layout->size; j++)
            assert_int_equal(note[j], 0);
    }
}

static void test_other_machines_have_no_layout(void **state)
{
    (void)state;
    assert_null(prstatus_find(EM_ARM, 8));
    assert_null(prstatus_find(EM_NONE, 4));
    assert_null(prstatus_find(EM_XTENSA, 8));
}

static void test_the_stack_pointer_has_several_names(void **state)
{
    static const char *const names[] = {"sp", "rsp", "esp"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct regs regs = {0};
        uint64_t sp = 0;

        assert_false(regs_sp(&regs, &sp));
        regs_set(&regs, "pc", 1);
        regs_set(&regs, names[i], 0x20001000);
        assert_true(regs_sp(&regs, &sp));
        assert_int_equal(sp, 0x20001000);
    }
}

static void test_registers_have_room_and_limits(void **state)
{
    struct regs regs = {0};
    char name[] = "r00";
    uint64_t value = 0;

    (void)state;
    assert_true(regs_set(&regs, "r0", 1));
    assert_true(regs_set(&regs, "r0", 2));
    assert_int_equal(regs.count, 1);
    assert_true(regs_get(&regs, "r0", &value));
    assert_int_equal(value, 2);
    assert_false(regs_get(&regs, "r1", &value));
    assert_false(regs_set(&regs, "a_name_of_17_char", 0));
    for (size_t i = regs.count; i < REGS_MAX; i++) {
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        assert_true(regs_set(&regs, name, i));
    }
    assert_false(regs_set(&regs, "one_more", 0));
    assert_true(regs_set(&regs, "r0", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_survive_a_round_trip),
        cmocka_unit_test(test_registers_fit_into_the_note),
        cmocka_unit_test(test_arm_note_is_as_linux_lays_it_out),
        cmocka_unit_test(test_unknown_registers_are_zero),
        cmocka_unit_test(test_other_machines_have_no_layout),
        cmocka_unit_test(test_the_stack_pointer_has_several_names),
        cmocka_unit_test(test_registers_have_room_and_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
