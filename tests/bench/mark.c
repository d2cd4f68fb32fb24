// SPDX-License-Identifier: MIT
// How long the collector's mark takes from outside, by the size of a heap that is all in use.
//
//     mark POOL_BYTES
//
// The heap has allocations of 1 to 4 blocks with pointers to random others in every second word,
// one of them to the next in a random order, so that all are reached from one register. Prints
// "BLOCKS HEADS REACHED SECONDS ANONYMOUS_BYTES"; the last is what the mark itself allocated at
// most.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "base/bytes.h"
#include "graph/mark.h"

enum { RAM = 0x20000000, WORD = 4, BLOCK = 16, STATE_BYTES = 0x100, AREA = RAM + 0x40 };

struct board {
    uint8_t *ram;
    size_t bytes;
    uint64_t blocks, table, pool, heads;
    uint32_t *order; // of heads, by block number
    struct target target;
    struct layout layout;
    struct heap heap;
    struct objects objects;
};

static void put(struct board *board, uint64_t address, uint64_t value)
{
    bytes_put(board->ram + (address - RAM), WORD, false, value);
}

static uint64_t noise(void)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

// py/gc.c gc_setup_area without finalisers: words table, length, start, end of the pool.
static bool set_up(struct board *board, uint64_t pool_bytes)
{
    uint64_t table_bytes = pool_bytes / BLOCK / 4;

    board->blocks = table_bytes * 4;
    board->table = RAM + STATE_BYTES;
    board->pool = (board->table + table_bytes + BLOCK) / BLOCK * BLOCK;
    board->bytes = (size_t)(board->pool - RAM + board->blocks * BLOCK);
    board->ram =
        mmap(NULL, board->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    board->order = malloc(board->blocks * sizeof *board->order);
    if (board->ram == MAP_FAILED || !board->order)
        return false;
    put(board, AREA, board->table);
    put(board, AREA + WORD, table_bytes);
    put(board, AREA + 2 * WORD, board->pool);
    put(board, AREA + 3 * WORD, board->pool + board->blocks * BLOCK);
    return true;
}

static void allocate(struct board *board)
{
    for (uint64_t block = 0; block < board->blocks;) {
        uint64_t length = 1 + noise() % 4;

        for (uint64_t i = 0; i < length && block + i < board->blocks; i++)
            board->ram[board->table - RAM + (block + i) / 4] |=
                (uint8_t)((i > 0 ? BLOCK_TAIL : BLOCK_HEAD) << (block + i) % 4 * 2);
        board->order[board->heads++] = (uint32_t)block;
        block += length;
    }
}

static uint64_t address_of(const struct board *board, uint64_t index)
{
    return board->pool + (uint64_t)board->order[index] * BLOCK;
}

static void connect(struct board *board)
{
    for (uint64_t block = 0; block < board->blocks; block++)
        put(board, board->pool + block * BLOCK + 2 * WORD,
            address_of(board, noise() % board->heads));
    for (uint64_t i = board->heads - 1; i > 0; i--) {
        uint64_t k = noise() % (i + 1);
        uint32_t kept = board->order[i];

        board->order[i] = board->order[k];
        board->order[k] = kept;
    }
    for (uint64_t i = 0; i + 1 < board->heads; i++)
        put(board, address_of(board, i), address_of(board, i + 1));
}

static int open_board(struct board *board, struct mph_err *err)
{
    static const enum member words[] = {MEMBER_AREA_TABLE, MEMBER_AREA_TABLE_BYTES,
                                        MEMBER_AREA_POOL_START, MEMBER_AREA_POOL_END};

    board->layout = (struct layout){.word_bytes = WORD,
                                    .block_bytes = BLOCK,
                                    .area = AREA,
                                    .ctx = RAM,
                                    .ctx_how = HOW_DWARF,
                                    .notes = NOTES};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        board->layout.members[words[i]] = (struct member_at){HOW_DWARF, WORD * (int64_t)i, WORD};
    target_init(&board->target);
    regs_set(&board->target.regs, "r4", address_of(board, 0));
    int rc = target_add_bytes(&board->target, RAM, board->ram, board->bytes, true, "ram", err);
    if (rc == 0)
        rc =
            heap_init(&board->heap, &board->target, &board->layout, &(struct heap_options){1}, err);
    if (rc == 0)
        rc = objects_open(&board->objects, &board->heap, &board->layout, &board->target, NULL, err);
    return rc;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint64_t peak_bytes(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

static int measure(struct board *board, struct mph_err *err)
{
    struct mark mark;
    uint64_t before = peak_bytes(), reached = 0;
    double start = now();
    int rc = mark_init(&mark, &board->objects, err);
    double seconds = now() - start;

    if (rc < 0)
        return rc;
    for (uint64_t block = 0; block < board->blocks; block++)
        reached += mark_keeps(&mark, block);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %f %" PRIu64 "\n", board->blocks, board->heads,
           reached, seconds, peak_bytes() - before);
    mark_deinit(&mark);
    return 0;
}

int main(int argc, char **argv)
{
    static struct board board;
    struct mph_err err = {0};

    if (argc != 2 || !set_up(&board, strtoull(argv[1], NULL, 0)))
        return 2;
    allocate(&board);
    connect(&board);
    int rc = open_board(&board, &err);
    if (rc == 0)
        rc = measure(&board, &err);
    if (rc < 0)
        fprintf(stderr, "mark: %s\n", err.text);
    return rc < 0;
}
