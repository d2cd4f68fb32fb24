// SPDX-License-Identifier: MIT
// How much a snapshot takes, from boards that would give it everything.
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board_link.h"
#include "target/snapshot.h"

enum { PARTS_MAX = 512, BYTES_MAX = 4 << 20, MIB = 1 << 20 };

static uint64_t bytes_of(const struct vec *parts)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < parts->len; i++)
        bytes += ((const struct snapshot_part *)vec_at(parts, i))->size;
    return bytes;
}

// --- what was read besides ---

static void test_what_was_read_is_bounded_in_bytes(void **state)
{
    struct range all = {0x10000000, 3 * MIB}, more = {0x20000000, 3 * MIB}, few = {0x30000000, 64};
    struct vec parts = VEC_OF(struct snapshot_part);
    struct board board = {.ram = {0, UINT64_MAX}};
    struct target target;

    (void)state;
    board_connect(&target, &board, EM_ARM);
    target_fetch(&target, &all, 1, NULL);
    target_fetch(&target, &few, 1, NULL);
    assert_int_equal(snapshot_add_read(&target, &parts, NULL), 0);
    assert_int_equal(bytes_of(&parts), 3 * MIB + 64);
    parts.len = 0;
    target_fetch(&target, &more, 1, NULL);
    assert_int_equal(snapshot_add_read(&target, &parts, NULL), 1);
    assert_int_equal(bytes_of(&parts), 3 * MIB + 64);
    assert_true(bytes_of(&parts) <= BYTES_MAX);
    vec_deinit(&parts);
    target_deinit(&target);
}

static void test_what_was_read_is_bounded_in_parts(void **state)
{
    struct vec parts = VEC_OF(struct snapshot_part);
    struct board board = {.ram = {0, UINT64_MAX}};
    struct target target;

    (void)state;
    board_connect(&target, &board, EM_ARM);
    for (uint64_t i = 0; i < PARTS_MAX + 3; i++) {
        struct range word = {0x20000000 + i * 4096, 4};

        target_fetch(&target, &word, 1, NULL);
    }
    assert_int_equal(snapshot_add_read(&target, &parts, NULL), 3);
    assert_int_equal(parts.len, PARTS_MAX);
    vec_deinit(&parts);
    target_deinit(&target);
}

// --- how far memory goes ---

static void test_memory_ends_where_devices_begin(void **state)
{
    struct board board = {.ram = {0, UINT64_MAX}, .devices = {0x40000000, 0x5fffffff}};
    struct range range = {0x3fffe000, 0x400};
    struct target target;

    (void)state;
    board_connect(&target, &board, EM_ARM);
    assert_false(snapshot_grow(&target, &range, MIB)); // below, nothing ends it
    assert_int_equal(range.address, 0x3fffe000 - MIB);
    assert_int_equal(range.address + range.size, 0x40000000);
    assert_int_equal(board.device_reads, 0);
    target_deinit(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_read_is_bounded_in_bytes),
        cmocka_unit_test(test_what_was_read_is_bounded_in_parts),
        cmocka_unit_test(test_memory_ends_where_devices_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
