// SPDX-License-Identifier: MIT
// Dominators of random small heaps, beside what is lost when one allocation is taken away;
// and of shapes with a million allocations.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "graph/dominators.h"
#include "graph/mark.h"

// --- a board with one area, whose roots are registers ---

enum { RAM = 0x20000000, BLOCK = 32, AREA = RAM + 0x40, TABLE = RAM + 0x100, ROOTS = 4 };

struct board {
    size_t word;
    bool big_endian;
    uint64_t blocks, pool, taken;
    uint8_t *ram;
    size_t bytes;
    struct target target;
    struct layout layout;
    struct heap heap;
    struct objects objects;
};

static void put(struct board *board, uint64_t address, uint64_t value)
{
    bytes_put(board->ram + (address - RAM), board->word, board->big_endian, value);
}

static void board_init(struct board *board, size_t word, bool big_endian, uint64_t blocks)
{
    uint64_t table_bytes = (blocks + 3) / 4;

    *board = (struct board){.word = word, .big_endian = big_endian, .blocks = table_bytes * 4};
    board->pool = (TABLE + table_bytes + BLOCK) / BLOCK * BLOCK;
    board->bytes = (size_t)(board->pool - RAM + board->blocks * BLOCK);
    board->ram = calloc(board->bytes, 1);
    assert_non_null(board->ram);
    put(board, AREA, TABLE);
    put(board, AREA + word, table_bytes);
    put(board, AREA + 2 * word, board->pool);
    put(board, AREA + 3 * word, board->pool + board->blocks * BLOCK);
}

// An allocation of so many blocks; its address.
static uint64_t take(struct board *board, uint64_t count)
{
    uint64_t first = board->taken;

    assert_true(first + count <= board->blocks);
    for (uint64_t i = first; i < first + count; i++)
        board->ram[TABLE + i / 4 - RAM] |=
            (uint8_t)((i > first ? BLOCK_TAIL : BLOCK_HEAD) << i % 4 * 2);
    board->taken += count;
    return board->pool + first * BLOCK;
}

static void board_open(struct board *board, const uint64_t roots[ROOTS])
{
    static const enum member words[] = {MEMBER_AREA_TABLE, MEMBER_AREA_TABLE_BYTES,
                                        MEMBER_AREA_POOL_START, MEMBER_AREA_POOL_END};
    static const char *const names[ROOTS] = {"r4", "r5", "r6", "r7"};

    board->layout = (struct layout){.word_bytes = (uint8_t)board->word,
                                    .block_bytes = BLOCK,
                                    .big_endian = board->big_endian,
                                    .area = AREA,
                                    .notes = NOTES};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        board->layout.members[words[i]] =
            (struct member_at){HOW_DWARF, (int64_t)(i * board->word), (uint8_t)board->word};
    target_init(&board->target);
    board->target.big_endian = board->big_endian;
    for (size_t i = 0; i < ROOTS; i++)
        regs_set(&board->target.regs, names[i], roots[i]);
    assert_int_equal(
        target_add_bytes(&board->target, RAM, board->ram, board->bytes, true, "ram", NULL), 0);
    assert_int_equal(
        heap_init(&board->heap, &board->target, &board->layout, &(struct heap_options){1}, NULL),
        0);
    assert_int_equal(
        objects_open(&board->objects, &board->heap, &board->layout, &board->target, NULL, NULL), 0);
}

static void board_deinit(struct board *board)
{
    objects_deinit(&board->objects);
    heap_deinit(&board->heap);
    layout_deinit(&board->layout);
    target_deinit(&board->target);
    free(board->ram);
}

// `sources`: for how many edges at a time there is room.
static void find_dominators_within(const struct board *board, uint32_t sources,
                                   struct dominators *tree)
{
    struct root_words roots;

    assert_int_equal(root_words_find(&roots, &board->objects, NULL), 0);
    assert_int_equal(dominators_init_within(tree, &roots, sources, NULL), 0);
    root_words_deinit(&roots);
}

static void find_dominators(const struct board *board, struct dominators *tree)
{
    find_dominators_within(board, UINT32_MAX, tree);
}

// --- a graph apart from the board, and what is lost without one of its nodes ---

enum { NODES_MAX = 24, BLOCKS_OF_ONE_MAX = 3 };

struct graph {
    size_t count;
    uint64_t sizes[NODES_MAX]; // in blocks
    uint64_t addresses[NODES_MAX];
    bool edges[NODES_MAX][NODES_MAX];
    bool is_root[NODES_MAX];
};

static void reach(const struct graph *graph, size_t node, size_t without, bool reached[NODES_MAX])
{
    if (node == without || reached[node])
        return;
    reached[node] = true;
    for (size_t to = 0; to < graph->count; to++)
        if (graph->edges[node][to])
            reach(graph, to, without, reached);
}

static void reach_all(const struct graph *graph, size_t without, bool reached[NODES_MAX])
{
    memset(reached, 0, NODES_MAX * sizeof *reached);
    for (size_t node = 0; node < graph->count; node++)
        if (graph->is_root[node])
            reach(graph, node, without, reached);
}

// What a word holds: nothing, the inside of an allocation, or the start of one.
static uint64_t random_word(struct graph *graph, size_t from, int density)
{
    size_t to = (size_t)rand() % graph->count;

    if (rand() % 64 >= density)
        return rand() % 2 ? graph->addresses[to] + BLOCK / 2 : (uint64_t)rand() % 0x10000;
    if (from < graph->count)
        graph->edges[from][to] = true;
    else
        graph->is_root[to] = true;
    return graph->addresses[to];
}

static void set_up(struct graph *graph, struct board *board, int density)
{
    uint64_t roots[ROOTS];

    *graph = (struct graph){.count = 2 + (size_t)rand() % (NODES_MAX - 2)};
    for (size_t i = 0; i < graph->count; i++) {
        graph->sizes[i] = 1 + (uint64_t)rand() % BLOCKS_OF_ONE_MAX;
        graph->addresses[i] = take(board, graph->sizes[i]);
    }
    for (size_t i = 0; i < graph->count; i++)
        for (uint64_t at = 0; at < graph->sizes[i] * BLOCK; at += board->word)
            put(board, graph->addresses[i] + at, random_word(graph, i, density));
    for (size_t i = 0; i < ROOTS; i++)
        roots[i] = random_word(graph, graph->count, i == 0 ? 64 : 24);
    board_open(board, roots);
}

// --- comparison ---

static uint32_t node_of(const struct graph *graph, const struct dominators *tree, size_t index)
{
    uint64_t block;

    assert_true(objects_head_at(tree->objects, graph->addresses[index], &block));
    return dominators_node(tree, block);
}

// What goes when a node goes, itself among it.
static void check_retained(const struct graph *graph, const struct dominators *tree, size_t index,
                           bool lost[NODES_MAX])
{
    bool before[NODES_MAX], after[NODES_MAX];
    uint64_t bytes = 0, count = 0;

    reach_all(graph, graph->count, before);
    reach_all(graph, index, after);
    for (size_t i = 0; i < graph->count; i++) {
        lost[i] = before[i] && !after[i];
        bytes += lost[i] ? graph->sizes[i] * BLOCK : 0;
        count += lost[i];
    }
    assert_int_equal(before[index], node_of(graph, tree, index) != 0);
    if (!before[index])
        return;
    assert_int_equal(dominators_bytes(tree, node_of(graph, tree, index)), bytes);
    assert_int_equal(dominators_count(tree, node_of(graph, tree, index)), count);
}

// Of all that dominate a node, the nearest is dominated by all others.
static void check_immediate(const struct graph *graph, const struct dominators *tree,
                            bool lost[NODES_MAX][NODES_MAX], size_t index)
{
    uint32_t nearest = 0;

    for (size_t i = 0; i < graph->count; i++) {
        bool is_nearest = i != index && lost[i][index];

        for (size_t k = 0; is_nearest && k < graph->count; k++)
            is_nearest = k == index || !lost[k][index] || lost[k][i];
        if (is_nearest)
            nearest = node_of(graph, tree, i);
    }
    assert_int_equal(dominators_immediate(tree, node_of(graph, tree, index)), nearest);
}

static void check_total(const struct board *board, const struct dominators *tree)
{
    uint64_t kept = 0, below_root = 0;
    struct mark mark;

    assert_int_equal(mark_init(&mark, &board->objects, NULL), 0);
    for (int set = 0; set < ROOTS_SETS; set++)
        kept += mark.reached[set].bytes;
    mark_deinit(&mark);
    for (uint32_t node = 1; node < tree->count; node++)
        below_root += dominators_immediate(tree, node) ? 0 : dominators_bytes(tree, node);
    assert_int_equal(below_root, kept);
    assert_int_equal(dominators_bytes(tree, 0), kept);
    assert_int_equal(dominators_count(tree, 0), tree->count - 1);
}

enum { HEAPS = 4000 };

static void test_random_heaps(void **state)
{
    static const struct {
        size_t word;
        bool big_endian;
    } builds[] = {{4, false}, {8, false}, {4, true}};

    (void)state;
    srand(5);
    for (int i = 0; i < HEAPS; i++) {
        bool lost[NODES_MAX][NODES_MAX];
        struct dominators tree;
        struct graph graph;
        struct board board;

        board_init(&board, builds[i % 3].word, builds[i % 3].big_endian,
                   NODES_MAX * BLOCKS_OF_ONE_MAX);
        set_up(&graph, &board, 1 + rand() % 24);
        find_dominators_within(&board, i % 2 ? UINT32_MAX : 1 + (uint32_t)rand() % NODES_MAX,
                               &tree);
        for (size_t index = 0; index < graph.count; index++)
            check_retained(&graph, &tree, index, lost[index]);
        for (size_t index = 0; index < graph.count; index++)
            if (node_of(&graph, &tree, index))
                check_immediate(&graph, &tree, lost, index);
        check_total(&board, &tree);
        dominators_deinit(&tree);
        board_deinit(&board);
    }
}

// --- large shapes ---

enum { MANY = 1000000 };

// Each holds the next, and each the first: a ring with a million ways back.
static void check_deep_chain(uint32_t sources)
{
    struct dominators tree;
    struct board board;

    board_init(&board, 4, false, MANY);
    for (uint64_t i = 0; i < MANY; i++)
        take(&board, 1);
    for (uint64_t i = 0; i < MANY; i++) {
        put(&board, board.pool + i * BLOCK, board.pool + (i + 1) % MANY * BLOCK);
        put(&board, board.pool + i * BLOCK + 4, board.pool);
    }
    board_open(&board, (uint64_t[ROOTS]){board.pool});
    find_dominators_within(&board, sources, &tree);
    assert_int_equal(tree.count, MANY + 1);
    for (uint32_t node = 1; node <= MANY; node++) {
        assert_int_equal(dominators_block(&tree, node), node - 1);
        assert_int_equal(dominators_immediate(&tree, node), node - 1);
        assert_int_equal(dominators_count(&tree, node), MANY + 1 - node);
    }
    dominators_deinit(&tree);
    board_deinit(&board);
}

static void test_deep_chain(void **state)
{
    (void)state;
    check_deep_chain(UINT32_MAX);
}

// Also when there is no room for all the ways to the first.
static void test_deep_chain_in_pieces(void **state)
{
    (void)state;
    check_deep_chain(MANY / 2);
}

// A table of a million, the second half of which a second table holds as well.
static void test_shared_list(void **state)
{
    enum { ITEM_BYTES = 4, TABLE_BLOCKS = MANY * ITEM_BYTES / BLOCK };
    struct dominators tree;
    struct board board;

    (void)state;
    board_init(&board, 4, false, 3 * (uint64_t)MANY);
    uint64_t first = take(&board, TABLE_BLOCKS), second = take(&board, TABLE_BLOCKS);
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t item = take(&board, 1);

        put(&board, first + i * ITEM_BYTES, item);
        if (i >= MANY / 2)
            put(&board, second + i * ITEM_BYTES, item);
    }
    board_open(&board, (uint64_t[ROOTS]){first, second});
    find_dominators(&board, &tree);
    uint32_t of_first = dominators_node(&tree, 0), of_second = dominators_node(&tree, TABLE_BLOCKS);
    assert_int_equal(dominators_count(&tree, of_first), 1 + MANY / 2);
    assert_int_equal(dominators_count(&tree, of_second), 1);
    assert_int_equal(dominators_bytes(&tree, of_first), (TABLE_BLOCKS + MANY / 2) * BLOCK);
    assert_int_equal(dominators_count(&tree, 0), MANY + 2);
    dominators_deinit(&tree);
    board_deinit(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_heaps), cmocka_unit_test(test_deep_chain),
        cmocka_unit_test(test_deep_chain_in_pieces), cmocka_unit_test(test_shared_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
