// SPDX-License-Identifier: MIT
#include "report/interned.h"

#include <inttypes.h>
#include <stdlib.h>

#include "target/devices.h"

// --- where the pools are ---

static int qstrs_from_member(struct session *session, struct qstrs *ret, struct mph_err *err)
{
    const struct layout *layout = &session->layout;
    uint64_t newest;

    if (!layout_read_member(layout, &session->target, MEMBER_LAST_POOL, &newest))
        return mph_fail(err, MPH_ERR_READ, "qstr: last_pool is not known");
    return qstrs_init(ret, &session->target, layout->word_bytes, newest, err);
}

// Debug information says which pool is the newest. The eras table does where it is
// right, and the chain of pools proves it; else it is searched for.
static int find_qstrs(struct session *session, struct qstrs *ret, struct mph_err *err)
{
    struct layout *layout = &session->layout;
    bool is_told = layout->members[MEMBER_LAST_POOL].how == HOW_DWARF;

    if (layout->qstrs_how == HOW_UNKNOWN) {
        int rc = qstrs_from_member(session, ret, is_told ? err : NULL);

        if (rc == 0 || is_told)
            return rc;
        rc = layout_learn_objects(layout, &session->target, err);
        if (rc < 0)
            return rc;
    }
    if (layout->qstrs_how == HOW_UNKNOWN)
        return mph_fail(err, MPH_ERR_BAD_DATA, "qstr: the pools of interned strings are not found");
    *ret = layout->qstrs;
    return 0;
}

// --- blocks ---

// Bytes of the allocation that begins at an address; 0 if none does.
static uint64_t block_bytes_at(const struct heap *heap, uint64_t address)
{
    const struct gc_area *area = heap_area_of(heap, address);
    uint64_t size = heap->layout->block_bytes;

    if (!area || (address - area->pool_start) % size != 0)
        return 0;
    uint64_t block = (address - area->pool_start) / size;
    if (block >= area->block_count)
        return 0;
    enum block kind = area_block(area, block);
    if (kind != BLOCK_HEAD && kind != BLOCK_MARK)
        return 0;
    return (1 + area_run(area, block + 1, BLOCK_TAIL)) * size;
}

// --- pools ---

static void look_at_pool(struct interned *interned, const struct session *session,
                         struct interned_pool *entry, struct vec *notes)
{
    size_t word = session->layout.word_bytes;
    const struct qstr_pool *pool = entry->pool;
    struct qstr_pool full = *pool;
    uint64_t asked = qstr_pool_bytes(&interned->qstrs, word, pool);

    entry->bytes = block_bytes_at(&session->heap, pool->address);
    full.alloc = pool->count;
    uint64_t used = qstr_pool_bytes(&interned->qstrs, word, &full);
    entry->wasted = entry->bytes > used ? entry->bytes - used : 0;
    if (!asked)
        notes_add(notes,
                  "qstr: the pool at 0x%" PRIx64 " has %" PRIu64 " strings in %" PRIu64 " places",
                  pool->address, pool->count, pool->alloc);
    else if (!entry->bytes)
        notes_add(notes, "qstr: the pool at 0x%" PRIx64 " is no block of the heap", pool->address);
    else if (entry->bytes < asked)
        notes_add(notes, "qstr: the pool at 0x%" PRIx64 " is larger than its block", pool->address);
}

// The board stops counting at the first pool in ROM.
static void look_at_pools(struct interned *interned, const struct session *session,
                          struct vec *notes)
{
    const struct qstrs *qstrs = &interned->qstrs;

    for (size_t i = 0; i < qstrs->pool_count; i++) {
        struct interned_pool *entry = &interned->pools[i];

        *entry = (struct interned_pool){.pool = &qstrs->pools[i]};
        entry->is_on_heap =
            i == interned->heap_pools && heap_area_of(&session->heap, entry->pool->address);
        if (!entry->is_on_heap)
            continue;
        interned->heap_pools++;
        look_at_pool(interned, session, entry, notes);
        interned->totals.pools++;
        interned->totals.strings += entry->pool->count;
        interned->totals.total_bytes += entry->bytes;
        interned->totals.wasted_in_pools += entry->wasted;
    }
}

// --- strings ---

static bool is_target_s_fault(int code)
{
    return code == MPH_ERR_READ || code == MPH_ERR_BAD_DATA;
}

// Keep the target's part of a failure with the string; pass anything else on.
static int blame(struct interned_string *string, const struct mph_err *why, struct mph_err *err)
{
    if (!is_target_s_fault(why->code))
        return mph_fail_again(err, why);
    string->code = why->code;
    string->fault = why->address;
    return 0;
}

static int read_pool(struct interned *interned, struct session *session,
                     const struct qstr_pool *pool, struct mph_err *err)
{
    for (uint64_t i = 0; i < pool->count; i++) {
        struct interned_string *string = vec_add(&interned->strings);
        struct mph_err why = {0};

        if (!string)
            return mph_fail_no_memory(err);
        string->id = pool->first_id + i;
        int rc = qstr_entry_read(&interned->qstrs, &session->target, session->layout.word_bytes,
                                 pool, i, &string->entry, &why);
        if (rc < 0)
            rc = blame(string, &why, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

// What a string takes up: from the entry's start to the NUL.
static uint64_t entry_bytes(const struct qstr_entry *entry)
{
    return entry->text - entry->start + entry->length + 1;
}

static int read_strings(struct interned *interned, struct session *session, struct mph_err *err)
{
    int rc = qstr_fetch_pools(&interned->qstrs, &session->target, session->layout.word_bytes,
                              interned->heap_pools, err);

    for (size_t i = 0; rc == 0 && i < interned->heap_pools; i++)
        rc = read_pool(interned, session, interned->pools[i].pool, err);
    for (size_t i = 0; rc == 0 && i < interned->strings.len; i++) {
        const struct interned_string *string = vec_at(&interned->strings, i);

        if (string->code == 0)
            interned->totals.data_bytes += entry_bytes(&string->entry);
    }
    interned->totals.total_bytes += interned->totals.data_bytes;
    return rc;
}

// --- chunks ---

static int compare_starts(const void *left, const void *right)
{
    const struct qstr_entry *a = left, *b = right;

    return (a->start > b->start) - (a->start < b->start);
}

// Entries whose text is on the heap, by address.
static struct qstr_entry *sort_entries(const struct interned *interned, const struct heap *heap,
                                       size_t *ret_count)
{
    struct qstr_entry *entries = calloc(interned->strings.len + 1, sizeof *entries);

    *ret_count = 0;
    for (size_t i = 0; entries && i < interned->strings.len; i++) {
        const struct interned_string *string = vec_at(&interned->strings, i);

        if (string->code == 0 && heap_area_of(heap, string->entry.start))
            entries[(*ret_count)++] = string->entry;
    }
    if (entries)
        qsort(entries, *ret_count, sizeof *entries, compare_starts);
    return entries;
}

struct packing {
    struct interned_chunk *chunk; // the newest; NULL: none yet
    uint64_t end;                 // behind it
    uint64_t cursor;              // behind what is known to be used of it
    uint64_t loose;               // texts in no chunk
    uint64_t first_loose;
};

// Damaged texts may overlap, or leave their chunk: no byte counts twice.
static void pack_entry(struct packing *packing, const struct qstr_entry *entry)
{
    uint64_t end = entry->start + entry_bytes(entry);
    uint64_t from = entry->start > packing->cursor ? entry->start : packing->cursor;

    if (end > packing->end)
        end = packing->end;
    packing->chunk->count++;
    if (end <= from)
        return;
    packing->chunk->used += end - from;
    packing->cursor = end;
}

static int pack(struct interned *interned, const struct heap *heap,
                const struct qstr_entry *entries, size_t count, struct packing *packing,
                struct mph_err *err)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t start = entries[i].start;

        if (!packing->chunk || start >= packing->end) {
            uint64_t bytes = block_bytes_at(heap, start);

            if (!bytes) {
                if (!packing->loose++)
                    packing->first_loose = start;
                continue;
            }
            packing->chunk = vec_add(&interned->chunks);
            if (!packing->chunk)
                return mph_fail_no_memory(err);
            *packing->chunk = (struct interned_chunk){.address = start, .bytes = bytes};
            packing->cursor = start;
            packing->end = start + bytes;
        }
        pack_entry(packing, &entries[i]);
    }
    return 0;
}

static int find_chunks(struct interned *interned, const struct heap *heap, struct vec *notes,
                       struct mph_err *err)
{
    struct packing packing = {0};
    size_t count;
    struct qstr_entry *entries = sort_entries(interned, heap, &count);
    int rc =
        entries ? pack(interned, heap, entries, count, &packing, err) : mph_fail_no_memory(err);

    free(entries);
    for (size_t i = 0; i < interned->chunks.len; i++) {
        const struct interned_chunk *chunk = vec_at(&interned->chunks, i);

        interned->totals.wasted_in_chunks += chunk->bytes - chunk->used;
    }
    if (packing.loose)
        notes_add(notes,
                  "qstr: %" PRIu64 " texts lie on the heap in no chunk, the first at 0x%" PRIx64,
                  packing.loose, packing.first_loose);
    return rc;
}

// --- all of it ---

int interned_init(struct interned *interned, struct session *session, struct vec *notes,
                  struct mph_err *err)
{
    *interned = (struct interned){.strings = VEC_OF(struct interned_string),
                                  .chunks = VEC_OF(struct interned_chunk)};

    int rc = find_qstrs(session, &interned->qstrs, err);
    if (rc < 0)
        return rc;
    look_at_pools(interned, session, notes);
    rc = read_strings(interned, session, err);
    return rc < 0 ? rc : find_chunks(interned, &session->heap, notes, err);
}

void interned_deinit(struct interned *interned)
{
    vec_deinit(&interned->strings);
    vec_deinit(&interned->chunks);
}

int interned_fetch_texts(const struct interned *interned, struct target *target,
                         struct mph_err *err)
{
    struct range *ranges = calloc(interned->strings.len + 1, sizeof *ranges);
    size_t used = 0;

    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < interned->strings.len; i++) {
        const struct interned_string *string = vec_at(&interned->strings, i);

        if (string->code == 0 && !devices_contain(target, string->entry.text))
            ranges[used++] = (struct range){string->entry.text, string->entry.length + 1};
    }
    int rc = target_fetch(target, ranges, used, err);
    free(ranges);
    return rc;
}

int interned_text(struct interned_string *string, struct target *target,
                  char text[QSTR_TEXT_MAX + 1], struct mph_err *err)
{
    struct mph_err why = {0};

    if (string->code < 0 || qstr_entry_text(target, &string->entry, text, &why) == 0)
        return 0;
    return blame(string, &why, err);
}
