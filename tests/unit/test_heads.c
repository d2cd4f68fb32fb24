// SPDX-License-Identifier: MIT
// Numbers of heads against a walk over the table, block by block.
#include <stdlib.h>

#include "gc/heads.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { BLOCKS_MAX = 700 };

struct table {
    uint8_t bits[BLOCKS_MAX / 4 + 1];
    struct gc_area area;
};

static void put(struct table *table, uint64_t index, unsigned kind)
{
    table->bits[index / 4] |= (uint8_t)(kind << index % 4 * 2);
}

// Runs of each kind; tails may follow free blocks, and what is behind the last block is
// anything.
static void fill(struct table *table)
{
    *table = (struct table){{0}, {.bits = table->bits, .block_count = 1 + (uint64_t)rand() % 600}};
    for (uint64_t index = 0; index < sizeof table->bits * 4;) {
        static const unsigned longest[] = {40, 2, 300, 3};
        unsigned kind = (unsigned)rand() % 4, length = 1 + (unsigned)rand() % longest[kind];

        for (; length && index < sizeof table->bits * 4; length--)
            put(table, index++, kind);
    }
}

static void check_head(const struct heads *heads, uint64_t index, uint64_t number)
{
    uint64_t length = 1;

    while (index + length < heads->area->block_count &&
           area_block(heads->area, index + length) == BLOCK_TAIL)
        length++;
    assert_int_equal(heads_block(heads, number), index);
    assert_int_equal(heads_length(heads, index), length);
}

static void check(const struct heads *heads)
{
    uint64_t number = 0, head = 0;
    bool has_head = false; // the tails that come next belong to `head`

    for (uint64_t index = 0; index < heads->area->block_count; index++) {
        enum block kind = area_block(heads->area, index);
        uint64_t found = 0;

        assert_int_equal(heads_before(heads, index), number);
        if (block_is_head(kind)) {
            check_head(heads, index, number++);
            head = index;
            has_head = true;
        } else if (kind == BLOCK_FREE) {
            has_head = false;
        } else {
            assert_int_equal(heads_of_tail(heads, index, &found), has_head);
            assert_int_equal(has_head ? found : 0, has_head ? head : 0);
        }
    }
    assert_int_equal(heads->count, number);
}

static void test_random_tables(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; i < 2000; i++) {
        struct table table;
        struct heads heads;

        fill(&table);
        assert_int_equal(heads_init(&heads, &table.area, NULL), 0);
        check(&heads);
        heads_deinit(&heads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
