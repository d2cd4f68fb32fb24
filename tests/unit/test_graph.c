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

// --- the two largest runs, from every pair of runs ---

struct plain_run {
    uint64_t first, end; // blocks, numbered through all areas
    size_t area;
};

struct pair {
    struct plain_run first, second;
    uint64_t blocks, gap; // free in both; between them, UINT64_MAX in different areas
};

static bool is_free_then(const struct heap_board *board, const struct mark *mark, uint64_t block)
{
    uint64_t address;

    while (heap_board_block(board, block, &address) == BLOCK_TAIL)
        block--;
    return heap_board_block(board, block, &address) == BLOCK_FREE || !mark_keeps(mark, block);
}

static size_t list_runs(const struct heap_board *board, const struct mark *mark,
                        struct plain_run *runs)
{
    size_t count = 0;
    uint64_t block = 0;

    for (size_t i = 0; i < heap_area_count(&board->heap); i++) {
        bool is_in_run = false;

        for (uint64_t k = 0; k < heap_area(&board->heap, i)->block_count; k++, block++) {
            bool is_free = is_free_then(board, mark, block);

            if (is_free && !is_in_run)
                runs[count++] = (struct plain_run){block, block, i};
            if (is_free)
                runs[count - 1].end = block + 1;
            is_in_run = is_free;
        }
    }
    return count;
}

static struct pair largest_pair(const struct plain_run *runs, size_t count)
{
    struct pair best = {.gap = UINT64_MAX};

    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            bool is_near = runs[i].area == runs[k].area;
            struct pair pair = {runs[i], runs[k],
                                runs[i].end - runs[i].first + runs[k].end - runs[k].first,
                                is_near ? runs[k].first - runs[i].end : UINT64_MAX};

            if (pair.blocks > best.blocks || (pair.blocks == best.blocks && pair.gap < best.gap))
                best = pair;
        }
    return best;
}

static void check_in_between(const struct heap_board *board, const struct mark *mark,
                             const struct pair *pair, const struct free_between *between)
{
    uint64_t count = 0, used = 0, address;

    for (uint64_t block = pair->first.end; block < pair->second.first; block++) {
        enum block kind = heap_board_block(board, block, &address);

        if (is_free_then(board, mark, block))
            continue;
        used++;
        if (kind == BLOCK_TAIL)
            continue;
        if (count < BETWEEN_MAX)
            assert_int_equal(between->blocks[count], block);
        count++;
    }
    assert_int_equal(between->count, count);
    assert_int_equal(between->used_bytes, used * board->build.block);
    assert_int_equal(between->joined_bytes,
                     (pair->second.end - pair->first.first) * board->build.block);
}

// Whether there are two runs of which both lie in one area.
static bool check_between(const struct heap_board *board, const struct mark *mark)
{
    static struct plain_run runs[BLOCKS_MAX];
    size_t count = list_runs(board, mark, runs);
    struct pair pair = largest_pair(runs, count);
    struct free_between between;
    bool has_two = free_runs_between(&board->objects, mark, MOMENT_AFTER, &between);

    assert_int_equal(has_two, count >= 2);
    if (!has_two)
        return false;
    assert_int_equal(between.first.bytes + between.second.bytes, pair.blocks * board->build.block);
    assert_int_equal(between.is_joinable, pair.gap != UINT64_MAX);
    if (!between.is_joinable)
        return false;
    assert_int_equal(between.second.address - between.first.address - between.first.bytes,
                     pair.gap * board->build.block);
    check_in_between(board, mark, &pair, &between);
    return true;
}

enum { HEAPS = 40 }; // of each build

static void test_random_heaps(void **state)
{
    static struct heap_board board;
    size_t joinable = 0;

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
            joinable += check_between(&board, &mark);
            mark_deinit(&mark);
            heap_board_tear_down(&board);
        }
    assert_in_range(joinable, heap_board_build_count * HEAPS / 2,
                    heap_board_build_count * HEAPS - 1);
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
