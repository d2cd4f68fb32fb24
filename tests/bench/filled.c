// SPDX-License-Identifier: MIT
#include "filled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/bytes.h"

enum { RAM = 0x20000000, WORD = 4, BLOCK = 16, STATE_BYTES = 0x100, AREA = RAM + 0x40 };

bool shape_find(const char *name, enum shape *ret)
{
    static const char *const names[SHAPES] = {"graph", "list", "chain", "tree"};

    for (int i = 0; i < SHAPES; i++)
        if (!strcmp(name, names[i])) {
            *ret = (enum shape)i;
            return true;
        }
    return false;
}

static void put(struct filled *filled, uint64_t address, uint64_t value)
{
    bytes_put(filled->ram + (address - RAM), WORD, false, value);
}

static uint64_t noise(void)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

// py/gc.c gc_setup_area without finalisers: words table, length, start, end of the pool.
static bool set_up(struct filled *filled, uint64_t pool_bytes)
{
    uint64_t table_bytes = pool_bytes / BLOCK / 4;

    filled->blocks = table_bytes * 4;
    filled->table = RAM + STATE_BYTES;
    filled->pool = (filled->table + table_bytes + BLOCK) / BLOCK * BLOCK;
    filled->bytes = (size_t)(filled->pool - RAM + filled->blocks * BLOCK);
    filled->ram =
        mmap(NULL, filled->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    filled->order = malloc(filled->blocks * sizeof *filled->order);
    if (filled->ram == MAP_FAILED || !filled->order)
        return false;
    put(filled, AREA, filled->table);
    put(filled, AREA + WORD, table_bytes);
    put(filled, AREA + 2 * WORD, filled->pool);
    put(filled, AREA + 3 * WORD, filled->pool + filled->blocks * BLOCK);
    return true;
}

// --- allocations ---

static uint64_t take(struct filled *filled, uint64_t block, uint64_t length)
{
    for (uint64_t i = 0; i < length && block + i < filled->blocks; i++)
        filled->ram[filled->table - RAM + (block + i) / 4] |=
            (uint8_t)((i > 0 ? BLOCK_TAIL : BLOCK_HEAD) << (block + i) % 4 * 2);
    filled->order[filled->heads++] = (uint32_t)block;
    return block + length;
}

static uint64_t address_of(const struct filled *filled, uint64_t index)
{
    return filled->pool + (uint64_t)filled->order[index] * BLOCK;
}

static void shuffle(struct filled *filled)
{
    for (uint64_t i = filled->heads - 1; i > 0; i--) {
        uint64_t k = noise() % (i + 1);
        uint32_t kept = filled->order[i];

        filled->order[i] = filled->order[k];
        filled->order[k] = kept;
    }
}

// --- shapes ---

static void chain(struct filled *filled)
{
    for (uint64_t i = 0; i + 1 < filled->heads; i++)
        put(filled, address_of(filled, i), address_of(filled, i + 1));
}

static void make_graph(struct filled *filled)
{
    for (uint64_t block = 0; block < filled->blocks;)
        block = take(filled, block, 1 + noise() % 4);
    for (uint64_t block = 0; block < filled->blocks; block++)
        put(filled, filled->pool + block * BLOCK + 2 * WORD,
            address_of(filled, noise() % filled->heads));
    shuffle(filled);
    chain(filled);
}

static void make_list(struct filled *filled)
{
    uint64_t items = (filled->blocks - 1) * BLOCK / (WORD + 2 * BLOCK);
    uint64_t block = take(filled, 0, filled->blocks - 2 * items);

    for (uint64_t i = 0; i < items; i++) {
        uint64_t item = filled->pool + block * BLOCK;

        block = take(filled, take(filled, block, 1), 1);
        put(filled, filled->pool + i * WORD, item);
        put(filled, item + WORD, item + BLOCK);
    }
}

static void make_single_blocks(struct filled *filled)
{
    for (uint64_t block = 0; block < filled->blocks;)
        block = take(filled, block, 1);
    shuffle(filled);
}

static void make_tree(struct filled *filled)
{
    make_single_blocks(filled);
    for (uint64_t i = 1; i < filled->heads; i++)
        put(filled, address_of(filled, (i - 1) / 2) + i % 2 * WORD, address_of(filled, i));
}

static void make(struct filled *filled, enum shape shape)
{
    if (shape == SHAPE_GRAPH) {
        make_graph(filled);
    } else if (shape == SHAPE_LIST) {
        make_list(filled);
    } else if (shape == SHAPE_TREE) {
        make_tree(filled);
    } else {
        make_single_blocks(filled);
        chain(filled);
    }
}

// --- opening ---

static int open_heap(struct filled *filled, struct mph_err *err)
{
    static const enum member words[] = {MEMBER_AREA_TABLE, MEMBER_AREA_TABLE_BYTES,
                                        MEMBER_AREA_POOL_START, MEMBER_AREA_POOL_END};

    filled->layout = (struct layout){.word_bytes = WORD,
                                     .block_bytes = BLOCK,
                                     .area = AREA,
                                     .ctx = RAM,
                                     .ctx_how = HOW_DWARF,
                                     .notes = NOTES};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        filled->layout.members[words[i]] = (struct member_at){HOW_DWARF, WORD * (int64_t)i, WORD};
    target_init(&filled->target);
    regs_set(&filled->target.regs, "r4", address_of(filled, 0));
    int rc = target_add_bytes(&filled->target, RAM, filled->ram, filled->bytes, true, "ram", err);
    if (rc == 0)
        rc = heap_init(&filled->heap, &filled->target, &filled->layout, &(struct heap_options){1},
                       err);
    if (rc == 0)
        rc = objects_open(&filled->objects, &filled->heap, &filled->layout, &filled->target, NULL,
                          err);
    return rc;
}

int filled_init(struct filled *filled, enum shape shape, uint64_t pool_bytes, struct mph_err *err)
{
    *filled = (struct filled){0};
    if (!set_up(filled, pool_bytes))
        return mph_fail_no_memory(err);
    make(filled, shape);
    return open_heap(filled, err);
}

// --- measuring ---

double seconds_used(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double walk_seconds(const struct filled *filled)
{
    double start = seconds_used();
    volatile uint64_t nothing = 0;
    uint64_t none = nothing, known = 0; // the compiler cannot tell that all is known

    for (uint64_t i = 0; i < filled->heads; i++) {
        uint64_t block = filled->order[i] + (known & none);
        unsigned bits = filled->ram[filled->table - RAM + block / 4];

        known = bytes_get(filled->ram + (filled->pool - RAM + (block + (bits & none)) * BLOCK),
                          WORD, false);
    }
    nothing = known;
    return seconds_used() - start;
}

// Not getrusage's, which begins with that of the process that started this one.
uint64_t bytes_used(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    unsigned long long kib = 0;
    char line[256];

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

int filled_main(int argc, char **argv, int (*measure)(struct filled *filled, struct mph_err *err))
{
    static struct filled filled;
    struct mph_err err = {0};
    enum shape shape;

    if (argc != 3 || !shape_find(argv[1], &shape))
        return 2;
    int rc = filled_init(&filled, shape, strtoull(argv[2], NULL, 0), &err);
    if (rc == 0)
        rc = measure(&filled, &err);
    if (rc < 0)
        fprintf(stderr, "%s: %s\n", argv[0], err.text);
    return rc < 0;
}
