// SPDX-License-Identifier: MIT
// Write the RAM of a board whose heap has a pool of any size: an area structure as
// v1.21 to v1.27 have it, its tables, and runs of random length. The pool itself is
// a hole in the file: first words read as zero.
//
//     generate POOL_BYTES FILE
//
// The image belongs at 0x20000000. Prints the offset and the size of the allocation
// table in the file, and the number of blocks.
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RAM = 0x20000000, AREA_AT = 0x1c, TABLE_AT = 0x100, BLOCK = 16, GAP = 1 };
enum { FREE, HEAD, TAIL };

// Lengths as programs have them: mostly short, rarely a large buffer.
static uint64_t run_length(uint32_t random)
{
    return random % 64 ? 1 + random / 64 % 4 : 1 + random / 64 % 256;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void put_block(uint8_t *table, uint64_t block, unsigned kind)
{
    table[block / 4] |= (uint8_t)(kind << block % 4 * 2);
}

// A free run after every third object, as a heap that has lived for a while.
static void fill(uint8_t *table, uint64_t blocks)
{
    uint32_t random = 1;

    for (uint64_t block = 0; block < blocks;) {
        uint64_t end = block + run_length(next_random(&random));
        unsigned kind = next_random(&random) % 4 ? HEAD : FREE;

        for (; block < end && block < blocks; block++) {
            put_block(table, block, kind);
            kind = kind == FREE ? FREE : TAIL;
        }
    }
}

static int write_all(const char *path, const uint8_t *front, size_t size, uint64_t total)
{
    FILE *file = fopen(path, "wb");
    int rc = file && fwrite(front, 1, size, file) == size && fflush(file) == 0 &&
                     ftruncate(fileno(file), (off_t)total) == 0
                 ? 0
                 : -1;

    if (file && fclose(file) != 0)
        rc = -1;
    return rc;
}

int main(int argc, char **argv)
{
    uint64_t pool = argc == 3 ? strtoull(argv[1], NULL, 0) / (4 * BLOCK) * (4 * BLOCK) : 0;

    if (!pool || pool > 0xc0000000) {
        fprintf(stderr, "usage: generate POOL_BYTES FILE\n");
        return 2;
    }
    uint64_t blocks = pool / BLOCK, table = blocks / 4, finalisers = (table + 1) / 2;
    uint64_t pool_at = (TABLE_AT + table + GAP + finalisers + BLOCK - 1) / BLOCK * BLOCK;
    uint8_t *front = calloc(1, (size_t)pool_at);
    if (!front)
        return 1;
    uint32_t area[] = {RAM + TABLE_AT,
                       (uint32_t)table,
                       (uint32_t)(RAM + TABLE_AT + table + GAP),
                       (uint32_t)(RAM + pool_at),
                       (uint32_t)(RAM + pool_at + pool),
                       0,
                       (uint32_t)(blocks - 1)};

    memcpy(front + AREA_AT, area, sizeof area);
    fill(front + TABLE_AT, blocks);
    if (write_all(argv[2], front, (size_t)pool_at, pool_at + pool) < 0) {
        fprintf(stderr, "generate: %s: %s\n", argv[2], strerror(errno));
        free(front);
        return 1;
    }
    printf("%d %" PRIu64 " %" PRIu64 "\n", TABLE_AT, table, blocks);
    free(front);
    return 0;
}
