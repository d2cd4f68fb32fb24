// SPDX-License-Identifier: MIT
// Where devices are, on boards that tell in different ways which chip they have.
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board_link.h"
#include "target/devices.h"
#include "target/probe.h"

struct place {
    uint64_t address;
    bool is_device;
};

static void assert_places(struct target *target, const struct place *places)
{
    for (; places->address; places++)
        if (devices_contain(target, places->address) != places->is_device)
            fail_msg("0x%llx is %sa device's", (unsigned long long)places->address,
                     places->is_device ? "" : "not ");
}

// --- by a word that can be read without harm ---

static void test_a_word_tells_the_chip(void **state)
{
    static const struct place rp2040[] = {{0xd0000058, true},  {0x14000018, true},
                                          {0x40000000, true},  {0x20000000, false},
                                          {0x10000000, false}, {0}};
    static const struct place rp2350[] = {
        {0xd0000058, true}, {0x14000018, false}, {0x40000000, true}, {0}};
    static const struct place stm32f429[] = {
        {0xd0000058, false}, {0xc0000000, false}, {0x40000000, true}, {0xe000ed00, true}, {0}};
    static const struct place esp32[] = {{0x3ff40000, true},
                                         {0x3f400000, false},
                                         {0x3ffb0000, false},
                                         {0x400d0000, false},
                                         {0x40080000, false},
                                         {0x60000000, true},
                                         {0}};
    static const struct place esp32s2[] = {
        {0x3f400000, true}, {0x3ff9e000, false}, {0x40080000, false}, {0x60000000, true}, {0}};
    static const struct place esp32s3[] = {
        {0x3fc88000, false}, {0x42000000, false}, {0x3c000000, false}, {0x60000000, true}, {0}};
    static const struct place esp32c6[] = {
        {0x40800000, false}, {0x42000000, false}, {0x50000000, false}, {0x60000000, true}, {0}};
    static const struct {
        uint16_t machine;
        uint32_t address, word;
        const struct place *places;
    } rows[] = {
        {EM_ARM, 0xe000ed00, 0x410cc601, rp2040},     {EM_ARM, 0xe000ed00, 0x411fd210, rp2350},
        {EM_ARM, 0xe000ed00, 0x410fc241, stm32f429},  {EM_XTENSA, 0x40001000, 0x00f01d83, esp32},
        {EM_XTENSA, 0x40001000, 0x000007c6, esp32s2}, {EM_XTENSA, 0x40001000, 0x00000009, esp32s3},
        {EM_RISCV, 0x40001000, 0x2ce0806f, esp32c6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct board board = {.word_address = rows[i].address, .word = rows[i].word};
        struct target target;

        board_connect(&target, &board, rows[i].machine);
        assert_places(&target, rows[i].places);
        assert_places(&target, rows[i].places);
        assert_true(board.reads <= 1);
        target_deinit(&target);
    }
}

// --- by where the program is ---

static void test_the_program_tells_the_chip(void **state)
{
    static const struct place rp2350[] = {
        {0x10000100, false}, {0x40000000, true}, {0xd0000058, true}, {0x20000000, false}, {0}};
    static const struct place virt[] = {
        {0x10000000, true}, {0x0c200004, true}, {0x80000000, false}, {0x40000000, false}, {0}};
    static const struct place esp32p4[] = {{0x4ff40000, false}, {0x40010000, false},
                                           {0x50000000, true},  {0x50108000, false},
                                           {0x48000000, false}, {0}};
    static const struct place esp32c3[] = {
        {0x42001000, false}, {0x40380000, false}, {0x3fc90000, false}, {0x60000000, true}, {0}};
    static const struct {
        const char *reg;
        uint64_t value;
        const struct place *places;
    } rows[] = {
        {"pc", 0x10001234, rp2350},  {"pc", 0x80001234, virt},    {"pc", 0x4ff01234, esp32p4},
        {"pc", 0x42001234, esp32c3}, {"sp", 0x3fc91230, esp32c3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct board board = {0};
        struct target target;

        board_connect(&target, &board, EM_RISCV);
        regs_set(&target.regs, rows[i].reg, rows[i].value);
        assert_places(&target, rows[i].places);
        assert_int_equal(board.reads, 0);
        target_deinit(&target);
    }
}

static void test_the_firmwares_file_tells_the_chip(void **state)
{
    static const uint8_t bytes[64];
    static const struct place esp32[] = {
        {0x3f400020, false}, {0x3f440000, false}, {0x3ff40000, true}, {0}};
    static const struct place esp32s2[] = {{0x3f400020, true}, {0x3f000020, false}, {0}};
    static const struct {
        uint64_t address;
        const struct place *places;
    } rows[] = {{0x3f400020, esp32}, {0x3f000020, esp32s2}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct board board = {0};
        struct target target;

        board_connect(&target, &board, EM_XTENSA);
        assert_int_equal(
            target_add_bytes(&target, rows[i].address, bytes, sizeof bytes, false, "rodata", NULL),
            0);
        assert_places(&target, rows[i].places);
        assert_int_equal(board.reads, 0);
        target_deinit(&target);
    }
}

// --- when nothing tells ---

static void test_unknown_chips_are_left_alone(void **state)
{
    static const struct place riscv[] = {{0x40000000, true},  {0x10000000, true},
                                         {0x60000000, true},  {0xd0000000, true},
                                         {0x80000000, false}, {0}};
    static const struct place xtensa[] = {
        {0x3f400000, true}, {0x3ff40000, true}, {0x3ffb0000, false}, {0}};
    static const struct place process[] = {
        {0x40001000, false}, {0xe0000000, false}, {0x3ff40000, false}, {0}};
    static const struct {
        uint16_t machine;
        const struct place *places;
    } rows[] = {{EM_RISCV, riscv}, {EM_XTENSA, xtensa}, {EM_X86_64, process}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct board board = {0};
        struct target target;

        board_connect(&target, &board, rows[i].machine);
        assert_places(&target, rows[i].places);
        target_deinit(&target);
    }
}

static void test_a_dump_disturbs_nobody(void **state)
{
    struct target target;

    (void)state;
    target_init(&target);
    target.machine = EM_ARM;
    assert_false(devices_contain(&target, 0x40000000));
    assert_true(devices_are_at(&target, 0x40000000));
    target_deinit(&target);
}

// --- probing ---

// RAM of an ESP32, below which, without a gap, its devices answer.
static void test_probing_stops_at_devices(void **state)
{
    struct board board = {.word_address = 0x40001000,
                          .word = 0x00f01d83,
                          .ram = {0x3ff00000, 0x3fffffff},
                          .devices = {0x3ff00000, 0x3ff7ffff}};
    struct extent window = {0x20000000, 0x3fffffff};
    struct target target;
    struct probe probe;

    (void)state;
    board_connect(&target, &board, EM_XTENSA);
    assert_int_equal(probe_ram(&target, 0x3ffb0000, window, &probe, NULL), 1);
    assert_int_equal(probe.found.first, 0x3ff80000);
    assert_int_equal(probe.found.last, 0x3fffffff);
    assert_int_equal(probe_ram(&target, 0x3ff40000, window, &probe, NULL), 0);
    assert_int_equal(board.device_reads, 0);
    target_deinit(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_word_tells_the_chip),
        cmocka_unit_test(test_the_program_tells_the_chip),
        cmocka_unit_test(test_the_firmwares_file_tells_the_chip),
        cmocka_unit_test(test_unknown_chips_are_left_alone),
        cmocka_unit_test(test_a_dump_disturbs_nobody),
        cmocka_unit_test(test_probing_stops_at_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
