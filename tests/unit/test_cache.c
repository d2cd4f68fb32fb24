// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/cache.h"

// --- a link that remembers what it was asked ---

enum { ASKED_MAX = 4096 };

struct fake_link {
    uint64_t bad_first, bad_last; // refused, where bad_last is not 0
    int lost;                     // what every read ends with instead
    uint8_t salt;                 // added to every byte: memory that changes
    struct range asked[ASKED_MAX];
    size_t asked_count;
    unsigned calls;
};

static uint8_t byte_at(const struct fake_link *fake, uint64_t address)
{
    return (uint8_t)((address ^ address >> 8) + fake->salt);
}

static int fake_read(void *context, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct fake_link *fake = context;

    fake->calls++;
    if (fake->lost)
        return mph_fail(err, fake->lost, "lost");
    for (size_t i = 0; i < count; i++) {
        uint64_t last = reads[i].address + (reads[i].size - 1);

        if (fake->asked_count < ASKED_MAX)
            fake->asked[fake->asked_count++] = (struct range){reads[i].address, reads[i].size};
        reads[i].status = 0;
        if (fake->bad_last && reads[i].address <= fake->bad_last && last >= fake->bad_first)
            reads[i].status = MPH_ERR_READ;
        for (size_t j = 0; reads[i].status == 0 && j < reads[i].size; j++)
            reads[i].bytes[j] = byte_at(fake, reads[i].address + j);
    }
    return 0;
}

static const struct link_ops fake_ops = {.name = "fake", .read = fake_read};

struct fixture {
    struct fake_link fake;
    struct link link;
    struct cache *cache;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.link = {.ops = &fake_ops, .gap_bytes = 16}};
    fixture.link.context = &fixture.fake;
    fixture.cache = cache_create(&fixture.link);
    *state = &fixture;
    return fixture.cache ? 0 : -1;
}

static int tear_down(void **state)
{
    cache_destroy(((struct fixture *)*state)->cache);
    return 0;
}

static void fetch(struct fixture *fixture, const struct range *ranges, size_t count)
{
    assert_int_equal(cache_fetch(fixture->cache, ranges, count, NULL), 0);
}

static void assert_asked(const struct fixture *fixture, size_t index, uint64_t address,
                         uint64_t size)
{
    assert_true(index < fixture->fake.asked_count);
    assert_int_equal(fixture->fake.asked[index].address, address);
    assert_int_equal(fixture->fake.asked[index].size, size);
}

static void assert_reads(struct fixture *fixture, uint64_t address, size_t size)
{
    uint8_t bytes[4096];

    assert_int_equal(cache_read(fixture->cache, address, bytes, size, NULL), 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], byte_at(&fixture->fake, address + i));
}

static void assert_faults(struct fixture *fixture, uint64_t address, size_t size, uint64_t fault)
{
    struct mph_err err = {0};
    uint8_t bytes[4096];

    assert_int_equal(cache_read(fixture->cache, address, bytes, size, &err), MPH_ERR_READ);
    assert_true(err.has_address);
    assert_int_equal(err.address, fault);
}

// --- the planner ---

static void test_neighbours_are_asked_for_as_one(void **state)
{
    const struct range ranges[] = {{0x1020, 4}, {0x1000, 8}, {0x1018, 4}};
    struct fixture *fixture = *state;

    fetch(fixture, ranges, 3);
    assert_int_equal(fixture->fake.asked_count, 1);
    assert_asked(fixture, 0, 0x1000, 0x24);
}

static void test_a_gap_that_costs_more_than_a_request_splits(void **state)
{
    const struct range at_limit[] = {{0x1000, 4}, {0x1014, 4}};
    const struct range beyond[] = {{0x2000, 4}, {0x2018, 4}};
    struct fixture *fixture = *state;

    fetch(fixture, at_limit, 2);
    assert_int_equal(fixture->fake.asked_count, 1);
    fetch(fixture, beyond, 2);
    assert_int_equal(fixture->fake.asked_count, 3);
    assert_asked(fixture, 1, 0x2000, 4);
    assert_asked(fixture, 2, 0x2018, 4);
    assert_int_equal(fixture->fake.calls, 2);
}

static void test_whole_words_and_no_more(void **state)
{
    const struct range ranges[] = {{0x1003, 2}, {0x2001, 1}, {0x3000, 0}};
    struct fixture *fixture = *state;

    fetch(fixture, ranges, 3);
    assert_int_equal(fixture->fake.asked_count, 2);
    assert_asked(fixture, 0, 0x1000, 8);
    assert_asked(fixture, 1, 0x2000, 4);
}

static void test_what_is_known_is_not_asked_again(void **state)
{
    const struct range first = {0x1000, 0x40}, more = {0x1030, 0x40};
    struct fixture *fixture = *state;

    fetch(fixture, &first, 1);
    fetch(fixture, &first, 1);
    assert_int_equal(fixture->fake.calls, 1);
    fetch(fixture, &more, 1);
    assert_asked(fixture, 1, 0x1040, 0x30);
    assert_reads(fixture, 0x1000, 0x70);
    assert_int_equal(fixture->fake.calls, 2);
}

static void test_overlapping_and_repeated_ranges_are_asked_once(void **state)
{
    const struct range ranges[] = {{0x1000, 0x20}, {0x1010, 0x20}, {0x1000, 0x20}, {0x1008, 4}};
    struct fixture *fixture = *state;

    fetch(fixture, ranges, 4);
    assert_int_equal(fixture->fake.asked_count, 1);
    assert_asked(fixture, 0, 0x1000, 0x30);
}

static void test_many_pages(void **state)
{
    struct fixture *fixture = *state;

    for (uint64_t address = 0; address < 1 << 20; address += 1000)
        assert_reads(fixture, address, 3);
    unsigned calls = fixture->fake.calls;
    for (uint64_t address = 0; address < 1 << 20; address += 1000)
        assert_reads(fixture, address, 3);
    assert_int_equal(fixture->fake.calls, calls);
}

static void test_the_last_address_there_is(void **state)
{
    const struct range range = {UINT64_MAX - 2, UINT64_MAX};
    struct fixture *fixture = *state;

    fetch(fixture, &range, 1);
    assert_asked(fixture, 0, UINT64_MAX - 3, 4);
    assert_reads(fixture, UINT64_MAX, 1);
    cache_forget(fixture->cache, UINT64_MAX - 1, UINT64_MAX);
    assert_reads(fixture, UINT64_MAX - 3, 4);
    assert_int_equal(fixture->fake.calls, 2);
}

// --- memory that refuses ---

static void test_a_refused_word_is_asked_once(void **state)
{
    const struct range range = {0x1000, 4};
    struct fixture *fixture = *state;

    fixture->fake.bad_first = 0x1000;
    fixture->fake.bad_last = 0x1003;
    fetch(fixture, &range, 1);
    unsigned calls = fixture->fake.calls;
    fetch(fixture, &range, 1);
    assert_faults(fixture, 0x1002, 1, 0x1002);
    assert_int_equal(fixture->fake.calls, calls);
}

static void test_one_bad_word_does_not_spoil_its_neighbours(void **state)
{
    const struct range ranges[] = {{0x1000, 4}, {0x1010, 4}, {0x1020, 4}};
    struct fixture *fixture = *state;

    fixture->fake.bad_first = fixture->fake.bad_last = 0x1010;
    fetch(fixture, ranges, 3);
    unsigned calls = fixture->fake.calls;
    assert_reads(fixture, 0x1000, 4);
    assert_reads(fixture, 0x1020, 4);
    assert_faults(fixture, 0x1010, 4, 0x1010);
    assert_int_equal(fixture->fake.calls, calls);
}

static void test_the_faulting_address_is_found(void **state)
{
    struct fixture *fixture = *state;

    for (uint64_t bad = 0x1000; bad < 0x1800; bad += 0x124) {
        fixture->fake.bad_first = bad;
        fixture->fake.bad_last = 0x5000;
        cache_clear(fixture->cache);
        assert_faults(fixture, 0x1000, 0x900, bad);
    }
}

static void test_a_read_up_to_the_border_succeeds(void **state)
{
    struct fixture *fixture = *state;

    fixture->fake.bad_first = 0x1101; // not at a word: the last one is cut
    fixture->fake.bad_last = 0x5000;
    assert_reads(fixture, 0x1000, 0x101);
    assert_faults(fixture, 0x1000, 0x102, 0x1101);
}

static void test_a_lost_link_stays_lost(void **state)
{
    const struct range range = {0x1000, 4};
    struct fixture *fixture = *state;
    struct mph_err err = {0};
    uint8_t bytes[4];

    fixture->fake.lost = MPH_ERR_LINK;
    assert_int_equal(cache_fetch(fixture->cache, &range, 1, &err), MPH_ERR_LINK);
    assert_string_equal(err.text, "lost");
    fixture->fake.lost = 0;
    err = (struct mph_err){0};
    assert_int_equal(cache_read(fixture->cache, 0x1000, bytes, 4, &err), MPH_ERR_LINK);
    assert_string_equal(err.text, "lost");
}

// The last words there are: behind them the addresses begin anew.
static void test_the_end_of_the_address_space(void **state)
{
    struct fixture *fixture = *state;
    uint64_t last = UINT64_MAX - 7;

    assert_false(cache_holds(fixture->cache, last, 8));
    assert_reads(fixture, last, 8);
    assert_true(cache_holds(fixture->cache, last, 8));
    assert_true(cache_holds(fixture->cache, UINT64_MAX, 1));
    cache_forget(fixture->cache, UINT64_MAX, 1);
    assert_false(cache_holds(fixture->cache, last, 8));
    assert_true(cache_holds(fixture->cache, last, 4));
}

// --- forgetting and counting ---

static void test_forgotten_words_are_read_again(void **state)
{
    struct fixture *fixture = *state;

    assert_reads(fixture, 0x1000, 0x20);
    fixture->fake.salt = 7;
    cache_forget(fixture->cache, 0x1008, 6);
    assert_true(cache_holds(fixture->cache, 0x1000, 8));
    assert_false(cache_holds(fixture->cache, 0x1000, 9));
    assert_reads(fixture, 0x1008, 8);
    assert_asked(fixture, fixture->fake.asked_count - 1, 0x1008, 8);
    fixture->fake.salt = 0;
    assert_reads(fixture, 0x1000, 8);
    assert_reads(fixture, 0x1010, 0x10);
}

static void test_a_forgotten_refusal_is_asked_again(void **state)
{
    struct fixture *fixture = *state;

    fixture->fake.bad_first = fixture->fake.bad_last = 0x1000;
    assert_faults(fixture, 0x1000, 4, 0x1000);
    fixture->fake.bad_last = 0;
    assert_faults(fixture, 0x1000, 4, 0x1000);
    cache_forget(fixture->cache, 0x1003, 1);
    assert_reads(fixture, 0x1000, 4);
}

static void test_clear_forgets_everything(void **state)
{
    struct fixture *fixture = *state;

    assert_reads(fixture, 0x1000, 0x400);
    fixture->fake.salt = 1;
    cache_clear(fixture->cache);
    assert_false(cache_holds(fixture->cache, 0x1000, 1));
    assert_reads(fixture, 0x1000, 0x400);
}

static void test_bytes_in_the_gaps_are_not_needed_ones(void **state)
{
    const struct range ranges[] = {{0x1000, 4}, {0x1010, 4}};
    struct fixture *fixture = *state;

    fetch(fixture, ranges, 2);
    assert_int_equal(cache_needed_bytes(fixture->cache), 0);
    assert_reads(fixture, 0x1000, 4);
    assert_reads(fixture, 0x1000, 4);
    assert_int_equal(cache_needed_bytes(fixture->cache), 4);
    assert_reads(fixture, 0x1010, 4);
    assert_int_equal(cache_needed_bytes(fixture->cache), 8);
}

static void assert_range(const struct vec *ranges, size_t index, uint64_t address, uint64_t size)
{
    const struct range *range = vec_at(ranges, index);

    assert_true(index < ranges->len);
    assert_int_equal(range->address, address);
    assert_int_equal(range->size, size);
}

static void test_what_is_in_it_is_listed_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct vec known = VEC_OF(struct range), refused = VEC_OF(struct range);
    uint8_t bytes[512];

    fixture->fake.bad_first = 0x3000;
    fixture->fake.bad_last = 0x30ff;
    assert_int_equal(cache_read(fixture->cache, 0x20000, bytes, 4, NULL), 0);
    assert_int_equal(cache_read(fixture->cache, 0x10fc, bytes, 512, NULL), 0); // three pages
    assert_int_equal(cache_read(fixture->cache, 0x1002, bytes, 1, NULL), 0);
    assert_int_equal(cache_read(fixture->cache, 0x3000, bytes, 4, NULL), MPH_ERR_READ);

    assert_int_equal(cache_list_known(fixture->cache, &known, NULL), 0);
    assert_int_equal(known.len, 3);
    assert_range(&known, 0, 0x1000, 4);
    assert_range(&known, 1, 0x10fc, 512);
    assert_range(&known, 2, 0x20000, 4);
    assert_int_equal(cache_list_refused(fixture->cache, &refused, NULL), 0);
    assert_int_equal(refused.len, 1);
    assert_range(&refused, 0, 0x3000, 4);
    vec_deinit(&known);
    vec_deinit(&refused);
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CACHE_TEST(test_neighbours_are_asked_for_as_one),
        CACHE_TEST(test_a_gap_that_costs_more_than_a_request_splits),
        CACHE_TEST(test_whole_words_and_no_more),
        CACHE_TEST(test_what_is_known_is_not_asked_again),
        CACHE_TEST(test_overlapping_and_repeated_ranges_are_asked_once),
        CACHE_TEST(test_many_pages),
        CACHE_TEST(test_the_last_address_there_is),
        CACHE_TEST(test_a_refused_word_is_asked_once),
        CACHE_TEST(test_one_bad_word_does_not_spoil_its_neighbours),
        CACHE_TEST(test_the_faulting_address_is_found),
        CACHE_TEST(test_a_read_up_to_the_border_succeeds),
        CACHE_TEST(test_a_lost_link_stays_lost),
        CACHE_TEST(test_the_end_of_the_address_space),
        CACHE_TEST(test_forgotten_words_are_read_again),
        CACHE_TEST(test_a_forgotten_refusal_is_asked_again),
        CACHE_TEST(test_clear_forgets_everything),
        CACHE_TEST(test_bytes_in_the_gaps_are_not_needed_ones),
        CACHE_TEST(test_what_is_in_it_is_listed_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
