// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board_area.h"

static const struct build builds[] = {
    {4, false, 1, 0, 16}, {4, false, 1, 1, 16}, {4, false, 0, 0, 16}, {4, false, 0, 1, 16},
    {4, false, 2, 1, 16}, {4, false, 1, 1, 32}, {4, true, 1, 0, 16},  {4, true, 2, 1, 16},
    {8, false, 1, 0, 32}, {8, false, 1, 1, 32}, {8, false, 2, 1, 32}, {8, true, 1, 1, 32},
    {8, false, 0, 1, 32}, {4, true, 0, 0, 32},  {4, false, 1, 1, 64}, {8, true, 0, 0, 32},
};

enum { BUILD_COUNT = sizeof builds / sizeof *builds };

static bool matches(const struct build *build, const struct area_match *area,
                    struct area_match *ret)
{
    uint8_t bytes[BYTES];

    put_words(build, area, bytes);
    return area_match_words(bytes, build->word, build->big_endian, 0x1230, ret);
}

static uint64_t base_of(const struct build *build)
{
    return build->word == 8 ? 0x7f1234560000u : 0x20000000u;
}

static struct area_match random_area(const struct build *build, uint64_t least)
{
    uint64_t start = base_of(build) + (uint64_t)(rand() % 100000);

    return set_up(build, start, start + least + (uint64_t)(rand() % 300000));
}

// --- what is accepted ---

static void assert_recognised(const struct build *build, const struct area_match *area)
{
    struct area_match found = {0};

    assert_true(matches(build, area, &found));
    assert_int_equal(found.address, 0x1230);
    assert_int_equal(found.table, area->table);
    assert_int_equal(found.table_bytes, area->table_bytes);
    assert_int_equal(found.pool_start, area->pool_start);
    assert_int_equal(found.pool_end, area->pool_end);
    assert_int_equal(found.block_bytes, area->block_bytes);
    assert_int_equal(found.tables, area->tables);
    assert_int_equal(found.finalisers, area->finalisers);
    assert_int_equal(found.weakrefs, area->weakrefs);
    if (found.gap_is_sure)
        assert_int_equal(found.gap, area->gap);
    else
        assert_int_equal(area->tables, 0);
}

static void test_areas_of_any_size_are_recognised(void **state)
{
    (void)state;
    srand(1);
    for (size_t i = 0; i < BUILD_COUNT; i++)
        for (int round = 0; round < 2000; round++) {
            struct area_match area = random_area(&builds[i], 1000);

            assert_recognised(&builds[i], &area);
        }
}

static void test_every_remainder_is_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUILD_COUNT; i++)
        for (uint64_t more = 0; more < 8 * builds[i].block; more++) {
            uint64_t start = base_of(&builds[i]) + 4;
            struct area_match area = set_up(&builds[i], start, start + 64 * 1024 + more);

            assert_recognised(&builds[i], &area);
        }
}

// gc_setup_area rounds the two one-bit tables up, and may end one byte inside the
// pool; release builds let it pass.
static void test_two_tables_may_reach_into_the_pool(void **state)
{
    const struct build build = {4, false, 2, 1, 16};
    uint64_t table_bytes = 201, start = 0x20000000, end = start + 1 + table_bytes * 66;
    uint64_t aligned = end + (16 - end % 16) % 16;
    struct area_match area = set_up(&build, start + (aligned - end), aligned);

    (void)state;
    assert_int_equal(area.table_bytes, table_bytes);
    assert_int_equal(area.weakrefs + (table_bytes + 1) / 2, area.pool_start + 1);
    assert_recognised(&build, &area);
}

// --- what is not ---

static uint64_t *word_of(struct area_match *area, size_t index)
{
    uint64_t *words[] = {&area->table,    &area->table_bytes, &area->pool_start,
                         &area->pool_end, &area->finalisers,  &area->weakrefs};

    return words[index];
}

enum { FINALISERS_WORD = 4 };

// Whether moving that word by one byte only changes which gap there is, or (with no
// one-bit table) how much slack.
static bool may_still_fit(const struct area_match *area, size_t word, int64_t delta)
{
    bool is_table_or_next = word == 0 || word == FINALISERS_WORD;

    return is_table_or_next && (area->tables == 0 || delta == 1 || delta == -1);
}

static void test_a_word_that_is_off_is_rejected(void **state)
{
    static const int64_t deltas[] = {-4096, -64, -32, -16, -8, -4, -2, -1,
                                     1,     2,   4,   8,   16, 32, 64, 4096};

    (void)state;
    srand(2);
    for (size_t i = 0; i < BUILD_COUNT; i++)
        for (int round = 0; round < 200; round++)
            for (size_t word = 0; word < 4 + builds[i].tables; word++)
                for (size_t j = 0; j < sizeof deltas / sizeof *deltas; j++) {
                    struct area_match area = random_area(&builds[i], 20000), found;

                    *word_of(&area, word) += (uint64_t)deltas[j];
                    if (!may_still_fit(&area, word, deltas[j]))
                        assert_false(matches(&builds[i], &area, &found));
                }
}

static void test_constants_for_a_word_are_rejected(void **state)
{
    static const uint64_t values[] = {0, 1, 0x20000000, 0x7fffffff, 0xffffffff, UINT64_MAX};

    (void)state;
    srand(3);
    for (size_t i = 0; i < BUILD_COUNT; i++)
        for (size_t word = 0; word < 4 + builds[i].tables; word++)
            for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
                struct area_match area = random_area(&builds[i], 20000), found;

                *word_of(&area, word) = values[j];
                assert_false(matches(&builds[i], &area, &found));
            }
}

static void test_a_pool_moved_away_from_its_tables_is_rejected(void **state)
{
    (void)state;
    srand(4);
    for (size_t i = 0; i < BUILD_COUNT; i++) {
        struct area_match area = random_area(&builds[i], 20000), found;
        uint64_t distance = 5 * 4 * builds[i].block;

        area.pool_start += distance;
        area.pool_end += distance;
        assert_false(matches(&builds[i], &area, &found));
    }
}

static void test_the_other_byte_order_is_rejected(void **state)
{
    (void)state;
    srand(5);
    for (size_t i = 0; i < BUILD_COUNT; i++) {
        struct area_match area = random_area(&builds[i], 20000), found;
        uint8_t bytes[BYTES];

        put_words(&builds[i], &area, bytes);
        assert_false(
            area_match_words(bytes, builds[i].word, !builds[i].big_endian, 0x1230, &found));
    }
}

static void test_noise_holds_no_area(void **state)
{
    struct area_match found;
    uint8_t bytes[BYTES];

    (void)state;
    srand(6);
    for (int round = 0; round < 300000; round++) {
        for (size_t i = 0; i < AREA_WORDS_MAX; i++) // addresses of one small RAM
            bytes_put(bytes + 4 * i, 4, false, 0x20000000u + (uint64_t)(rand() & 0x1ffff));
        bytes_put(bytes + 4, 4, false, (uint64_t)(rand() & 0xfff));
        assert_false(area_match_words(bytes, 4, false, 0, &found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas_of_any_size_are_recognised),
        cmocka_unit_test(test_every_remainder_is_recognised),
        cmocka_unit_test(test_two_tables_may_reach_into_the_pool),
        cmocka_unit_test(test_a_word_that_is_off_is_rejected),
        cmocka_unit_test(test_constants_for_a_word_are_rejected),
        cmocka_unit_test(test_a_pool_moved_away_from_its_tables_is_rejected),
        cmocka_unit_test(test_the_other_byte_order_is_rejected),
        cmocka_unit_test(test_noise_holds_no_area),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
