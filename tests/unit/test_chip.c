// SPDX-License-Identifier: MIT
// The table of chips, and which chip a dump's registers name.
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/extent.h"
#include "target/chip.h"

static void test_every_id_names_a_chip(void **state)
{
    (void)state;
    for (const struct chip_register *reg = chip_registers; reg->name; reg++) {
        assert_true(reg->source && reg->cores);
        for (const struct chip_id *id = reg->ids; id->chip; id++) {
            if (!chip_find(id->chip))
                fail_msg("%s: no chip %s", reg->name, id->chip);
            assert_int_equal(id->value & ~reg->mask, 0);
        }
    }
}

static void test_every_name_leads_to_its_chip(void **state)
{
    (void)state;
    for (const struct chip *chip = chips; chip->title; chip++) {
        for (const char *at = chip->names; *at;) {
            char name[64] = "";
            size_t length = strcspn(at, " ");

            memcpy(name, at, length);
            if (chip_find(name) != chip)
                fail_msg("%s leads to %s, not %s", name, chip_find(name)->title, chip->title);
            at += length + strspn(at + length, " ");
        }
    }
}

static void test_banks_are_apart(void **state)
{
    (void)state;
    for (const struct chip *chip = chips; chip->title; chip++) {
        assert_non_null(chip->banks[0].name);
        for (const struct chip_bank *a = chip->banks; a->name; a++)
            for (const struct chip_bank *b = a + 1; b->name; b++) {
                struct extent one = {0}, other = {0}, common;

                assert_true(extent_set(&one, a->address, a->size));
                assert_true(extent_set(&other, b->address, b->size));
                if (extent_common(one, other, &common))
                    fail_msg("%s: %s and %s overlap", chip->title, a->name, b->name);
            }
    }
}

static void test_part_numbers(void **state)
{
    static const struct {
        const char *name, *title;
    } rows[] = {
        {"stm32f429zit6", "STM32F427/429/437/439"},
        {"STM32F401CCU6", "STM32F401xB/xC"},
        {"STM32F401RE", "STM32F401xD/xE"},
        {"nRF52840_xxAA", "nRF52840"},
        {"ESP32-C3-MINI", "ESP32-C3"},
        {"ESP32-WROOM", "ESP32"},
        {"ESP32-P4", "ESP32-P4"},
        {"nRF52810_xxAA", "nRF52805/810/811"},
        {"STM32F746ZG", "STM32F74x/75x"},
        {"STM32WB55RC", "STM32WB55xC"},
        {"STM32WB55RGV6", "STM32WB55xE/xG"},
        {"MIMXRT1011DAE5A", "i.MX RT1010"},
        {"R7FA6M5BH3CFC", "RA6M5"},
        {"STM32F205RB", NULL}, // has half as much as its siblings
        {"STM32L152RB", NULL},
        {"STM32H742VI", NULL},
        {"ATSAMD51", NULL},
        {"", NULL},
        {"STM32", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct chip *chip = chip_find(rows[i].name);

        if (!rows[i].title)
            assert_null(chip);
        else if (!chip)
            fail_msg("%s: no chip", rows[i].name);
        else
            assert_string_equal(chip->title, rows[i].title);
    }
}

// --- dumps that hold some registers ---

struct word {
    uint32_t address, value;
};

static struct chip_identity identify(uint16_t machine, const struct word *words, size_t count)
{
    struct chip_identity identity;
    struct mph_err err = {0};
    struct target target;

    target_init(&target);
    target.machine = machine;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(target_add_bytes(&target, words[i].address,
                                          (const uint8_t *)&words[i].value, 4, true, "word", &err),
                         0);
    assert_int_equal(chip_identify(&target, &identity, &err), 0);
    target_deinit(&target);
    return identity;
}

#define IDENTIFY_ON(machine, ...)                         \
    identify(machine, (const struct word[]){__VA_ARGS__}, \
             sizeof((const struct word[]){__VA_ARGS__}) / sizeof(struct word))
#define IDENTIFY(...) IDENTIFY_ON(EM_NONE, __VA_ARGS__)

static void assert_chip(const struct chip_identity *identity, const char *title, uint64_t size)
{
    assert_non_null(identity->chip);
    assert_string_equal(identity->chip->title, title);
    assert_int_equal(identity->banks[0].size, size);
}

static void test_chips_say_what_they_are(void **state)
{
    struct chip_identity found;

    (void)state;
    found = IDENTIFY({0xe0042000, 0x20036419}, {0x1fff7a20, 0x0800ffff});
    assert_chip(&found, "STM32F427/429/437/439", 192 << 10);
    assert_int_equal(found.flash_bytes, 2048 << 10);
    found = IDENTIFY({0x40000000, 0x20002927});
    assert_chip(&found, "RP2040", 256 << 10);
    found = IDENTIFY({0x41002018, 0x60060305});
    assert_chip(&found, "SAMD51x19", 192 << 10);
    found = IDENTIFY({0x10000100, 0x52832}, {0x1000010c, 32}, {0x10000110, 256});
    assert_chip(&found, "nRF52832", 32 << 10);
    assert_int_equal(found.flash_bytes, 256 << 10);
    found = IDENTIFY({0x10000010, 0x400}, {0x10000034, 4}, {0x10000038, 0x2000});
    assert_chip(&found, "nRF51xxxAA/AB (16 KB)", 32 << 10);
    found = IDENTIFY({0x400d8260, 0x6c0002});
    assert_chip(&found, "i.MX RT1060", 128 << 10);
    assert_non_null(found.doubt);
    // GPR16 selects GPR17: 2 banks of ITCM, 13 of DTCM, 1 of OCRAM
    found = IDENTIFY({0x400d8260, 0x6c0002}, {0x400ac040, 4}, {0x400ac044, 0x6aaaaaaf});
    assert_chip(&found, "i.MX RT1060", 64 << 10);
    assert_int_equal(found.banks[1].size, 416 << 10);
    assert_int_equal(found.banks[2].size, 32 << 10);
    assert_null(found.doubt);
    // RT1010 has but 4 banks: 1 of ITCM, 3 of OCRAM, and what follows does not count
    found = IDENTIFY({0x400d8260, 0x6d0000}, {0x400ac040, 4}, {0x400ac044, 0xaaaaaa57});
    assert_chip(&found, "i.MX RT1010", 32 << 10);
    assert_int_equal(found.banks[1].size, 0);
    assert_int_equal(found.banks[2].size, 96 << 10);
    // GPR16 selects the fuses: partition 1011 is 448 KB of DTCM and 64 KB of OCRAM
    found = IDENTIFY({0x400d8260, 0x6a0001}, {0x400ac040, 0}, {0x400fc070, 0x3000},
                     {0x401f46d0, 0xb0000});
    assert_chip(&found, "i.MX RT1050", 0);
    assert_int_equal(found.banks[1].size, 448 << 10);
    assert_int_equal(found.banks[2].size, 64 << 10);
    assert_null(found.doubt);
    // the fuses' clock is off: they are not read
    found =
        IDENTIFY({0x400d8260, 0x6a0001}, {0x400ac040, 0}, {0x400fc070, 0}, {0x401f46d0, 0xb0000});
    assert_chip(&found, "i.MX RT1050", 128 << 10);
    assert_non_null(found.doubt);
    found = IDENTIFY({0x00ff0140, 0x9160});
    assert_chip(&found, "nRF9160", 256 << 10);
    found = IDENTIFY({0x00ff020c, 0x5340});
    assert_chip(&found, "nRF5340", 512 << 10);
}

static void test_chips_that_are_no_cortex(void **state)
{
    struct chip_identity found;

    (void)state;
    found = IDENTIFY_ON(EM_XTENSA, {CHIP_ROM_WORD, 0x00f01d83});
    assert_chip(&found, "ESP32", 328 << 10);
    found = IDENTIFY_ON(EM_RISCV, {CHIP_ROM_WORD, 0x1b31506f});
    assert_chip(&found, "ESP32-C3", 384 << 10);
    found = IDENTIFY_ON(EM_RISCV, {0x40000000, 0x20004927});
    assert_chip(&found, "RP2350", 512 << 10);
    // The same word of a Cortex-M is a timer's.
    found = IDENTIFY({CHIP_ROM_WORD, 0x00000009});
    assert_null(found.reg);
    found = IDENTIFY_ON(EM_X86_64, {CHIP_ROM_WORD, 0x00f01d83});
    assert_null(found.reg);
}

// A number that chips share which differ in RAM.
static void test_less_flash_less_ram(void **state)
{
    struct chip_identity found;

    (void)state;
    found = IDENTIFY({0xe0042000, 0x20016495}, {0x1fff75e0, 512});
    assert_chip(&found, "STM32WB55xE/xG", 192 << 10);
    found = IDENTIFY({0xe0042000, 0x20016495}, {0x1fff75e0, 256});
    assert_null(found.chip);
    found = IDENTIFY({0x400d8260, 0x6b0000}); // RT1015 or RT1020
    assert_null(found.chip);
}

static void test_processor_rules_registers_out(void **state)
{
    struct chip_identity found;

    (void)state;
    // A Cortex-M3 is an STM32F2; with the same number, a Cortex-M4 is an early STM32F405.
    found = IDENTIFY({0xe000ed00, 0x412fc231}, {0xe0042000, 0x20006411});
    assert_chip(&found, "STM32F205xE to xG/207/21x", 128 << 10);
    found = IDENTIFY({0xe000ed00, 0x410fc241}, {0xe0042000, 0x20006411});
    assert_chip(&found, "STM32F405/407/415/417", 128 << 10);
    found = IDENTIFY({0xe000ed00, 0x410cc200}, {0xe0042000, 0x20036419});
    assert_null(found.reg);
    found = IDENTIFY({0xe000ed00, 0x12345678}, {0xe0042000, 0x20036419});
    assert_null(found.reg);
}

static void test_unknown_chips(void **state)
{
    struct chip_identity found;

    (void)state;
    found = IDENTIFY({0xe0042000, 0x10010fed});
    assert_non_null(found.reg);
    assert_null(found.chip);
    assert_int_equal(found.value, 0x10010fed);
    found = IDENTIFY({0xe0042000, 0}, {0x10000010, 0x400}, {0x10000034, 0xffffffff});
    assert_null(found.reg);
    found = IDENTIFY({0x10000100, 0x52840}); // without INFO.RAM
    assert_null(found.reg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_id_names_a_chip),
        cmocka_unit_test(test_every_name_leads_to_its_chip),
        cmocka_unit_test(test_banks_are_apart),
        cmocka_unit_test(test_part_numbers),
        cmocka_unit_test(test_chips_say_what_they_are),
        cmocka_unit_test(test_chips_that_are_no_cortex),
        cmocka_unit_test(test_less_flash_less_ram),
        cmocka_unit_test(test_processor_rules_registers_out),
        cmocka_unit_test(test_unknown_chips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
