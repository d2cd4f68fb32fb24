// SPDX-License-Identifier: MIT
#include "graph/section.h"

#include "object/roots.h"

// --- qstr_last_chunk, by its shape ---

// py/qstr.c: {qstr_last_chunk, qstr_last_alloc, qstr_last_used}. The newest text lies in the
// chunk's used part, unless it was too long for any chunk or lies in ROM; then an older one does.
enum { TEXTS_TRIED = 64 };

static bool holds_text(const struct objects *objects, uint64_t chunk, uint64_t used)
{
    const struct qstrs *qstrs = &objects->layout->qstrs;

    for (size_t i = 0, tried = 0; i < qstrs->pool_count; i++)
        for (uint64_t k = qstrs->pools[i].count; k > 0 && tried < TEXTS_TRIED; k--, tried++) {
            struct qstr_entry entry;

            if (qstr_entry_read(qstrs, objects->target, objects->word, &qstrs->pools[i], k - 1,
                                &entry, NULL) == 0 &&
                entry.start >= chunk && entry.start - chunk < used)
                return true;
        }
    return false;
}

static bool is_last_chunk(const struct objects *objects, uint64_t at)
{
    uint64_t chunk, alloc, used, block;

    if (!objects_word(objects, at, &chunk) || !objects_head_at(objects, chunk, &block) ||
        !objects_word(objects, at + objects->word, &alloc) ||
        !objects_word(objects, at + 2 * objects->word, &used))
        return false;
    return used && used <= alloc && alloc <= objects_block_bytes(objects, block) &&
           holds_text(objects, chunk, used);
}

// --- bounds ---

enum { THREAD_WORDS = 16 }; // from dict_locals to last_pool, at most

static void find_start(const struct objects *objects, struct section *ret)
{
    bool is_exact = objects->layout->ctx_how != HOW_UNKNOWN;
    uint64_t before = is_exact ? 0 : THREAD_WORDS * objects->word;

    ret->start_min = ret->start > before ? ret->start - before : 0;
}

static void find_end(const struct objects *objects, struct section *ret)
{
    uint64_t found = 0;

    for (uint64_t at = ret->start; at + 3 * objects->word <= ret->end_max; at += objects->word)
        if (is_last_chunk(objects, at)) {
            if (found)
                return;
            found = at;
        }
    ret->end_is_known = found;
    if (found)
        ret->end = ret->end_max = found;
}

bool section_find(const struct objects *objects, struct section *ret)
{
    uint64_t start, end;

    if (!roots_find_state(objects, &start, &end) || start % objects->word)
        return false;
    *ret = (struct section){start, end, start, end, false};
    target_fetch(objects->target, &(struct range){start, end - start}, 1, NULL);
    find_start(objects, ret);
    find_end(objects, ret);
    return true;
}
