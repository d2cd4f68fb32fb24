// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board_area.h"
#include "target/links.h"

static const struct build common = {4, false, 1, 1, 16};

enum { RAM = 0x20000000, RAM_BYTES = 0x10000, AREA_AT = 0x404 };

static void put_area(uint8_t *ram, uint64_t offset, const struct area_match *area)
{
    uint8_t bytes[BYTES];

    put_words(&common, area, bytes);
    memcpy(ram + offset, bytes, AREA_WORDS_MAX * 4);
}

static struct vec scan(struct target *target)
{
    const struct range ram = {RAM, RAM_BYTES};
    struct vec found = VEC_OF(struct area_match);

    assert_int_equal(area_scan(target, 4, &ram, 1, &found, NULL, NULL), 0);
    return found;
}

static struct vec scan_bytes(const uint8_t *ram)
{
    struct target target;

    target_init(&target);
    assert_int_equal(target_add_bytes(&target, RAM, ram, RAM_BYTES, true, "ram", NULL), 0);
    struct vec found = scan(&target);
    target_deinit(&target);
    return found;
}

static uint64_t address_at(const struct vec *found, size_t index)
{
    return ((struct area_match *)vec_at(found, index))->address;
}

static void test_scan_finds_the_structure_wherever_it_is(void **state)
{
    static uint8_t ram[RAM_BYTES];
    struct area_match area = set_up(&common, RAM + 0x1000, RAM + 0xf000);

    (void)state;
    for (uint64_t offset = 0; offset < 0xff0; offset += 4) {
        memset(ram, 0, sizeof ram);
        put_area(ram, offset, &area);
        struct vec found = scan_bytes(ram);
        assert_int_equal(found.len, 1);
        assert_int_equal(address_at(&found, 0), RAM + offset);
        vec_deinit(&found);
    }
}

static void test_scan_does_not_believe_what_lies_in_a_pool(void **state)
{
    static uint8_t ram[RAM_BYTES];
    struct area_match area = set_up(&common, RAM + 0x1000, RAM + 0xf000);
    struct area_match copy = set_up(&common, RAM + 0x9000, RAM + 0xe000);
    struct area_match behind = set_up(&common, RAM + 0xf200, RAM + 0x10000);

    (void)state;
    put_area(ram, AREA_AT, &area);
    put_area(ram, 0x8000, &copy);
    put_area(ram, 0xf104, &behind);
    struct vec found = scan_bytes(ram);
    assert_int_equal(found.len, 2);
    assert_int_equal(address_at(&found, 0), RAM + AREA_AT);
    assert_int_equal(address_at(&found, 1), RAM + 0xf104);
    vec_deinit(&found);
}

// Answers for RAM from the bytes in `context`, and counts what was asked last.
struct lender {
    const uint8_t *ram;
    uint64_t size;
    uint64_t highest;
};

static int lend(void *context, uint64_t address, void *bytes, size_t size)
{
    struct lender *lender = context;

    if (address < RAM || address - RAM >= lender->size || size > lender->size - (address - RAM))
        return -1;
    memcpy(bytes, lender->ram + (address - RAM), size);
    if (address + size > lender->highest)
        lender->highest = address + size;
    return 0;
}

static struct vec scan_link(struct lender *lender)
{
    struct target target;
    struct link link;

    target_init(&target);
    assert_int_equal(callback_open(lend, lender, RUN_HALTED, &link, NULL), 0);
    assert_int_equal(target_add_link(&target, &link, false, NULL), 0);
    struct vec found = scan(&target);
    target_deinit(&target);
    return found;
}

static void test_scan_of_a_link_ends_where_the_heap_begins(void **state)
{
    static uint8_t ram[RAM_BYTES];
    struct area_match area = set_up(&common, RAM + 0x2800, RAM + 0xf000);
    struct lender lender = {ram, RAM_BYTES, 0};

    (void)state;
    put_area(ram, 0xffc, &area); // across the border of two reads
    struct vec found = scan_link(&lender);
    assert_int_equal(found.len, 1);
    assert_int_equal(address_at(&found, 0), RAM + 0xffc);
    assert_true(lender.highest <= RAM + 0x3000);
    vec_deinit(&found);
}

static void test_scan_of_a_link_ends_where_memory_ends(void **state)
{
    static uint8_t ram[RAM_BYTES];
    struct lender lender = {ram, 0x5000, 0};

    (void)state;
    struct vec found = scan_link(&lender);
    assert_int_equal(found.len, 0);
    assert_int_equal(lender.highest, RAM + 0x5000);
    vec_deinit(&found);
}

// --- the first area ---

static void add_match(struct vec *found, uint64_t address, uint64_t table)
{
    struct area_match *area = vec_add(found);

    *area = (struct area_match){.address = address, .table = table, .pool_start = table + 0x100};
}

static void test_head_is_the_area_that_lies_in_none(void **state)
{
    struct vec found = VEC_OF(struct area_match);
    struct area_match head;

    (void)state;
    add_match(&found, 0x20000100, 0x20001000);
    add_match(&found, 0x20008004, 0x2000801c);
    add_match(&found, 0x20009004, 0x20009020);
    assert_int_equal(area_head(&found, 4, &head, NULL, NULL), 0);
    assert_int_equal(head.address, 0x20000100);
    vec_deinit(&found);
}

static void test_no_head_and_two_heads_are_errors(void **state)
{
    struct vec found = VEC_OF(struct area_match);
    struct area_match head;
    struct mph_err err = {0};

    (void)state;
    assert_int_equal(area_head(&found, 4, &head, NULL, NULL), MPH_ERR_NO_HEAP);
    add_match(&found, 0x20008004, 0x2000801c);
    assert_int_equal(area_head(&found, 4, &head, NULL, NULL), MPH_ERR_NO_HEAP);
    add_match(&found, 0x20000100, 0x20001000);
    add_match(&found, 0x20010200, 0x20011000);
    assert_int_equal(area_head(&found, 4, &head, NULL, &err), MPH_ERR_AMBIGUOUS);
    assert_non_null(strstr(err.text, "0x20000100"));
    assert_non_null(strstr(err.text, "0x20010200"));
    vec_deinit(&found);
}

static bool leads_on(const uint8_t *ram, const struct area_match *area)
{
    struct target target;

    target_init(&target);
    assert_int_equal(target_add_bytes(&target, RAM, ram, RAM_BYTES, true, "ram", NULL), 0);
    bool ret = area_leads_on(&target, 4, area);
    target_deinit(&target);
    return ret;
}

static void test_next_counts_only_where_it_leads_to_an_area(void **state)
{
    static uint8_t ram[RAM_BYTES];
    struct area_match first = set_up(&common, RAM + 0x1000, RAM + 0x8000);
    struct area_match second = set_up(&common, RAM + 0x8020, RAM + 0xf000);

    (void)state;
    first.address = RAM + AREA_AT;
    put_area(ram, AREA_AT, &first);
    put_area(ram, 0x8004, &second);
    assert_false(leads_on(ram, &first));
    bytes_put(ram + AREA_AT - 4, 4, false, RAM + 0x8000);
    assert_true(leads_on(ram, &first));
    bytes_put(ram + AREA_AT - 4, 4, false, RAM + 0x8008);
    assert_false(leads_on(ram, &first));
    bytes_put(ram + AREA_AT - 4, 4, false, 0x60000000);
    assert_false(leads_on(ram, &first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_finds_the_structure_wherever_it_is),
        cmocka_unit_test(test_scan_does_not_believe_what_lies_in_a_pool),
        cmocka_unit_test(test_scan_of_a_link_ends_where_the_heap_begins),
        cmocka_unit_test(test_scan_of_a_link_ends_where_memory_ends),
        cmocka_unit_test(test_head_is_the_area_that_lies_in_none),
        cmocka_unit_test(test_no_head_and_two_heads_are_errors),
        cmocka_unit_test(test_next_counts_only_where_it_leads_to_an_area),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
