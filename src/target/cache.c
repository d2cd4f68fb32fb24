// SPDX-License-Identifier: MIT
#include "target/cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "target/pages.h"

enum { RETRY_MAX = 64 };

struct cache {
    struct link *link;
    struct pages pages;
    uint64_t needed_bytes;
    struct mph_err lost; // what ended the link; set once
};

struct cache *cache_create(struct link *link)
{
    struct cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return NULL;
    cache->link = link;
    if (!pages_init(&cache->pages)) {
        free(cache);
        return NULL;
    }
    return cache;
}

void cache_clear(struct cache *cache)
{
    pages_clear(&cache->pages);
}

void cache_destroy(struct cache *cache)
{
    if (!cache)
        return;
    pages_deinit(&cache->pages);
    free(cache);
}

uint64_t cache_needed_bytes(const struct cache *cache)
{
    return cache->needed_bytes;
}

void cache_forget(struct cache *cache, uint64_t address, uint64_t size)
{
    pages_forget(&cache->pages, address, size);
}

// --- the link ---

// A link that is lost stays lost, and says why as often as it is asked: the one who
// saw it first may have been looking for something that need not be there.
static int read_link(struct cache *cache, struct link_read *reads, size_t count,
                     struct mph_err *err)
{
    if (!cache->lost.code) {
        int rc = cache->link->ops->read(cache->link->context, reads, count, &cache->lost);

        if (rc == 0)
            return 0;
        mph_fail(&cache->lost, rc, "link: lost (%s)", cache->link->ops->name);
    }
    return mph_fail_again(err, &cache->lost);
}

int cache_read_anew(struct cache *cache, struct link_read *reads, size_t count, struct mph_err *err)
{
    return read_link(cache, reads, count, err);
}

// --- the planner: ranges wanted -> words missing -> pieces asked for ---

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left, *b = right;

    return (a->address > b->address) - (a->address < b->address);
}

// The pieces to ask for, as struct range in rising order.
static int plan(const struct cache *cache, const struct range *ranges, size_t count,
                struct vec *pieces)
{
    struct range *sorted = malloc((count ? count : 1) * sizeof *sorted);
    int rc = sorted ? 0 : -1;

    if (sorted && count) {
        memcpy(sorted, ranges, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_ranges);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!sorted[i].size)
            continue;
        uint64_t at = sorted[i].address & ~(uint64_t)(PAGE_WORD - 1);
        uint64_t room = UINT64_MAX - sorted[i].address;
        uint64_t last = sorted[i].address + (sorted[i].size - 1 < room ? sorted[i].size - 1 : room);

        for (;; at += PAGE_WORD) {
            if (!pages_are_settled(&cache->pages, at))
                rc = ranges_add_word(pieces, at, cache->link->gap_bytes);
            if (rc < 0 || last - at < PAGE_WORD)
                break;
        }
    }
    free(sorted);
    return rc;
}

// Remember a refused word; keep the words of a refused small piece for another
// try one by one, since only one of them may be at fault.
static int keep_refused(struct cache *cache, const struct link_read *piece, struct vec *retry)
{
    if (piece->size == PAGE_WORD)
        return pages_refuse(&cache->pages, piece->address);
    for (size_t done = 0; piece->size <= RETRY_MAX && done < piece->size; done += PAGE_WORD) {
        struct range *word = vec_add(retry);

        if (!word)
            return -1;
        *word = (struct range){piece->address + done, PAGE_WORD};
    }
    return 0;
}

static int keep(struct cache *cache, const struct link_read *piece, struct vec *retry)
{
    return piece->status == 0
               ? pages_store(&cache->pages, piece->address, piece->bytes, piece->size)
               : keep_refused(cache, piece, retry);
}

// Ask the link for all pieces at once and keep what arrived.
static int ask(struct cache *cache, const struct vec *pieces, struct vec *retry,
               struct mph_err *err)
{
    struct link_read *reads = calloc(pieces->len, sizeof *reads);
    uint64_t total = 0;

    for (size_t i = 0; i < pieces->len; i++)
        total += ((struct range *)vec_at(pieces, i))->size;

    uint8_t *bytes = total <= SIZE_MAX ? malloc((size_t)total) : NULL;
    int rc = reads && bytes ? 0 : mph_fail_no_memory(err);
    uint8_t *next = bytes;

    for (size_t i = 0; rc == 0 && i < pieces->len; i++) {
        const struct range *piece = vec_at(pieces, i);

        reads[i] = (struct link_read){piece->address, (size_t)piece->size, next, 0};
        next += piece->size;
    }
    if (rc == 0)
        rc = read_link(cache, reads, pieces->len, err);
    for (size_t i = 0; rc == 0 && i < pieces->len; i++)
        if (keep(cache, &reads[i], retry) < 0)
            rc = mph_fail_no_memory(err);
    free(bytes);
    free(reads);
    return rc;
}

int cache_fetch(struct cache *cache, const struct range *ranges, size_t count, struct mph_err *err)
{
    struct vec pieces = VEC_OF(struct range), retry = VEC_OF(struct range);
    int rc = plan(cache, ranges, count, &pieces);

    if (rc < 0)
        rc = mph_fail_no_memory(err);
    else if (pieces.len)
        rc = ask(cache, &pieces, &retry, err);
    if (rc == 0 && retry.len)
        rc = ask(cache, &retry, &retry, err); // single words: adds no further ones
    vec_deinit(&pieces);
    vec_deinit(&retry);
    return rc;
}

// --- what is in it ---

static int list_words(const struct cache *cache, bool wants_refused, struct vec *ranges,
                      struct mph_err *err)
{
    return pages_list(&cache->pages, wants_refused, ranges) < 0 ? mph_fail_no_memory(err) : 0;
}

int cache_list_known(const struct cache *cache, struct vec *ranges, struct mph_err *err)
{
    return list_words(cache, false, ranges, err);
}

int cache_list_refused(const struct cache *cache, struct vec *ranges, struct mph_err *err)
{
    return list_words(cache, true, ranges, err);
}

// --- exact reads ---

bool cache_holds(const struct cache *cache, uint64_t address, uint64_t size)
{
    if (!size)
        return true;
    uint64_t last = size - 1 > UINT64_MAX - address ? UINT64_MAX : address + (size - 1);

    for (uint64_t at = address & ~(uint64_t)(PAGE_WORD - 1);; at += PAGE_WORD) {
        if (!pages_are_settled(&cache->pages, at))
            return false;
        if (last - at < PAGE_WORD)
            return true;
    }
}

// Copy what is known from `address` on; the number of bytes copied.
static size_t copy_known(struct cache *cache, uint64_t address, uint8_t *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        uint64_t at = address + done;
        struct page *page = pages_find(&cache->pages, at);
        uint64_t bit = page_bit(at);

        if (!page || !(page->known & bit))
            return done;
        if (!(page->asked & bit)) {
            page->asked |= bit;
            cache->needed_bytes += PAGE_WORD;
        }

        size_t step = PAGE_WORD - at % PAGE_WORD;
        if (step > size - done)
            step = size - done;
        memcpy(bytes + done, page->bytes + at % PAGE_BYTES, step);
        done += step;
    }
    return done;
}

static int read_uncached(struct cache *cache, uint64_t address, uint8_t *bytes, size_t size,
                         struct mph_err *err)
{
    struct link_read one = {address, size, bytes, 0};
    int rc = read_link(cache, &one, 1, err);

    return rc < 0 ? rc : one.status;
}

// The first of `size` bytes that the target refuses, found word by word upward
// from a read that failed as a whole.
static uint64_t first_refused(struct cache *cache, uint64_t address, size_t size)
{
    size_t low = 0, high = size; // bytes below `low` are readable

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        uint8_t *scratch = malloc(middle - low);
        bool readable =
            scratch && read_uncached(cache, address + low, scratch, middle - low, NULL) == 0;

        free(scratch);
        if (readable)
            low = middle;
        else
            high = middle;
    }
    return address + low;
}

int cache_read(struct cache *cache, uint64_t address, void *bytes, size_t size, struct mph_err *err)
{
    uint8_t *out = bytes;
    size_t done = copy_known(cache, address, out, size);

    if (done == size)
        return 0;

    struct range rest = {address + done, size - done};
    int rc = cache_fetch(cache, &rest, 1, err);
    if (rc < 0)
        return rc;
    done += copy_known(cache, address + done, out + done, size - done);
    if (done == size)
        return 0;
    if (pages_have_refused(&cache->pages, address + done))
        return mph_fail_at(err, MPH_ERR_READ, address + done, "memory: cannot read (0x%llx)",
                           (unsigned long long)(address + done));

    // A border of readable memory inside a merged or rounded piece: ask exactly.
    rc = read_uncached(cache, address + done, out + done, size - done, err);
    if (rc == MPH_ERR_READ && err) { // nobody asks where: the search costs reads
        uint64_t fault = first_refused(cache, address + done, size - done);
        return mph_fail_at(err, MPH_ERR_READ, fault, "memory: cannot read (0x%llx)",
                           (unsigned long long)fault);
    }
    return rc;
}
