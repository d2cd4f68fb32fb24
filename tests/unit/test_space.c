// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/space.h"

static void add_bytes(struct space *space, uint64_t address, const void *bytes, uint64_t size)
{
    struct segment segment = {.first = address, .last = address + (size - 1), .bytes = bytes};

    assert_int_equal(space_add(space, &segment, NULL), 0);
}

static void assert_reads(const struct space *space, uint64_t address, const char *expected)
{
    struct mph_err err = {0};
    char bytes[64] = "";
    size_t size = strlen(expected);

    assert_int_equal(space_read(space, address, bytes, size, &err), 0);
    assert_memory_equal(bytes, expected, size);
}

static void assert_faults(const struct space *space, uint64_t address, size_t size, uint64_t fault)
{
    struct mph_err err = {0};
    char bytes[64];

    assert_int_equal(space_read(space, address, bytes, size, &err), MPH_ERR_READ);
    assert_true(err.has_address);
    assert_int_equal(err.address, fault);
}

static void test_read_across_segments(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0x1000, "AAAA", 4);
    add_bytes(&space, 0x1004, "BBBB", 4);
    assert_reads(&space, 0x1000, "AAAABBBB");
    assert_reads(&space, 0x1003, "AB");
    space_deinit(&space);
}

static void test_newest_segment_shadows(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0x1000, "oooooooo", 8);
    add_bytes(&space, 0x1002, "nnnn", 4);
    assert_reads(&space, 0x1000, "oonnnnoo");
    add_bytes(&space, 0x1000, "all new!", 8);
    assert_reads(&space, 0x1000, "all new!");
    space_deinit(&space);
}

static void test_older_segment_does_not_shadow(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0x1002, "oo", 2);
    add_bytes(&space, 0x1000, "nnnnnnnn", 8);
    assert_reads(&space, 0x1000, "nnnnnnnn");
    space_deinit(&space);
}

static void test_fault_is_the_first_unreadable_address(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    assert_faults(&space, 0, 1, 0);
    add_bytes(&space, 0x1000, "AAAA", 4);
    add_bytes(&space, 0x1006, "BBBB", 4);
    assert_faults(&space, 0x1000, 8, 0x1004);
    assert_faults(&space, 0x0fff, 2, 0x0fff);
    assert_faults(&space, 0x1006, 5, 0x100a);
    space_deinit(&space);
}

static void test_last_address_there_is(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, UINT64_MAX - 3, "LAST", 4);
    assert_reads(&space, UINT64_MAX - 3, "LAST");
    assert_reads(&space, UINT64_MAX, "T");
    space_deinit(&space);
}

static void test_reads_do_not_wrap(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0, "ZERO", 4);
    add_bytes(&space, UINT64_MAX - 3, "LAST", 4);
    assert_faults(&space, UINT64_MAX - 3, 8, UINT64_MAX);
    assert_faults(&space, UINT64_MAX, 2, UINT64_MAX);
    space_deinit(&space);
}

static void test_nothing_is_always_readable(void **state)
{
    struct space space;

    (void)state;
    space_init(&space);
    assert_int_equal(space_read(&space, 0x1234, NULL, 0, NULL), 0);
    space_deinit(&space);
}

static void test_find_says_how_far(void **state)
{
    struct space space;
    uint64_t last = 0;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0x1000, "oooooooo", 8);
    add_bytes(&space, 0x1004, "nn", 2);
    assert_int_equal(space_find(&space, 0x1000, &last)->first, 0x1000);
    assert_int_equal(last, 0x1003);
    assert_int_equal(space_find(&space, 0x1005, &last)->first, 0x1004);
    assert_int_equal(last, 0x1005);
    assert_int_equal(space_find(&space, 0x1006, &last)->first, 0x1000);
    assert_int_equal(last, 0x1007);
    assert_null(space_find(&space, 0x1008, &last));
    space_deinit(&space);
}

static void test_direct_bytes_only_within_one_segment(void **state)
{
    static const uint8_t old[] = "oooooooo", new[] = "nn";
    struct space space;

    (void)state;
    space_init(&space);
    add_bytes(&space, 0x1000, old, 8);
    add_bytes(&space, 0x1004, new, 2);
    assert_ptr_equal(space_direct(&space, 0x1001, 3), old + 1);
    assert_ptr_equal(space_direct(&space, 0x1004, 2), new);
    assert_null(space_direct(&space, 0x1001, 4));
    assert_null(space_direct(&space, 0x1006, 3));
    assert_null(space_direct(&space, 0x1006, UINT64_MAX));
    space_deinit(&space);
}

// Gives the low byte of each address, and refuses from `context` on.
static int read_low_bytes(void *context, uint64_t address, void *bytes, size_t size,
                          struct mph_err *err)
{
    const uint64_t *end = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++) {
        if (address + i >= *end)
            return mph_fail_at(err, MPH_ERR_READ, address + i, "refused");
        out[i] = (uint8_t)(address + i);
    }
    return 0;
}

static void test_callback_sees_only_its_own_range(void **state)
{
    uint64_t end = 0x2041;
    struct segment called = {
        .first = 0x2030, .last = 0x204f, .read = read_low_bytes, .context = &end};
    struct space space;

    (void)state;
    space_init(&space);
    assert_int_equal(space_add(&space, &called, NULL), 0);
    add_bytes(&space, 0x2034, "!!", 2);
    assert_reads(&space, 0x2032, "23!!6789");
    assert_faults(&space, 0x203f, 8, 0x2041);
    space_deinit(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_across_segments),
        cmocka_unit_test(test_newest_segment_shadows),
        cmocka_unit_test(test_older_segment_does_not_shadow),
        cmocka_unit_test(test_fault_is_the_first_unreadable_address),
        cmocka_unit_test(test_last_address_there_is),
        cmocka_unit_test(test_reads_do_not_wrap),
        cmocka_unit_test(test_nothing_is_always_readable),
        cmocka_unit_test(test_find_says_how_far),
        cmocka_unit_test(test_direct_bytes_only_within_one_segment),
        cmocka_unit_test(test_callback_sees_only_its_own_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
