// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "layout/qstr.h"

// Two pools in memory of their own, as boards build them: an older one that a
// firmware has in ROM, and a newer one with room left.

enum { BASE = 0x20000000, ROM_POOL = 0x100, RAM_POOL = 0x400, TEXTS = 0x800, SIZE = 0x1000 };
enum { RAM_ALLOC = 20 };

static const char *const rom_texts[] = {"", "", "append", "__init__", "value", "main"};
static const char *const ram_texts[] = {"led", "a name that is longer than most", "x"};

enum { ROM_COUNT = 6, RAM_COUNT = 3 };

struct build {
    enum qstr_form form;
    uint8_t hash_bytes;
    size_t word;
    bool big_endian;
};

static const struct build builds[] = {
    {QSTR_EMBEDDED, 1, 4, false},  {QSTR_EMBEDDED, 2, 4, false}, {QSTR_EMBEDDED, 2, 8, false},
    {QSTR_EMBEDDED, 1, 8, true},   {QSTR_SEPARATE, 1, 4, false}, {QSTR_SEPARATE, 2, 4, false},
    {QSTR_SEPARATE, 2, 8, true},   {QSTR_SEPARATE, 1, 8, false}, {QSTR_NO_HASHES, 0, 4, false},
    {QSTR_NO_HASHES, 0, 8, false}, {QSTR_NO_HASHES, 0, 4, true},
};

enum { BUILD_COUNT = sizeof builds / sizeof *builds };

struct board {
    const struct build *build;
    uint8_t bytes[SIZE];
    size_t next_text; // offset of the first byte that no text has
};

static void put(struct board *board, size_t at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        size_t place = board->build->big_endian ? size - 1 - i : i;

        board->bytes[at + place] = (uint8_t)(value >> 8 * i);
    }
}

// As the board's own qstr_compute_hash, apart from the code under test.
static uint64_t hash_of(const char *text, size_t hash_bytes)
{
    uint64_t hash = 5381, mask = ((uint64_t)1 << 8 * hash_bytes) - 1;

    for (; *text; text++)
        hash = ((hash * 33) ^ (uint8_t)*text) & 0xffffffff;
    return (hash & mask) ? hash & mask : 1;
}

// Put a text down, with what stands in front of it; its offset.
static size_t put_text(struct board *board, const char *text)
{
    size_t start = board->next_text, at = start;

    if (board->build->form == QSTR_EMBEDDED) {
        put(board, at, board->build->hash_bytes, hash_of(text, board->build->hash_bytes));
        at += board->build->hash_bytes;
        board->bytes[at++] = (uint8_t)strlen(text);
    }
    memcpy(board->bytes + at, text, strlen(text) + 1);
    board->next_text = at + strlen(text) + 1;
    return start;
}

// The pool, its entries, hashes and lengths, one behind the other; the offset behind.
static size_t put_pool(struct board *board, size_t at, uint64_t previous, uint64_t first_id,
                       uint64_t alloc, const char *const *texts, size_t count)
{
    size_t word = board->build->word, room = alloc > count ? (size_t)alloc : count;
    size_t pointers = board->build->form == QSTR_SEPARATE ? 2 : board->build->form != QSTR_EMBEDDED;
    size_t entries = at + (4 + pointers) * word;
    size_t hashes = entries + room * word, lengths = hashes;
    uint64_t header[] = {previous, first_id, alloc, count};

    for (size_t i = 0; i < 4; i++)
        put(board, at + i * word, word, header[i]);
    if (board->build->form == QSTR_SEPARATE) {
        lengths += room * board->build->hash_bytes;
        put(board, at + 4 * word, word, BASE + hashes);
    }
    if (pointers)
        put(board, entries - word, word, BASE + lengths);
    for (size_t i = 0; i < count; i++) {
        put(board, entries + i * word, word, BASE + put_text(board, texts[i]));
        if (pointers == 2)
            put(board, hashes + i * board->build->hash_bytes, board->build->hash_bytes,
                hash_of(texts[i], board->build->hash_bytes));
        if (pointers)
            board->bytes[lengths + i] = (uint8_t)strlen(texts[i]);
    }
    return pointers ? lengths + room : lengths;
}

// The offset behind the newer pool.
static size_t put_board(struct board *board, const struct build *build)
{
    *board = (struct board){.build = build, .next_text = TEXTS};
    put_pool(board, ROM_POOL, 0, 0, 10, rom_texts, ROM_COUNT);
    return put_pool(board, RAM_POOL, BASE + ROM_POOL, ROM_COUNT, RAM_ALLOC, ram_texts, RAM_COUNT);
}

static void open_board(struct target *target, const struct board *board)
{
    target_init(target);
    target->big_endian = board->build->big_endian;
    assert_int_equal(target_add_bytes(target, BASE, board->bytes, SIZE, true, "test", NULL), 0);
}

static void assert_entry(const struct qstrs *qstrs, struct target *target,
                         const struct board *board, uint64_t index, const char *expected)
{
    const struct qstr_pool *pool = &qstrs->pools[0];
    struct qstr_entry entry;
    char text[QSTR_TEXT_MAX + 1];
    size_t prefix = board->build->form == QSTR_EMBEDDED ? board->build->hash_bytes + 1u : 0;

    assert_int_equal(qstr_entry_read(qstrs, target, board->build->word, pool, index, &entry, NULL),
                     0);
    assert_int_equal(entry.text, entry.start + prefix);
    assert_int_equal(entry.length, strlen(expected));
    assert_int_equal(qstr_entry_text(target, &entry, text, NULL), 0);
    assert_string_equal(text, expected);
}

static void check_build(const struct build *build)
{
    struct board board;
    struct target target;
    struct qstrs qstrs;
    size_t end = put_board(&board, build);

    open_board(&target, &board);
    assert_int_equal(qstrs_init(&qstrs, &target, build->word, BASE + RAM_POOL, NULL), 0);
    assert_int_equal(qstrs.form, build->form);
    assert_int_equal(qstrs.hash_bytes, build->hash_bytes);
    assert_int_equal(qstrs.pool_count, 2);
    assert_int_equal(qstrs.pools[0].alloc, RAM_ALLOC);
    assert_int_equal(qstr_pool_bytes(&qstrs, build->word, &qstrs.pools[0]), end - RAM_POOL);
    for (size_t i = 0; i < RAM_COUNT; i++)
        assert_entry(&qstrs, &target, &board, i, ram_texts[i]);
    target_deinit(&target);
}

static void test_every_form_is_told_from_the_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUILD_COUNT; i++)
        check_build(&builds[i]);
}

static void test_a_pool_of_an_impossible_size_has_none(void **state)
{
    static const uint64_t allocs[] = {RAM_COUNT - 1, QSTR_ALLOC_MAX + 1, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof allocs / sizeof *allocs; i++) {
        struct qstrs qstrs = {.form = QSTR_SEPARATE, .hash_bytes = 2};
        struct qstr_pool pool = {.alloc = allocs[i], .count = RAM_COUNT};

        assert_int_equal(qstr_pool_bytes(&qstrs, 8, &pool), 0);
    }
}

static void test_an_entry_is_untouched_when_it_cannot_be_read(void **state)
{
    struct board board;
    struct target target;
    struct qstrs qstrs;
    struct qstr_entry entry = {1, 2, 3};
    struct mph_err err = {0};

    (void)state;
    put_board(&board, &builds[1]);
    put(&board, RAM_POOL + 4 * 4, 4, 0x60000000);
    open_board(&target, &board);
    assert_int_equal(qstrs_init(&qstrs, &target, 4, BASE + RAM_POOL, NULL), 0);
    assert_int_equal(qstr_entry_read(&qstrs, &target, 4, &qstrs.pools[0], 0, &entry, &err),
                     MPH_ERR_READ);
    assert_int_equal(err.address, 0x60000002);
    assert_int_equal(entry.start, 1);
    target_deinit(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_is_told_from_the_others),
        cmocka_unit_test(test_a_pool_of_an_impossible_size_has_none),
        cmocka_unit_test(test_an_entry_is_untouched_when_it_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
