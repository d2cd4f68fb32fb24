// SPDX-License-Identifier: MIT
// The mark and the free runs of random small heaps, beside brute force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board_area.h"
#include "graph/edges.h"
#include "graph/fit.h"

// --- boards with one or two areas, a stack and registers ---

enum { RAM = 0x20000000, RAM_BYTES = 0x4000, FIRST = RAM + 0x100, SECOND = RAM + 0x2000 };
enum { STACK_TOP = RAM + 0x3f00, STACK_WORDS = 8, CTX = RAM };

struct board {
    struct build build;
    uint8_t ram[RAM_BYTES];
    struct target target;
    struct layout layout;
    struct heap heap;
    struct objects objects;
};

static void put(struct board *board, uint64_t address, uint64_t value)
{
    bytes_put(board->ram + (address - RAM), board->build.word, board->build.big_endian, value);
}

static uint64_t get(const struct board *board, uint64_t address)
{
    return bytes_get(board->ram + (address - RAM), board->build.word, board->build.big_endian);
}

static void put_kind(struct board *board, const struct area_match *area, uint64_t block,
                     enum block kind)
{
    board->ram[area->table + block / 4 - RAM] |= (uint8_t)(kind << block % 4 * 2);
}

static uint64_t blocks_of(const struct area_match *area)
{
    return area->table_bytes * 4;
}

// Allocations of random lengths, some marked, and free blocks between them.
static void put_random_blocks(struct board *board, const struct area_match *area)
{
    for (uint64_t block = 0; block < blocks_of(area);) {
        uint64_t left = blocks_of(area) - block, length = 1 + (uint64_t)rand() % 4;

        if (length > left)
            length = left;
        if (rand() % 3)
            for (uint64_t i = 0; i < length; i++)
                put_kind(board, area, block + i,
                         i > 0        ? BLOCK_TAIL
                         : rand() % 8 ? BLOCK_HEAD
                                      : BLOCK_MARK);
        block += length;
    }
}

// What a word may hold: mostly nothing, often a block, now and then its inside.
static uint64_t random_word(const struct board *board, const struct area_match *areas, size_t count)
{
    const struct area_match *area = &areas[(size_t)rand() % count];
    uint64_t address = area->pool_start + (uint64_t)rand() % blocks_of(area) * board->build.block;

    switch (rand() % 8) {
    case 0:
        return address + board->build.word;
    case 1:
        return area->pool_end;
    case 2:
    case 3:
        return address;
    default:
        return (uint64_t)rand();
    }
}

static void put_members(struct board *board)
{
    static const enum member words[] = {MEMBER_AREA_NEXT,        MEMBER_AREA_TABLE,
                                        MEMBER_AREA_TABLE_BYTES, MEMBER_AREA_FINALISERS,
                                        MEMBER_AREA_POOL_START,  MEMBER_AREA_POOL_END};
    uint8_t size = (uint8_t)board->build.word;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        board->layout.members[words[i]] = (struct member_at){HOW_DWARF, size * (int64_t)i, size};
    board->layout.members[MEMBER_STACK_TOP] = (struct member_at){HOW_DWARF, 0, size};
    board->layout.members[MEMBER_DICT_LOCALS] = (struct member_at){HOW_DWARF, size, size};
}

static int set_up_board(struct board *board, const struct build *build, size_t area_count)
{
    struct area_match areas[2] = {set_up(build, RAM + 0x400, RAM + 0x1c00),
                                  set_up(build, SECOND + 16 * build->word, RAM + 0x3800)};
    uint64_t at[2] = {FIRST, SECOND};
    size_t word = build->word;

    memset(board, 0, sizeof *board);
    board->build = *build;
    board->layout = (struct layout){.word_bytes = (uint8_t)word,
                                    .block_bytes = (uint16_t)build->block,
                                    .big_endian = build->big_endian,
                                    .area = FIRST,
                                    .ctx = CTX,
                                    .ctx_how = HOW_DWARF,
                                    .notes = NOTES};
    put_members(board);
    for (size_t i = 0; i < area_count; i++) {
        put(board, at[i], i + 1 < area_count ? at[i + 1] : 0);
        put_words(build, &areas[i], board->ram + (at[i] + word - RAM));
        put_random_blocks(board, &areas[i]);
        for (uint64_t address = areas[i].pool_start; address < areas[i].pool_end; address += word)
            put(board, address, random_word(board, areas, area_count));
    }
    put(board, CTX, STACK_TOP);
    for (uint64_t address = CTX + word; address < CTX + 6 * word; address += word)
        put(board, address, random_word(board, areas, area_count));
    put(board, CTX + 3 * word, 0); // nlr_top: no chain of exception buffers
    for (uint64_t i = 1; i <= STACK_WORDS; i++)
        put(board, STACK_TOP - i * word, random_word(board, areas, area_count));

    target_init(&board->target);
    board->target.big_endian = build->big_endian;
    regs_set(&board->target.regs, "sp", STACK_TOP - STACK_WORDS * word);
    regs_set(&board->target.regs, "r4", random_word(board, areas, area_count));
    regs_set(&board->target.regs, "r5", random_word(board, areas, area_count));
    if (target_add_bytes(&board->target, RAM, board->ram, RAM_BYTES, true, "ram", NULL) < 0 ||
        heap_init(&board->heap, &board->target, &board->layout, &(struct heap_options){1}, NULL) <
            0)
        return -1;
    return objects_open(&board->objects, &board->heap, &board->layout, &board->target, NULL, NULL);
}

static void tear_down_board(struct board *board)
{
    objects_deinit(&board->objects);
    heap_deinit(&board->heap);
    layout_deinit(&board->layout);
    target_deinit(&board->target);
}

// --- brute force: mark by letters until nothing changes ---

enum { BLOCKS_MAX = 1024 };

struct reference {
    const struct board *board;
    bool kept[BLOCKS_MAX];
};

static enum block kind_at_block(const struct board *board, uint64_t block, uint64_t *ret_address)
{
    for (size_t i = 0; i < heap_area_count(&board->heap); i++) {
        const struct gc_area *area = heap_area(&board->heap, i);

        if (block < area->block_count) {
            *ret_address = area->pool_start + block * board->build.block;
            return board->ram[area->table + block / 4 - RAM] >> block % 4 * 2 & 3;
        }
        block -= area->block_count;
    }
    *ret_address = 0;
    return BLOCK_FREE;
}

static void keep(struct reference *reference, uint64_t word)
{
    for (uint64_t block = 0; block < reference->board->objects.block_count; block++) {
        uint64_t address;
        enum block kind = kind_at_block(reference->board, block, &address);

        if (address == word && (kind == BLOCK_HEAD || kind == BLOCK_MARK))
            reference->kept[block] = true;
    }
}

// Keep what the words of kept allocations hold, once. A tail goes on with its head.
static void spread(struct reference *reference)
{
    const struct board *board = reference->board;
    bool is_kept = false;

    for (uint64_t block = 0; block < board->objects.block_count; block++) {
        uint64_t address;
        enum block kind = kind_at_block(board, block, &address);

        if (kind != BLOCK_TAIL)
            is_kept = kind != BLOCK_FREE && reference->kept[block];
        for (uint64_t at = address; is_kept && at < address + board->build.block;
             at += board->build.word)
            keep(reference, get(board, at));
    }
}

static void mark_by_force(struct reference *reference)
{
    const struct board *board = reference->board;
    bool before[BLOCKS_MAX];
    uint64_t value;

    for (uint64_t at = CTX + board->build.word; at < FIRST; at += board->build.word)
        keep(reference, get(board, at));
    for (uint64_t i = 1; i <= STACK_WORDS; i++)
        keep(reference, get(board, STACK_TOP - i * board->build.word));
    if (regs_get(&board->target.regs, "r4", &value))
        keep(reference, value);
    if (regs_get(&board->target.regs, "r5", &value))
        keep(reference, value);
    do {
        memcpy(before, reference->kept, sizeof before);
        spread(reference);
    } while (memcmp(before, reference->kept, sizeof before));
}

// --- tests ---

static void check_mark(const struct board *board, const struct mark *mark)
{
    static struct reference reference;
    uint64_t address;

    reference = (struct reference){.board = board};
    mark_by_force(&reference);
    for (uint64_t block = 0; block < board->objects.block_count; block++) {
        enum block kind = kind_at_block(board, block, &address);
        bool is_head = kind == BLOCK_HEAD || kind == BLOCK_MARK;

        assert_int_equal(mark_keeps(mark, block), is_head && reference.kept[block]);
    }
}

// Runs by walking block for block; a run ends with its area.
static void check_runs(const struct board *board, const struct mark *mark)
{
    struct free_runs runs;
    uint64_t largest = 0, free_blocks = 0, first = 0, count = 0, block = 0;

    free_runs_measure(&board->objects, mark, MOMENT_AFTER, &runs);
    for (size_t i = 0; i < heap_area_count(&board->heap); i++) {
        const struct gc_area *area = heap_area(&board->heap, i);
        uint64_t run = 0;
        bool is_free = false;

        for (uint64_t k = 0; k < area->block_count; k++, block++) {
            uint64_t address;
            enum block kind = kind_at_block(board, block, &address);

            if (kind != BLOCK_TAIL)
                is_free = kind == BLOCK_FREE || !mark_keeps(mark, block);
            run = is_free ? run + 1 : 0;
            free_blocks += is_free;
            count += run == 1;
            if (run > largest) {
                largest = run;
                first = address - (run - 1) * board->build.block;
            }
        }
    }
    assert_int_equal(runs.free_bytes, free_blocks * board->build.block);
    assert_int_equal(runs.runs, count);
    assert_int_equal(runs.largest_bytes, largest * board->build.block);
    if (largest)
        assert_int_equal(runs.largest_address, first);

    struct place_found found;
    assert_true(largest == 0 ||
                free_runs_find(&board->objects, mark, MOMENT_AFTER, largest, &found));
    assert_true(largest == 0 || found.address == first);
    assert_false(free_runs_find(&board->objects, mark, MOMENT_AFTER, largest + 1, &found));
}

static const struct build builds[] = {
    {4, false, 1, 1, 16}, {8, false, 1, 1, 32}, {4, true, 1, 1, 16}, {4, false, 1, 1, 32}};

enum { HEAPS = 40 }; // of each build

static void test_random_heaps(void **state)
{
    static struct board board;

    (void)state;
    srand(1);
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++)
        for (int k = 0; k < HEAPS; k++) {
            struct mark mark;

            assert_int_equal(set_up_board(&board, &builds[i], 1 + (size_t)k % 2), 0);
            assert_int_equal(mark_init(&mark, &board.objects, NULL), 0);
            assert_int_equal(mark.roots[ROOTS_STACK].found, ROOTS_READ);
            assert_int_equal(mark.roots[ROOTS_STACK].words, STACK_WORDS);
            check_mark(&board, &mark);
            check_runs(&board, &mark);
            mark_deinit(&mark);
            tear_down_board(&board);
        }
}

// Without a stack pointer what the stack holds is not kept, and the answer says so.
static void test_without_a_stack_pointer(void **state)
{
    static struct board board;
    struct mark mark, less;

    (void)state;
    srand(2);
    assert_int_equal(set_up_board(&board, &builds[0], 1), 0);
    assert_int_equal(mark_init(&mark, &board.objects, NULL), 0);
    board.target.regs.count = 0;
    assert_int_equal(mark_init(&less, &board.objects, NULL), 0);
    assert_int_equal(less.roots[ROOTS_STACK].found, ROOTS_MISSING);
    assert_int_equal(less.roots[ROOTS_REGISTERS].found, ROOTS_MISSING);
    assert_false(less.is_certain);
    assert_false(less.has_least);
    for (uint64_t block = 0; block < board.objects.block_count; block++)
        assert_true(mark_keeps(&mark, block) || !mark_keeps(&less, block));
    mark_deinit(&less);
    mark_deinit(&mark);
    tear_down_board(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_heaps),
                                       cmocka_unit_test(test_without_a_stack_pointer)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
