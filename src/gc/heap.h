// SPDX-License-Identifier: MIT
// The garbage-collected heap: its areas and their allocation tables.
//
// Two bits a block say free, head, tail or marked head; four blocks share a
// byte, the lowest bits first (py/gc.c, all eras). A heap is loaded once; after
// that its tables are plain memory and walking them cannot fail.
#ifndef MPH_GC_HEAP_H
#define MPH_GC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "layout/layout.h"
#include "target/target.h"

enum block { BLOCK_FREE, BLOCK_HEAD, BLOCK_TAIL, BLOCK_MARK };

// Where an allocation begins; marks are there during a collection only.
static inline bool block_is_head(enum block kind)
{
    return kind == BLOCK_HEAD || kind == BLOCK_MARK;
}

struct gc_area {
    uint64_t address;     // of the area structure
    uint64_t table;       // of the allocation table
    uint64_t table_bytes; // as the board has it
    uint64_t finalisers;  // of the finaliser table, 0: none
    uint64_t weakrefs;    // of the weak reference table, 0: none
    uint64_t pool_start;
    uint64_t pool_end;
    uint64_t last_free; // gc_last_free_atb_index where the era has it
    bool has_last_free;
    uint64_t block_count; // blocks that are believed: what table and pool agree on
    const uint8_t *bits;  // the allocation table; lives as long as the heap
    uint8_t *owned_bits;  // the same where it had to be copied, else NULL
};

struct heap {
    const struct layout *layout;
    struct vec areas;    // of struct gc_area, in the board's own order
    struct vec problems; // of struct note: what was not believed, and why
    unsigned rereads;    // tables read again because they changed under the read
    bool is_torn;        // they still changed at the last try
};

struct heap_options {
    unsigned tries; // reads of a running target's tables before giving up; >= 1
};

// Follow the list of areas and read their tables. A list that loops, a table
// that lies about its length or memory that ends early is cut short and noted
// in `problems`; no usable area at all is an error.
int heap_init(struct heap *heap, struct target *target, const struct layout *layout,
              const struct heap_options *options, struct mph_err *err);
void heap_deinit(struct heap *heap);

// Read areas and tables of a running target again, and say whether they changed
// since. Pointers into the heap from before are void. On error it stays as it was.
int heap_refresh(struct heap *heap, struct target *target, bool *ret_changed, struct mph_err *err);

static inline size_t heap_area_count(const struct heap *heap)
{
    return heap->areas.len;
}

static inline const struct gc_area *heap_area(const struct heap *heap, size_t index)
{
    return vec_at(&heap->areas, index);
}

// The area whose pool holds an address, or NULL.
const struct gc_area *heap_area_of(const struct heap *heap, uint64_t address);

// What block `index` is, which must be below area->block_count.
static inline enum block area_block(const struct gc_area *area, uint64_t index)
{
    return area->bits[index / 4] >> index % 4 * 2 & 3;
}

// The number of blocks from `index` on that are `kind`, up to the area's end; `max` at most.
uint64_t area_run_within(const struct gc_area *area, uint64_t index, enum block kind, uint64_t max);

static inline uint64_t area_run(const struct gc_area *area, uint64_t index, enum block kind)
{
    return area_run_within(area, index, kind, area->block_count);
}

#endif
