// SPDX-License-Identifier: MIT
// Shortest paths of random small heaps, beside brute force, and of a chain as deep as a heap.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/mark.h"
#include "graph/path.h"
#include "heap_board.h"

// --- brute force: shorten distances until nothing changes ---

enum { BLOCKS_MAX = 1024, FAR = 1 << 20 };

struct reference {
    const struct heap_board *board;
    uint64_t heads[BLOCKS_MAX]; // address of each block's head; 0: it is in no allocation
    unsigned distance[BLOCKS_MAX];
};

static uint64_t address_of(const struct reference *reference, uint64_t block)
{
    uint64_t address;

    heap_board_block(reference->board, block, &address);
    return address;
}

static void shorten(struct reference *reference, uint64_t word, unsigned distance)
{
    for (uint64_t block = 0; block < reference->board->objects.block_count; block++)
        if (reference->heads[block] && reference->heads[block] == word &&
            address_of(reference, block) == word && distance < reference->distance[block])
            reference->distance[block] = distance;
}

static bool is_root(const struct heap_board *board, uint64_t at)
{
    uint64_t word = board->build.word;

    return (at >= CTX + word && at < FIRST) ||
           (at >= STACK_TOP - STACK_WORDS * word && at < STACK_TOP);
}

static void start_from_roots(struct reference *reference)
{
    const struct heap_board *board = reference->board;
    const struct regs *regs = &board->target.regs;

    for (uint64_t at = RAM; at < RAM + RAM_BYTES; at += board->build.word)
        if (is_root(board, at))
            shorten(reference, heap_board_get(board, at), 1);
    for (size_t i = 0; i < regs->count; i++)
        if (strcmp(regs->list[i].name, "sp"))
            shorten(reference, regs->list[i].value, 1);
}

static uint64_t block_at(const struct reference *reference, uint64_t address)
{
    uint64_t block = 0;

    while (block < reference->board->objects.block_count && address_of(reference, block) != address)
        block++;
    return block;
}

static void measure(struct reference *reference, const struct heap_board *board)
{
    unsigned before[BLOCKS_MAX];
    uint64_t head = 0;

    reference->board = board;
    for (uint64_t block = 0; block < board->objects.block_count; block++) {
        uint64_t address;
        enum block kind = heap_board_block(board, block, &address);

        if (kind != BLOCK_TAIL)
            head = kind == BLOCK_FREE ? 0 : address;
        reference->heads[block] = head;
        reference->distance[block] = FAR;
    }
    start_from_roots(reference);
    do {
        memcpy(before, reference->distance, sizeof before);
        for (uint64_t block = 0; block < board->objects.block_count; block++) {
            if (!reference->heads[block])
                continue;
            unsigned distance = reference->distance[block_at(reference, reference->heads[block])];
            uint64_t address = address_of(reference, block);

            for (uint64_t at = address; distance < FAR && at < address + board->build.block;
                 at += board->build.word)
                shorten(reference, heap_board_get(board, at), distance + 1);
        }
    } while (memcmp(before, reference->distance, sizeof before));
}

// --- checks ---

static bool is_head(const struct reference *reference, uint64_t block)
{
    return reference->heads[block] && reference->heads[block] == address_of(reference, block);
}

static void check_root(const struct reference *reference, const struct path *path)
{
    const struct heap_board *board = reference->board;
    uint64_t value;

    if (path->root.reg) {
        assert_true(regs_get(&board->target.regs, path->root.reg, &value));
    } else {
        assert_true(is_root(board, path->root.at));
        value = heap_board_get(board, path->root.at);
    }
    assert_int_equal(value, address_of(reference, path->blocks[0]));
}

// Every step is a word of the allocation before, and holds the one behind.
static void check_steps(const struct reference *reference, const struct path *path)
{
    const struct objects *objects = &reference->board->objects;

    for (size_t i = 1; i < path->count; i++) {
        uint64_t from = address_of(reference, path->blocks[i - 1]), at;

        assert_int_equal(path_words(objects, path->blocks[i - 1], path->blocks[i], &at, 1), 1);
        assert_in_range(at, from, from + objects_block_bytes(objects, path->blocks[i - 1]) - 1);
        assert_int_equal(heap_board_get(reference->board, at),
                         address_of(reference, path->blocks[i]));
    }
}

static void check_paths(const struct reference *reference, const struct paths *paths,
                        const struct mark *mark)
{
    for (uint64_t block = 0; block < reference->board->objects.block_count; block++) {
        size_t node;
        struct path path;
        bool is_found = is_head(reference, block) && paths_find(paths, block, &node);

        assert_int_equal(is_found, is_head(reference, block) && reference->distance[block] < FAR);
        assert_int_equal(is_found, mark_keeps(mark, block));
        if (!is_found)
            continue;
        assert_true(paths_is_certain(paths, node));
        assert_int_equal(path_trace(paths, node, &path, NULL), 0);
        assert_int_equal(path.count, reference->distance[block]);
        assert_int_equal(path.blocks[path.count - 1], block);
        check_root(reference, &path);
        check_steps(reference, &path);
        path_deinit(&path);
    }
}

struct holders {
    const struct reference *reference;
    const struct paths *paths;
    uint64_t last_block; // of the holder before
    size_t last_count;
    unsigned count, roots;
};

// The nearest first; none leads through what it holds.
static bool check_holder(void *context, const struct path_end *end)
{
    struct holders *holders = context;
    struct path path;

    assert_int_equal(path_trace_end(holders->paths, end, &path, NULL), 0);
    assert_true(path.count >= holders->last_count);
    assert_int_equal(path.blocks[path.count - 1], holders->paths->target);
    for (size_t i = 0; i + 1 < path.count; i++)
        assert_int_not_equal(path.blocks[i], holders->paths->target);
    check_root(holders->reference, &path);
    check_steps(holders->reference, &path);
    holders->last_count = path.count;
    holders->count += !end->word;
    holders->roots += end->word != NULL;
    path_deinit(&path);
    return true;
}

static unsigned count_root_words(const struct reference *reference, uint64_t address)
{
    const struct heap_board *board = reference->board;
    unsigned count = 0;

    for (uint64_t at = RAM; at < RAM + RAM_BYTES; at += board->build.word)
        count += is_root(board, at) && heap_board_get(board, at) == address;
    for (size_t i = 0; i < board->target.regs.count; i++)
        count += strcmp(board->target.regs.list[i].name, "sp") &&
                 board->target.regs.list[i].value == address;
    return count;
}

static void check_holders(const struct reference *reference, uint64_t block)
{
    const struct heap_board *board = reference->board;
    struct path_search search = {.target = block};
    struct paths paths;
    size_t node;

    assert_int_equal(paths_init(&paths, &board->objects, &search, NULL), 0);
    struct holders holders = {.reference = reference, .paths = &paths};
    paths_each_end(&paths, &(struct path_end_walk){check_holder, &holders});
    assert_int_equal(holders.roots, count_root_words(reference, address_of(reference, block)));
    assert_int_equal(holders.roots + holders.count > 0, reference->distance[block] < FAR);
    assert_int_equal(paths_find(&paths, block, &node), reference->distance[block] < FAR);
    paths_deinit(&paths);
}

// --- random heaps ---

// Of each build. The sanitizers look at the same paths through the code, at a quarter of the pace.
#ifdef SANITIZED
enum { HEAPS = 100 };
#else
enum { HEAPS = 500 };
#endif

static void test_random_heaps(void **state)
{
    static struct heap_board board;
    static struct reference reference;
    struct path_search search = {.target = BLOCK_NOBODY};

    (void)state;
    srand(3);
    for (size_t i = 0; i < heap_board_build_count; i++)
        for (int k = 0; k < HEAPS; k++) {
            struct mark mark;
            struct paths paths;

            assert_int_equal(heap_board_set_up(&board, &heap_board_builds[i], 1 + (size_t)k % 2),
                             0);
            measure(&reference, &board);
            assert_int_equal(mark_init(&mark, &board.objects, NULL), 0);
            assert_int_equal(paths_init(&paths, &board.objects, &search, NULL), 0);
            check_paths(&reference, &paths, &mark);
            for (uint64_t block = 0; block < board.objects.block_count; block += 37)
                if (is_head(&reference, block))
                    check_holders(&reference, block);
            paths_deinit(&paths);
            mark_deinit(&mark);
            heap_board_tear_down(&board);
        }
}

// --- what is preferred at equal length ---

static enum path_rank only_registers(void *context, const struct root_word *word)
{
    (void)context;
    return word->set == ROOTS_REGISTERS ? PATH_WEAK : PATH_LEFT_OUT;
}

// The first head of the board.
static uint64_t some_head(const struct heap_board *board)
{
    uint64_t block = 0, address;

    while (heap_board_block(board, block, &address) != BLOCK_HEAD)
        block++;
    return block;
}

static void test_the_state_comes_before_the_stack(void **state)
{
    static struct heap_board board;
    struct path_search all = {.target = BLOCK_NOBODY};
    struct path_search some = {.target = BLOCK_NOBODY, .rank = only_registers};
    struct paths paths;
    struct path path;
    uint64_t address;
    size_t node;

    (void)state;
    srand(4);
    assert_int_equal(heap_board_set_up(&board, &heap_board_builds[0], 1), 0);
    uint64_t block = some_head(&board);
    heap_board_block(&board, block, &address);
    heap_board_put(&board, STACK_TOP - 4, address);
    heap_board_put(&board, CTX + 5 * 4, address);
    regs_set(&board.target.regs, "r4", address);

    assert_int_equal(paths_init(&paths, &board.objects, &all, NULL), 0);
    assert_true(paths_find(&paths, block, &node));
    assert_int_equal(path_trace(&paths, node, &path, NULL), 0);
    assert_int_equal(path.root.set, ROOTS_STATE);
    path_deinit(&path);
    paths_deinit(&paths);

    assert_int_equal(paths_init(&paths, &board.objects, &some, NULL), 0);
    assert_true(paths_find(&paths, block, &node));
    assert_int_equal(path_trace(&paths, node, &path, NULL), 0);
    assert_string_equal(path.root.reg, "r4");
    path_deinit(&path);
    paths_deinit(&paths);
    heap_board_tear_down(&board);
}

// --- one chain of all blocks, that ends in a ring ---

static void test_deep_chain(void **state)
{
    static struct heap_board board;
    struct path_search search = {.target = BLOCK_NOBODY};
    struct paths paths;
    struct path path;
    uint64_t link = CTX + 4, head = 0, count = 0, last = 0;
    size_t node;

    (void)state;
    srand(5);
    assert_int_equal(heap_board_set_up(&board, &heap_board_builds[0], 1), 0);
    board.target.regs.count = 1; // the stack pointer
    for (uint64_t at = RAM; at < RAM + RAM_BYTES; at += 4)
        if (is_root(&board, at) && at != CTX + 3 * 4)
            heap_board_put(&board, at, 0);
    for (uint64_t block = 0; block < board.objects.block_count; block++) {
        enum block kind = heap_board_block(&board, block, &head);

        for (uint64_t at = head; at < head + board.build.block; at += 4)
            heap_board_put(&board, at, 0);
        if (kind != BLOCK_HEAD && kind != BLOCK_MARK)
            continue;
        heap_board_put(&board, link, head);
        link = head + 4;
        last = block;
        count++;
    }
    heap_board_put(&board, link, link - 4); // the last one holds itself
    assert_int_equal(paths_init(&paths, &board.objects, &search, NULL), 0);
    assert_int_equal(paths.count, count);
    assert_true(paths_find(&paths, last, &node));
    assert_int_equal(path_trace(&paths, node, &path, NULL), 0);
    assert_int_equal(path.count, count);
    path_deinit(&path);
    paths_deinit(&paths);
    heap_board_tear_down(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_heaps),
        cmocka_unit_test(test_the_state_comes_before_the_stack),
        cmocka_unit_test(test_deep_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
