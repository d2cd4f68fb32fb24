// SPDX-License-Identifier: MIT
// The bits that describe the blocks: the allocation table, and the tables of finalisers and
// of weak references with one bit a block.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/check_parts.h"

static uint64_t block_address(const struct check *check, const struct gc_area *area, uint64_t block)
{
    return area->pool_start + block * check->objects->layout->block_bytes;
}

// --- tails without a head ---

struct orphans {
    uint64_t runs;
};

// py/gc.c gc_free, gc_realloc and gc_sweep free the blocks of an allocation one by one from
// its head on, one allocation at a time. A second run without a head is none of theirs.
static bool may_be_freeing(const struct check *check, const struct orphans *orphans)
{
    return orphans->runs == 1 && (check->is_collecting || check->worker->may_allocate);
}

static void explain_orphan(const struct check *check, struct finding *finding, uint64_t byte,
                           uint64_t first)
{
    uint64_t size = 4ull * check->objects->layout->block_bytes;

    if (finding->is_unsettled)
        finding_explain(finding, "legal where gc_free, gc_realloc or a sweep was interrupted%s",
                        check->is_collecting           ? ": a collection is in progress"
                        : check->worker->is_allocating ? ": the allocator is on the stack"
                                                       : ": whether that is so is not known");
    else
        finding_explain(finding,
                        "the byte at 0x%" PRIx64 " of the allocation table describes 0x%" PRIx64
                        " to 0x%" PRIx64 ": it was overwritten, or the head was freed while in use",
                        byte, first, first + size - 1);
}

static void add_orphan(struct check *check, const struct gc_area *area, uint64_t block,
                       uint64_t run, struct orphans *orphans)
{
    uint64_t byte = area->table + block / 4;

    orphans->runs++;
    struct finding *finding = damage_add(
        check, DAMAGE_TABLE, may_be_freeing(check, orphans), block_address(check, area, block),
        "%" PRIu64 " block%s marked as the rest of an allocation that has no beginning", run,
        run == 1 ? "" : "s");
    explain_orphan(check, finding, byte, block_address(check, area, block / 4 * 4));
}

static uint64_t count_orphans(const struct gc_area *area)
{
    uint64_t runs = 0;

    for (uint64_t block = 0; block < area->block_count;) {
        enum block kind = area_block(area, block);
        uint64_t run = area_run(area, block, kind);

        if (block_is_head(kind))
            run = 1 + area_run(area, block + 1, BLOCK_TAIL);
        else if (kind == BLOCK_TAIL)
            runs++;
        block += run;
    }
    return runs;
}

static void check_orphans(struct check *check, const struct gc_area *area, struct orphans *orphans)
{
    for (uint64_t block = 0; block < area->block_count;) {
        enum block kind = area_block(area, block);
        uint64_t run = area_run(area, block, kind);

        if (block_is_head(kind)) {
            run = 1 + area_run(area, block + 1, BLOCK_TAIL);
            check->heads++;
        } else if (kind == BLOCK_TAIL) {
            add_orphan(check, area, block, run, orphans);
        }
        block += run;
    }
}

// --- marks ---

// gc_lock_depth is more than 0 for as long as marks are there, up to v1.24 in the thread
// that collects, later with a bit of its own.
static bool is_idle(const struct check *check)
{
    const struct layout *layout = check->objects->layout;
    uint64_t depth;

    return layout->members[MEMBER_LOCK_DEPTH].how == HOW_DWARF &&
           layout_read_member(layout, check->objects->target, MEMBER_LOCK_DEPTH, &depth) &&
           depth == 0 && check->mark.roots[ROOTS_THREADS].found == ROOTS_ABSENT &&
           !check->worker->may_allocate;
}

static void check_marks(struct check *check, const struct gc_area *area)
{
    uint64_t first = 0, count = 0;

    for (uint64_t block = 0; block < area->block_count; block++)
        if (area_block(area, block) == BLOCK_MARK && !count++)
            first = block;
    if (!count || !is_idle(check))
        return;
    struct finding *finding =
        damage_add(check, DAMAGE_TABLE, false, block_address(check, area, first),
                   "%" PRIu64 " block%s marked, the first here, and no collection is in progress",
                   count, count == 1 ? "" : "s");
    finding_explain(finding,
                    "the byte at 0x%" PRIx64
                    " of the allocation table was overwritten, or a collection "
                    "was left by a long jump",
                    area->table + first / 4);
}

// --- one bit a block ---

enum { BITS_CHUNK = 512 };

struct bits_table {
    const char *name;
    uint64_t start;
};

static void check_bit(struct check *check, const struct gc_area *area,
                      const struct bits_table *table, uint64_t block)
{
    bool is_inside = block < area->block_count;
    enum block kind = is_inside ? area_block(area, block) : BLOCK_FREE;

    if (is_inside && block_is_head(kind))
        return;
    struct finding *finding = damage_add(
        check, DAMAGE_BITS, check->is_collecting || check->worker->is_allocating,
        table->start + block / 8, "the %s bit of block 0x%" PRIx64 " is set, which is %s",
        table->name, block_address(check, area, block),
        !is_inside           ? "behind the last one"
        : kind == BLOCK_TAIL ? "the middle of an allocation"
                             : "free");
    finding_explain(finding,
                    "this byte describes 0x%" PRIx64 " to 0x%" PRIx64
                    ": it was overwritten, or the allocation table was",
                    block_address(check, area, block / 8 * 8),
                    block_address(check, area, block / 8 * 8 + 8) - 1);
}

static void check_bits(struct check *check, const struct gc_area *area,
                       const struct bits_table *table)
{
    uint64_t size = (area->table_bytes + 1) / 2, end = (area->block_count + 7) / 8;
    uint8_t bytes[BITS_CHUNK];

    // With two tables the last byte of the second may lie in the pool.
    if (!table->start || table->start >= area->pool_start ||
        size > area->pool_start - table->start || end > size)
        return;
    for (uint64_t at = 0; at < end; at += BITS_CHUNK) {
        size_t count = end - at < BITS_CHUNK ? (size_t)(end - at) : BITS_CHUNK;

        if (!objects_read(check->objects, table->start + at, bytes, count))
            return;
        for (uint64_t i = 0; i < 8 * (uint64_t)count; i++)
            if (bit_get(bytes, i))
                check_bit(check, area, table, 8 * at + i);
    }
}

// CircuitPython 10 has a table of another meaning in the same place.
static bool has_weakrefs(const struct layout *layout)
{
    return layout->version_number >= 12800 && layout->version_number < 20000;
}

void check_tables(struct check *check)
{
    const struct heap *heap = check->objects->heap;
    struct orphans orphans = {0};
    uint64_t runs = 0;

    for (size_t i = 0; i < heap_area_count(heap); i++)
        runs += count_orphans(heap_area(heap, i));
    orphans.runs = runs > 1;
    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);

        check_orphans(check, area, &orphans);
        check_marks(check, area);
        check_bits(check, area, &(struct bits_table){"finaliser", area->finalisers});
        if (has_weakrefs(check->objects->layout))
            check_bits(check, area, &(struct bits_table){"weak reference", area->weakrefs});
    }
}
