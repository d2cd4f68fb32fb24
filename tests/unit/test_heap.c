// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board_area.h"
#include "gc/heap.h"
#include "gc/numbers.h"

// --- boards in memory ---

enum { RAM = 0x20000000, RAM_BYTES = 0x20000, FIRST = RAM + 0x100, SECOND = RAM + 0x10000 };

static const struct build build = {4, false, 1, 1, 16};

struct board {
    uint8_t ram[RAM_BYTES];
    uint64_t ram_bytes; // that can be read
    struct target target;
    struct layout layout;
    struct heap heap;
};

static void put(struct board *board, uint64_t address, uint64_t value)
{
    bytes_put(board->ram + (address - RAM), 4, false, value);
}

// The structure of a split heap: next, then the area's words.
static void put_area(struct board *board, uint64_t address, uint64_t next,
                     const struct area_match *area)
{
    put(board, address, next);
    put_words(&build, area, board->ram + (address + 4 - RAM));
}

// A table from letters: '.' free, 'h' head, '=' tail, 'm' marked.
static void put_blocks(struct board *board, const struct area_match *area, const char *letters)
{
    static const char kinds[] = ".h=m";
    uint8_t *table = board->ram + (area->table - RAM);

    for (size_t i = 0; letters[i]; i++) {
        unsigned shift = i % 4 * 2, kind = (unsigned)(strchr(kinds, letters[i]) - kinds);

        table[i / 4] = (uint8_t)((table[i / 4] & ~(3u << shift)) | kind << shift);
    }
}

static struct area_match first_area(void)
{
    return set_up(&build, RAM + 0x1000, RAM + 0x3000);
}

static struct area_match second_area(void)
{
    return set_up(&build, SECOND + 32, RAM + 0x14000);
}

static int set_up_board(void **state)
{
    static const enum member words[] = {MEMBER_AREA_NEXT,        MEMBER_AREA_TABLE,
                                        MEMBER_AREA_TABLE_BYTES, MEMBER_AREA_FINALISERS,
                                        MEMBER_AREA_POOL_START,  MEMBER_AREA_POOL_END};
    static struct board board;
    struct area_match area = first_area();

    board = (struct board){.ram_bytes = RAM_BYTES,
                           .layout = {.word_bytes = 4, .block_bytes = 16, .area = FIRST}};
    for (uint8_t i = 0; i < 6; i++)
        board.layout.members[words[i]] = (struct member_at){HOW_DWARF, 4 * i, 4};
    target_init(&board.target);
    put_area(&board, FIRST, 0, &area);
    *state = &board;
    return 0;
}

static int tear_down_board(void **state)
{
    target_deinit(&((struct board *)*state)->target);
    return 0;
}

static int try_load(struct board *board, struct mph_err *err)
{
    const struct heap_options options = {.tries = 1};

    assert_int_equal(
        target_add_bytes(&board->target, RAM, board->ram, board->ram_bytes, true, "ram", NULL), 0);
    return heap_init(&board->heap, &board->target, &board->layout, &options, err);
}

static const struct heap *load(struct board *board)
{
    assert_int_equal(try_load(board, NULL), 0);
    return &board->heap;
}

static const char *problem(const struct heap *heap, size_t index)
{
    assert_true(index < heap->problems.len);
    return notes_text(&heap->problems, index);
}

// --- gc_info, as a board counts ---

// One block after the other, an allocation counted when the next one or a free
// block ends it: py/gc.c gc_info of v1.8.2 and later.
static struct gc_numbers count_as_board(const struct gc_area *area)
{
    struct gc_numbers sum = {.total_bytes = area->pool_end - area->pool_start};
    uint64_t length = 0, free_length = 0;

    for (uint64_t block = 0; block <= area->block_count; block++) {
        bool is_end = block == area->block_count;
        unsigned kind = is_end ? 1 : area->bits[block / 4] >> block % 4 * 2 & 3;

        if (kind == 0 || kind == 1) {
            sum.one_blocks += length == 1;
            sum.two_blocks += length == 2;
            sum.max_block = length > sum.max_block ? length : sum.max_block;
            length = 0;
        }
        if (kind == 1) {
            sum.max_free = free_length > sum.max_free ? free_length : sum.max_free;
            free_length = 0;
        }
        if (is_end)
            break;
        sum.free_bytes += kind == 0 ? 16 : 0;
        free_length += kind == 0;
        sum.used_bytes += kind == 1 || kind == 2 ? 16 : 0;
        length += kind == 1 || kind == 2;
        sum.heads += kind == 1;
    }
    return sum;
}

static void assert_numbers(const struct gc_numbers *numbers, const struct gc_numbers *expected)
{
    assert_int_equal(numbers->total_bytes, expected->total_bytes);
    assert_int_equal(numbers->used_bytes, expected->used_bytes);
    assert_int_equal(numbers->free_bytes, expected->free_bytes);
    assert_int_equal(numbers->one_blocks, expected->one_blocks);
    assert_int_equal(numbers->two_blocks, expected->two_blocks);
    assert_int_equal(numbers->max_block, expected->max_block);
    assert_int_equal(numbers->max_free, expected->max_free);
    assert_int_equal(numbers->heads, expected->heads);
    assert_int_equal(numbers->marked, expected->marked);
}

// A table that the allocator could have left: allocations and free runs of random
// lengths, now and then up to the end.
static void put_random_blocks(struct board *board, const struct area_match *area, char head)
{
    char letters[0x2000] = "";
    uint64_t count = area->table_bytes * 4;

    for (uint64_t block = 0; block < count;) {
        uint64_t length = 1 + (uint64_t)(rand() % (rand() % 3 ? 4 : 100));
        bool is_free = rand() % 2;

        for (uint64_t i = 0; i < length && block < count; i++, block++)
            letters[block] = is_free ? '.' : i ? '=' : rand() % 2 ? 'h' : head;
    }
    put_blocks(board, area, letters);
}

static void test_numbers_of_random_tables_are_the_boards(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();

    srand(1);
    for (int round = 0; round < 3000; round++) {
        put_random_blocks(board, &area, 'h');
        const struct heap *heap = load(board);
        struct gc_numbers expected = count_as_board(heap_area(heap, 0)), numbers;

        gc_numbers(heap, &numbers);
        assert_numbers(&numbers, &expected);
        assert_int_equal(numbers.used_bytes + numbers.free_bytes, numbers.total_bytes);
        assert_int_equal(numbers.orphan_runs, 0);
        heap_deinit(&board->heap);
        board->target.space.segments.len = 0;
    }
}

static void test_marked_heads_count_as_heads(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();

    put_blocks(board, &area, "m===.h=m.m=");
    const struct heap *heap = load(board);
    struct gc_numbers numbers;

    gc_numbers(heap, &numbers);
    assert_int_equal(numbers.marked, 3);
    assert_int_equal(numbers.heads, 4);
    assert_int_equal(numbers.used_bytes, 9 * 16);
    assert_int_equal(numbers.one_blocks, 1);
    assert_int_equal(numbers.two_blocks, 2);
    assert_int_equal(numbers.max_block, 4);
    assert_int_equal(numbers.used_bytes + numbers.free_bytes, numbers.total_bytes);
    heap_deinit(&board->heap);
}

static void test_areas_add_up(void **state)
{
    struct board *board = *state;
    struct area_match first = first_area(), second = second_area();

    put_area(board, FIRST, SECOND, &first);
    put_area(board, SECOND, 0, &second);
    put_blocks(board, &first, "h=h==...h");
    put_blocks(board, &second, "h.h=h=======");
    const struct heap *heap = load(board);
    struct gc_numbers numbers;

    gc_numbers(heap, &numbers);
    assert_int_equal(heap_area_count(heap), 2);
    assert_int_equal(heap->problems.len, 0);
    assert_int_equal(numbers.total_bytes, 64 * (first.table_bytes + second.table_bytes));
    assert_int_equal(numbers.used_bytes, 17 * 16);
    assert_int_equal(numbers.one_blocks, 2);
    assert_int_equal(numbers.two_blocks, 2);
    assert_int_equal(numbers.max_block, 8);
    assert_int_equal(numbers.max_free, 4 * second.table_bytes - 12);
    assert_ptr_equal(heap_area_of(heap, second.pool_start), heap_area(heap, 1));
    assert_ptr_equal(heap_area_of(heap, first.pool_end - 1), heap_area(heap, 0));
    assert_null(heap_area_of(heap, first.pool_end));
    assert_null(heap_area_of(heap, first.table));
    heap_deinit(&board->heap);
}

static void test_orphan_tails_are_counted_as_runs(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();
    struct gc_numbers numbers;

    put_blocks(board, &area, "==h=.===h..=");
    const struct heap *heap = load(board);
    gc_numbers(heap, &numbers);
    assert_int_equal(numbers.orphan_runs, 3);
    assert_int_equal(numbers.first_orphan, area.pool_start);
    assert_int_equal(numbers.used_bytes, 9 * 16);
    assert_int_equal(numbers.heads, 2);
    heap_deinit(&board->heap);
}

static uint64_t run_by_block(const struct gc_area *area, uint64_t index, enum block kind)
{
    uint64_t length = 0;

    while (index + length < area->block_count && area_block(area, index + length) == kind)
        length++;
    return length;
}

static void test_runs_are_those_counted_block_by_block(void **state)
{
    struct board *board = *state;
    struct area_match match = first_area();

    srand(2);
    put_random_blocks(board, &match, 'm');
    const struct gc_area *area = heap_area(load(board), 0);
    for (uint64_t index = 0; index <= area->block_count; index++)
        for (enum block kind = BLOCK_FREE; kind <= BLOCK_MARK; kind++)
            assert_int_equal(area_run(area, index, kind), run_by_block(area, index, kind));
    heap_deinit(&board->heap);
}

// --- what is not believed ---

static void test_a_list_that_loops_ends(void **state)
{
    struct board *board = *state;
    struct area_match first = first_area(), second = second_area();

    put_area(board, FIRST, SECOND, &first);
    put_area(board, SECOND, FIRST, &second);
    const struct heap *heap = load(board);
    assert_int_equal(heap_area_count(heap), 2);
    assert_int_equal(heap->problems.len, 1);
    assert_string_equal(problem(heap, 0), "the list of areas loops back to 0x20000100");
    heap_deinit(&board->heap);
}

static void test_an_area_that_follows_itself_is_there_once(void **state)
{
    struct board *board = *state;
    struct area_match first = first_area();

    put_area(board, FIRST, FIRST, &first);
    const struct heap *heap = load(board);
    assert_int_equal(heap_area_count(heap), 1);
    assert_int_equal(heap->problems.len, 1);
    heap_deinit(&board->heap);
}

static void test_a_list_that_leads_nowhere_ends(void **state)
{
    struct board *board = *state;
    struct area_match first = first_area();

    put_area(board, FIRST, 0x68000000, &first);
    const struct heap *heap = load(board);
    assert_int_equal(heap_area_count(heap), 1);
    assert_non_null(strstr(problem(heap, 0), "unreadable 0x68000000"));
    heap_deinit(&board->heap);
}

static void test_a_table_that_lies_is_cut_and_said(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();
    uint64_t blocks = area.table_bytes * 4;
    static const int64_t lies[] = {-1, 1, 10, 0x7fffff00};

    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put(board, FIRST + 8, area.table_bytes + (uint64_t)lies[i]);
        const struct heap *heap = load(board);
        assert_int_equal(heap_area(heap, 0)->block_count, lies[i] < 0 ? blocks - 4 : blocks);
        assert_non_null(strstr(problem(heap, 0), "0x20000100"));
        heap_deinit(&board->heap);
        board->target.space.segments.len = 0;
    }
}

static void test_a_table_that_ends_early_is_cut_and_said(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();

    board->ram_bytes = area.table + 5 - RAM;
    const struct heap *heap = load(board);
    assert_int_equal(heap_area(heap, 0)->block_count, 20);
    assert_non_null(strstr(problem(heap, 0), "cannot be read from 0x20001005 on"));
    heap_deinit(&board->heap);
}

static void test_no_usable_area_is_an_error(void **state)
{
    struct board *board = *state;
    struct area_match area = first_area();
    struct mph_err err = {0};

    area.pool_end = area.pool_start;
    put_area(board, FIRST, 0, &area);
    assert_int_equal(try_load(board, &err), MPH_ERR_NO_HEAP);
    assert_int_equal(err.address, FIRST);
}

static void test_an_unreadable_structure_is_an_error(void **state)
{
    struct board *board = *state;
    struct mph_err err = {0};

    board->ram_bytes = FIRST + 8 - RAM;
    assert_int_equal(try_load(board, &err), MPH_ERR_READ);
    assert_int_equal(err.address, FIRST + 8);
}

#define HEAP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_board, tear_down_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_numbers_of_random_tables_are_the_boards),
        HEAP_TEST(test_marked_heads_count_as_heads),
        HEAP_TEST(test_areas_add_up),
        HEAP_TEST(test_orphan_tails_are_counted_as_runs),
        HEAP_TEST(test_runs_are_those_counted_block_by_block),
        HEAP_TEST(test_a_list_that_loops_ends),
        HEAP_TEST(test_an_area_that_follows_itself_is_there_once),
        HEAP_TEST(test_a_list_that_leads_nowhere_ends),
        HEAP_TEST(test_a_table_that_lies_is_cut_and_said),
        HEAP_TEST(test_a_table_that_ends_early_is_cut_and_said),
        HEAP_TEST(test_no_usable_area_is_an_error),
        HEAP_TEST(test_an_unreadable_structure_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
