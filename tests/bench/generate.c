// SPDX-License-Identifier: MIT
// Write the RAM of a board whose heap has a pool of any size, filled with objects of the
// firmware that firmware.c makes.
//
//     generate POOL_BYTES FILE <SYMBOLS
//
// SYMBOLS has a line `ADDRESS [TYPE] NAME` for each symbol, as nm prints it. The image
// belongs at 0x20000000. Prints a line `COUNT NAME` for each row that `mpheap types` has to
// print, and `BLOCKS (blocks)`.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

enum { POOL_BYTES_MIN = 1 << 17 };

static void keep_symbol(struct rom *rom, const char *name, uint32_t address)
{
    static const char *const types[ID_BUILTINS] = {
#define SYMBOL(word, text) [ID_##word] = "mp_type_" #word,
        ROM_TYPES(SYMBOL)};

    if (!strcmp(name, "mp_state_ctx"))
        rom->ctx = address;
    else if (!strcmp(name, "mp_qstr_const_pool"))
        rom->pool = address;
    else if (!strcmp(name, "mp_type_cell"))
        rom->cell = address;
    for (int i = 1; i < ID_BUILTINS; i++)
        if (!strcmp(name, types[i]))
            rom->types[i] = address;
}

static bool read_symbols(struct rom *rom, FILE *file)
{
    char name[128];
    uint32_t address;

    while (fscanf(file, "%" SCNx32 " %*c %127s", &address, name) == 2)
        keep_symbol(rom, name, address);
    for (int i = 1; i < ID_BUILTINS; i++)
        if (!rom->types[i])
            return false;
    return rom->ctx && rom->pool && rom->cell;
}

static bool generate(const char *path, uint64_t bytes, const struct rom *rom)
{
    uint64_t counts[ROW_COUNT] = {0};
    struct pool pool;

    if (!pool_open(&pool, path, bytes, rom->ctx) || !scene_fill(&pool, rom, counts))
        return false;
    for (enum row row = 0; row < ROW_COUNT; row++)
        printf("%" PRIu64 " %s\n", counts[row], row_name(row));
    printf("%" PRIu64 " (blocks)\n", pool.blocks);
    return pool_close(&pool);
}

int main(int argc, char **argv)
{
    uint64_t bytes = argc == 3 ? strtoull(argv[1], NULL, 0) : 0;
    struct rom rom = {0};

    if (bytes < POOL_BYTES_MIN || bytes > 0xc0000000 || !read_symbols(&rom, stdin)) {
        fprintf(stderr, "usage: generate POOL_BYTES FILE <SYMBOLS\n");
        return 2;
    }
    if (!generate(argv[2], bytes, &rom)) {
        fprintf(stderr, "generate: %s: %s\n", argv[2], strerror(errno));
        return 1;
    }
    return 0;
}
