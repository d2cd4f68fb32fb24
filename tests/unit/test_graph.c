// SPDX-License-Identifier: MIT
// The mark and the free runs of random small heaps, beside brute force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/edges.h"
#include "graph/fit.h"
#include "heap_board.h"

// --- brute force: mark by letters until nothing changes ---

enum { BLOCKS_MAX = 1024 };

struct reference {
    const struct heap_board *board;
    bool kept[BLOCKS_MAX];
};

static void keep(struct reference *reference, uint64_t word)
{
    for (uint64_t block = 0; block < reference->board->objects.block_count; block++) {
        uint64_t address;
        enum block kind = heap_board_block(reference->board, block, &address);

        if (address == word && (kind == BLOCK_HEAD || kind == BLOCK_MARK))
            reference->kept[block] = true;
    }
}

// Keep what the words of kept allocations hold, once. A tail goes on with its head.
static void spread(struct reference *reference)
{
    const struct heap_board *board = reference->board;
    bool is_kept = false;

    for (uint64_t block = 0; block < board->objects.block_count; block++) {
        uint64_t address;
        enum block kind = heap_board_block(board, block, &address);

        if (kind != BLOCK_TAIL)
            is_kept = kind != BLOCK_FREE && reference->kept[block];
        for (uint64_t at = address; is_kept && at < address + board->build.block;
             at += board->build.word)
            keep(reference, heap_board_get(board, at));
    }
}

static void mark_by_force(struct reference *reference)
{
    const struct heap_board *board = reference->board;
    bool before[BLOCKS_MAX];
    uint64_t value;

    for (uint64_t at = CTX + board->build.word; at < FIRST; at += board->build.word)
        keep(reference, heap_board_get(board, at));
    for (uint64_t i = 1; i <= STACK_WORDS; i++)
        keep(reference, heap_board_get(board, STACK_TOP - i * board->build.word));
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

static void check_mark(const struct heap_board *board, const struct mark *mark)
{
    static struct reference reference;
    uint64_t address;

    reference = (struct reference){.board = board};
    mark_by_force(&reference);
    for (uint64_t block = 0; block < board->objects.block_count; block++) {
        enum block kind = heap_board_block(board, block, &address);
        bool is_head = kind == BLOCK_HEAD || kind == BLOCK_MARK;

        assert_int_equal(mark_keeps(mark, block), is_head && reference.kept[block]);
    }
}

// Runs by walking block for block; a run ends with its area.
static void check_runs(const struct heap_board *board, const struct mark *mark)
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
            enum block kind = heap_board_block(board, block, &address);

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

enum { HEAPS = 40 }; // of each build

static void test_random_heaps(void **state)
{
    static struct heap_board board;

    (void)state;
    srand(1);
    for (size_t i = 0; i < heap_board_build_count; i++)
        for (int k = 0; k < HEAPS; k++) {
            struct mark mark;

            assert_int_equal(heap_board_set_up(&board, &heap_board_builds[i], 1 + (size_t)k % 2),
                             0);
            assert_int_equal(mark_init(&mark, &board.objects, NULL), 0);
            assert_int_equal(mark.roots[ROOTS_STACK].found, ROOTS_READ);
            assert_int_equal(mark.roots[ROOTS_STACK].words, STACK_WORDS);
            check_mark(&board, &mark);
            check_runs(&board, &mark);
            mark_deinit(&mark);
            heap_board_tear_down(&board);
        }
}

// Without a stack pointer what the stack holds is not kept, and the answer says so.
static void test_without_a_stack_pointer(void **state)
{
    static struct heap_board board;
    struct mark mark, less;

    (void)state;
    srand(2);
    assert_int_equal(heap_board_set_up(&board, &heap_board_builds[0], 1), 0);
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
    heap_board_tear_down(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_heaps),
                                       cmocka_unit_test(test_without_a_stack_pointer)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
