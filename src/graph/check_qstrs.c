// SPDX-License-Identifier: MIT
// Interned strings: the chain of pools, and the text, length and hash of each entry in the
// pools that are on the heap. Those in ROM cannot be overwritten.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/check_parts.h"

struct pool_check {
    struct check *check;
    const struct qstr_pool *pool;
    uint32_t block;
};

static void add(const struct pool_check *one, uint64_t address, const char *why, const char *text)
{
    struct finding *finding = damage_add(one->check, DAMAGE_QSTR, false, address, "%s", text);

    damage_about(one->check, finding, one->block);
    finding_explain(finding, "%s", why);
}

// --- the chain ---

// A chain that breaks an invariant is not known at all: no string has a text.
static void check_chain(struct check *check)
{
    const struct objects *objects = check->objects;
    struct qstrs qstrs;
    struct mph_err err = {0};
    uint64_t newest;

    if (objects->layout->qstrs.pool_count || objects->layout->tier != TIER_DWARF ||
        !layout_read_member(objects->layout, objects->target, MEMBER_LAST_POOL, &newest) ||
        qstrs_init(&qstrs, objects->target, objects->word, newest, &err) == 0)
        return;
    struct finding *finding =
        damage_add(check, DAMAGE_QSTR, check->worker->may_allocate && err.code == MPH_ERR_READ,
                   err.has_address ? err.address : newest, "%s", err.text);
    finding_explain(finding, "a pool's numbers were overwritten, or the pointer to it");
}

// --- one pool ---

static void check_pool(const struct pool_check *one)
{
    const struct objects *objects = one->check->objects;
    const struct qstr_pool *pool = one->pool;
    uint64_t bytes = qstr_pool_bytes(&objects->layout->qstrs, objects->word, pool);
    char text[CHECK_TEXT];

    if (pool->count > pool->alloc) {
        snprintf(text, sizeof text, "%" PRIu64 " entries in use, and there is room for %" PRIu64,
                 pool->count, pool->alloc);
        add(one, pool->address, "one of the two was overwritten", text);
    } else if (bytes > objects_block_bytes(objects, one->block)) {
        snprintf(text, sizeof text,
                 "room for %" PRIu64 " entries takes %" PRIu64 " bytes, and it has %" PRIu64,
                 pool->alloc, bytes, objects_block_bytes(objects, one->block));
        add(one, pool->address, "its numbers were overwritten, or the allocation table was", text);
    }
    if (pool->is_sorted)
        add(one, pool->address, "its total_prev_len was overwritten",
            "it says that it is sorted, which only pools in ROM are");
}

// --- one entry ---

static bool has_hash(const struct pool_check *one, uint64_t index, const char *bytes,
                     uint64_t length, uint64_t *ret_address)
{
    const struct objects *objects = one->check->objects;
    const struct qstrs *qstrs = &objects->layout->qstrs;
    uint64_t hash;

    return !qstr_hash_find(qstrs, objects->target, objects->word, one->pool, index, ret_address) ||
           !objects_uint(objects, *ret_address, qstrs->hash_bytes, &hash) ||
           hash ==
               qstr_hash_end(qstr_hash_add(QSTR_HASH_START, (const uint8_t *)bytes, (size_t)length),
                             qstrs->hash_bytes);
}

static void check_entry(const struct pool_check *one, uint64_t index)
{
    const struct objects *objects = one->check->objects;
    const struct qstrs *qstrs = &objects->layout->qstrs;
    uint64_t id = one->pool->first_id + index, block, hash_at = 0;
    char bytes[QSTR_TEXT_MAX + 1], text[CHECK_TEXT];
    struct qstr_entry entry;

    if (qstr_entry_read(qstrs, objects->target, objects->word, one->pool, index, &entry, NULL) < 0)
        return;
    enum spot spot = spot_of(one->check, entry.start, &block);
    if (spot == SPOT_FREE || spot == SPOT_TABLES) {
        snprintf(text, sizeof text, "string %" PRIu64 " at 0x%" PRIx64 " is in %s", id, entry.start,
                 spot == SPOT_FREE ? "a free block" : "the heap's own tables");
        add(one, entry.start, "the block was freed while in use, or the pointer was overwritten",
            text);
        return;
    }
    if (qstr_entry_text(objects->target, &entry, bytes, NULL) < 0) {
        struct mph_err err = {0};

        if (qstr_entry_text(objects->target, &entry, bytes, &err) != MPH_ERR_BAD_DATA)
            return;
        snprintf(text, sizeof text,
                 "string %" PRIu64 " at 0x%" PRIx64 " does not end after %" PRIu64 " bytes", id,
                 entry.text, entry.length);
        add(one, entry.text, "the text was overwritten, or its length was", text);
    } else if (!has_hash(one, index, bytes, entry.length, &hash_at)) {
        snprintf(text, sizeof text,
                 "string %" PRIu64 " at 0x%" PRIx64 " does not have the hash at 0x%" PRIx64, id,
                 entry.text, hash_at);
        add(one, entry.text, "the text was overwritten, or its hash was", text);
    }
}

void check_qstrs(struct check *check)
{
    const struct objects *objects = check->objects;
    const struct qstrs *qstrs = &objects->layout->qstrs;

    check_chain(check);
    for (size_t i = 0; i < qstrs->pool_count; i++) {
        const struct qstr_pool *pool = &qstrs->pools[i];
        struct pool_check one = {check, pool, CHECK_NO_BLOCK};
        uint64_t block;

        if (!objects_head_at(objects, pool->address, &block))
            continue;
        one.block = (uint32_t)block;
        check_pool(&one);
        for (uint64_t j = 0; j < pool->count; j++, check->qstrs++)
            check_entry(&one, j);
    }
}
