// SPDX-License-Identifier: MIT
// Samples of a board that changes its memory between any two reads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gc/sample.h"

enum { RAM = 0x20000000, RAM_BYTES = 0x2000, AREA = RAM + 0x100, POOLS = RAM + 0x200 };
enum { BLOCKS = 256, TABLE = RAM + 0x400, TABLE_BYTES = BLOCKS / 4, POOL = RAM + 0x440 };
enum { LAST_FREE = AREA + 16, LAST_USED = AREA + 20, LAST_POOL = RAM + 8, LOCK = RAM + 12 };

struct board {
    uint8_t ram[RAM_BYTES];
    void (*before_read)(struct board *board, uint64_t address); // what the program does then
    unsigned table_reads;
    bool is_lost;
    struct link_stats stats;
    struct link link;
    struct target target;
    struct layout layout;
    struct heap heap;
    struct sampler sampler;
};

static void put(struct board *board, uint64_t address, uint32_t value)
{
    memcpy(board->ram + (address - RAM), &value, 4);
}

static void set_block(struct board *board, unsigned block, enum block kind)
{
    uint8_t *byte = &board->ram[TABLE - RAM + block / 4];

    *byte = (uint8_t)((*byte & ~(3u << block % 4 * 2)) | kind << block % 4 * 2);
}

// --- its link ---

static int read_board(void *context, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct board *board = context;

    board->stats.requests++;
    if (board->is_lost)
        return mph_fail(err, MPH_ERR_LINK, "lost");
    for (size_t i = 0; i < count; i++) {
        if (board->before_read)
            board->before_read(board, reads[i].address);
        board->table_reads += reads[i].address == TABLE && reads[i].size == TABLE_BYTES;
        reads[i].status = MPH_ERR_READ;
        if (reads[i].address < RAM || reads[i].address + reads[i].size > RAM + RAM_BYTES)
            continue;
        memcpy(reads[i].bytes, board->ram + (reads[i].address - RAM), reads[i].size);
        reads[i].status = 0;
        board->stats.bytes += reads[i].size;
    }
    return 0;
}

static int state_of_board(void *context, enum run_state *ret, struct mph_err *err)
{
    (void)context, (void)err;
    *ret = RUN_RUNNING;
    return 0;
}

static void close_board(void *context)
{
    (void)context;
}

static const struct link_ops board_ops = {
    .name = "board", .read = read_board, .state = state_of_board, .close = close_board};

// --- setting up ---

static void know(struct layout *layout, enum member member, int64_t offset)
{
    layout->members[member] = (struct member_at){HOW_DWARF, offset, 4};
}

static void make_layout(struct layout *layout)
{
    *layout = (struct layout){
        .word_bytes = 4, .block_bytes = 16, .ctx = RAM, .area = AREA, .era = ERA_1_21};
    know(layout, MEMBER_LAST_POOL, LAST_POOL - RAM);
    know(layout, MEMBER_LOCK_DEPTH, LOCK - RAM);
    know(layout, MEMBER_AREA_TABLE, 0);
    know(layout, MEMBER_AREA_TABLE_BYTES, 4);
    know(layout, MEMBER_AREA_POOL_START, 8);
    know(layout, MEMBER_AREA_POOL_END, 12);
    know(layout, MEMBER_AREA_LAST_FREE, 16);
    know(layout, MEMBER_AREA_LAST_USED, 20);
}

static void make_memory(struct board *board)
{
    put(board, AREA, TABLE);
    put(board, AREA + 4, TABLE_BYTES);
    put(board, AREA + 8, POOL);
    put(board, AREA + 12, POOL + BLOCKS * 16);
    put(board, LAST_POOL, POOLS);
    for (unsigned block = 0; block < 40; block++)
        set_block(board, block, block % 4 ? BLOCK_TAIL : BLOCK_HEAD);
}

static struct board the_board;

static struct board *open_board(bool verifies)
{
    struct board *board = &the_board;

    *board = (struct board){.link = {.ops = &board_ops, .context = board, .stats = &board->stats}};
    make_layout(&board->layout);
    make_memory(board);
    target_init(&board->target);
    assert_int_equal(target_add_link(&board->target, &board->link, false, NULL), 0);
    assert_int_equal(heap_init(&board->heap, &board->target, &board->layout,
                               &(struct heap_options){.tries = 3}, NULL),
                     0);
    assert_int_equal(sampler_init(&board->sampler, &board->target, &board->heap, 3, verifies, NULL),
                     0);
    board->table_reads = 0;
    return board;
}

static void close_all(struct board *board)
{
    sampler_deinit(&board->sampler);
    heap_deinit(&board->heap);
    target_deinit(&board->target);
}

static struct sample take(struct board *board)
{
    struct sample sample;

    assert_int_equal(sampler_take(&board->sampler, &sample, NULL), 0);
    return sample;
}

// --- what programs do ---

static void allocate_once(struct board *board, uint64_t address)
{
    if (address != TABLE || board->table_reads > 0)
        return;
    set_block(board, 40, BLOCK_HEAD);
    put(board, LAST_FREE, 41);
}

static void allocate_always(struct board *board, uint64_t address)
{
    if (address == TABLE)
        put(board, LAST_FREE, board->table_reads + 1);
}

// Into a line that has changed already, which is read for the second time.
static void change_line_again(struct board *board, uint64_t address)
{
    if (address > TABLE && address < TABLE + TABLE_BYTES && board->table_reads == 1)
        set_block(board, 151, BLOCK_HEAD);
}

// Behind the read of the table, in a line that shows no change.
static void change_behind(struct board *board, uint64_t address)
{
    if (address == LAST_FREE && board->table_reads == 1)
        set_block(board, 200, BLOCK_HEAD);
}

// The same, but before the second of the two reads that verify.
static void change_between(struct board *board, uint64_t address)
{
    if (address == TABLE && board->table_reads == 1)
        set_block(board, 200, BLOCK_HEAD);
}

// --- tests ---

static void test_a_heap_that_stands_still_is_its_table(void **state)
{
    struct board *board = open_board(false);
    struct sample sample = take(board);

    (void)state;
    assert_false(sample.is_torn);
    assert_int_equal(sample.retaken, 0);
    assert_int_equal(sample.numbers.used_bytes, 40 * 16);
    assert_int_equal(sample.numbers.heads, 10);
    assert_int_equal(sample.gone_heads, 0);
    assert_int_equal(sample.link_bytes, TABLE_BYTES + 2 * 8 + 4);
    assert_int_equal(sample.change, LANDMARKS_SAME);
    close_all(board);
}

static void test_what_changed_is_read_twice_and_known(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    take(board);
    set_block(board, 150, BLOCK_HEAD);
    set_block(board, 4, BLOCK_FREE);
    struct sample sample = take(board);
    assert_false(sample.is_torn);
    assert_int_equal(sample.gone_heads, 1);
    assert_int_equal(sample.link_bytes, TABLE_BYTES + 2 * 8 + 4 + 2 * 16);
    assert_true(sampler_has_changed(&board->sampler, 0, 150, 1));
    assert_true(sampler_has_changed(&board->sampler, 0, 0, 8));
    assert_false(sampler_has_changed(&board->sampler, 0, 5, 145));
    close_all(board);
}

static void test_an_allocation_under_the_read_takes_it_again(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    board->before_read = allocate_once;
    struct sample sample = take(board);
    assert_false(sample.is_torn);
    assert_int_equal(sample.retaken, 1);
    assert_int_equal(sample.numbers.heads, 11);
    close_all(board);
}

static void test_a_line_in_motion_takes_it_again(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    set_block(board, 150, BLOCK_HEAD);
    board->before_read = change_line_again;
    struct sample sample = take(board);
    assert_int_equal(sample.retaken, 1);
    assert_false(sample.is_torn);
    assert_int_equal(sample.numbers.heads, 12);
    close_all(board);
}

static void test_a_heap_that_never_stands_still_is_torn_and_costs_less_then(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    board->before_read = allocate_always;
    struct sample first = take(board), second = take(board);
    assert_true(first.is_torn && second.is_torn);
    assert_int_equal(first.retaken, 2);
    assert_int_equal(second.retaken, 1);
    board->before_read = NULL;
    assert_false(take(board).is_torn);
    close_all(board);
}

// The limits of each way, as sample.h states them.
static void test_what_only_two_whole_reads_show(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    board->before_read = change_behind;
    assert_int_equal(take(board).numbers.heads, 10);
    assert_int_equal(take(board).numbers.heads, 11);
    close_all(board);

    board = open_board(true);
    board->before_read = change_between;
    struct sample sample = take(board);
    assert_int_equal(sample.retaken, 1);
    assert_int_equal(sample.numbers.heads, 11);
    assert_false(sample.is_torn);
    close_all(board);
}

static enum landmarks_change change_within(struct board *board, unsigned samples)
{
    enum landmarks_change change = LANDMARKS_SAME;

    for (unsigned i = 0; i < samples && change == LANDMARKS_SAME; i++)
        change = take(board).change;
    return change;
}

static void test_another_heap_is_noticed_in_time(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    assert_int_equal(change_within(board, 2 * LANDMARKS_TURN), LANDMARKS_SAME);
    put(board, AREA + 12, POOL + BLOCKS * 16 + 64);
    assert_int_equal(change_within(board, LANDMARKS_TURN), LANDMARKS_MOVED);
    close_all(board);
}

static void test_a_new_pool_of_strings_is_no_restart_and_a_lost_one_is(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    put(board, POOLS + 0x20, POOLS); // a newer pool leads to the one that is known
    put(board, LAST_POOL, POOLS + 0x20);
    assert_int_equal(change_within(board, 2 * LANDMARKS_TURN), LANDMARKS_SAME);
    put(board, LAST_POOL, POOLS);
    assert_int_equal(change_within(board, LANDMARKS_TURN), LANDMARKS_RESTARTED);
    close_all(board);
}

static void test_a_heap_that_falls_is_looked_at_at_once(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    put(board, LAST_POOL, 0);
    for (unsigned block = 8; block < 40; block++)
        set_block(board, block, BLOCK_FREE);
    assert_int_equal(take(board).change, LANDMARKS_RESTARTED);
    close_all(board);
}

static void test_a_heap_without_objects_has_begun_anew(void **state)
{
    struct board *board = open_board(false);

    (void)state;
    memset(board->ram + (TABLE - RAM), 0, TABLE_BYTES);
    assert_int_equal(take(board).change, LANDMARKS_RESTARTED);
    close_all(board);
}

static void test_a_lost_link_is_an_error_and_stays_one(void **state)
{
    struct board *board = open_board(false);
    struct sample sample = {.retaken = 77};

    (void)state;
    board->is_lost = true;
    assert_int_equal(sampler_take(&board->sampler, &sample, NULL), MPH_ERR_LINK);
    board->is_lost = false;
    assert_int_equal(sampler_take(&board->sampler, &sample, NULL), MPH_ERR_LINK);
    assert_int_equal(sample.retaken, 77);
    close_all(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_heap_that_stands_still_is_its_table),
        cmocka_unit_test(test_what_changed_is_read_twice_and_known),
        cmocka_unit_test(test_an_allocation_under_the_read_takes_it_again),
        cmocka_unit_test(test_a_line_in_motion_takes_it_again),
        cmocka_unit_test(test_a_heap_that_never_stands_still_is_torn_and_costs_less_then),
        cmocka_unit_test(test_what_only_two_whole_reads_show),
        cmocka_unit_test(test_another_heap_is_noticed_in_time),
        cmocka_unit_test(test_a_new_pool_of_strings_is_no_restart_and_a_lost_one_is),
        cmocka_unit_test(test_a_heap_that_falls_is_looked_at_at_once),
        cmocka_unit_test(test_a_heap_without_objects_has_begun_anew),
        cmocka_unit_test(test_a_lost_link_is_an_error_and_stays_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
