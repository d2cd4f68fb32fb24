// SPDX-License-Identifier: MIT
#include "pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rom.h"

enum { TABLE_AT = 0x100, GAP = 1 };
enum { HEAD = 1, TAIL = 2 };

void pool_put(struct pool *pool, uint32_t address, uint32_t word)
{
    memcpy(pool_bytes(pool, address), &word, sizeof word); // the host is little-endian, too
}

void pool_put_words(struct pool *pool, uint32_t address, unsigned count, const uint32_t *words)
{
    for (unsigned i = 0; i < count; i++)
        pool_put(pool, address + i * WORD, words[i]);
}

uint8_t *pool_bytes(struct pool *pool, uint32_t address)
{
    return pool->ram + (address - RAM);
}

static void describe(struct pool *pool, uint32_t ctx)
{
    uint32_t area = ctx + CTX_AREA * WORD, table = RAM + TABLE_AT;

    pool_put(pool, area + AREA_TABLE * WORD, table);
    pool_put(pool, area + AREA_TABLE_BYTES * WORD, (uint32_t)pool->table_bytes);
    pool_put(pool, area + AREA_FINALISERS * WORD, (uint32_t)(table + pool->table_bytes + GAP));
    pool_put(pool, area + AREA_POOL_START * WORD, pool->address);
    pool_put(pool, area + AREA_POOL_END * WORD, (uint32_t)(pool->address + pool->blocks * BLOCK));
    pool_put(pool, area + AREA_LAST_USED * WORD, (uint32_t)(pool->blocks - 1));
}

bool pool_open(struct pool *pool, const char *path, uint64_t bytes, uint32_t ctx)
{
    uint64_t blocks = bytes / (4 * BLOCK) * 4, table = blocks / 4, finalisers = (table + 1) / 2;
    uint64_t at = (TABLE_AT + table + GAP + finalisers + BLOCK - 1) / BLOCK * BLOCK;
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

    *pool = (struct pool){.ram_bytes = at + blocks * BLOCK,
                          .table_bytes = table,
                          .blocks = blocks,
                          .address = (uint32_t)(RAM + at),
                          .random = 1};
    if (file < 0)
        return false;
    void *ram = ftruncate(file, (off_t)pool->ram_bytes) == 0
                    ? mmap(NULL, pool->ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                    : MAP_FAILED;
    close(file);
    if (ram == MAP_FAILED)
        return false;
    pool->ram = ram;
    describe(pool, ctx);
    return true;
}

bool pool_close(struct pool *pool)
{
    return munmap(pool->ram, pool->ram_bytes) == 0;
}

static void put_block(struct pool *pool, unsigned kind)
{
    pool->ram[TABLE_AT + pool->next / 4] |= (uint8_t)(kind << pool->next % 4 * 2);
    pool->next++;
}

uint32_t pool_take(struct pool *pool, uint32_t bytes)
{
    uint32_t address = pool->address + (uint32_t)(pool->next * BLOCK);

    put_block(pool, HEAD);
    for (uint32_t done = BLOCK; done < bytes; done += BLOCK)
        put_block(pool, TAIL);
    return address;
}

void pool_skip(struct pool *pool, uint64_t blocks)
{
    pool->next += blocks < pool_room(pool) ? blocks : pool_room(pool);
}

uint64_t pool_room(const struct pool *pool)
{
    return pool->blocks - pool->next;
}

uint32_t pool_random(struct pool *pool, uint32_t below)
{
    pool->random = pool->random * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)pool->random * below >> 32);
}
