// SPDX-License-Identifier: MIT
// The RAM of a 32-bit board that is being written: a pool whose blocks are taken in order.
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stdbool.h>
#include <stdint.h>

enum { RAM = 0x20000000, BLOCK = 16, WORD = 4 };

struct pool {
    uint8_t *ram; // mapped; its first byte is at RAM
    uint64_t ram_bytes;
    uint64_t table_bytes, blocks;
    uint64_t next;    // block to be taken
    uint32_t address; // of the pool
    uint32_t random;
};

// Create the file and map it, all free; describe the pool in mp_state_ctx, at `ctx`.
// False with errno.
bool pool_open(struct pool *pool, const char *path, uint64_t bytes, uint32_t ctx);
bool pool_close(struct pool *pool);

// A head and its tails, zeroed. The caller has looked that there is room.
uint32_t pool_take(struct pool *pool, uint32_t bytes);
void pool_skip(struct pool *pool, uint64_t blocks);
uint64_t pool_room(const struct pool *pool); // blocks not yet taken

void pool_put(struct pool *pool, uint32_t address, uint32_t word);
void pool_put_words(struct pool *pool, uint32_t address, unsigned count, const uint32_t *words);
uint8_t *pool_bytes(struct pool *pool, uint32_t address);

uint32_t pool_random(struct pool *pool, uint32_t below);

#endif
