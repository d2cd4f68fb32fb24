// SPDX-License-Identifier: MIT
#include "target/cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

// 64 words a page, so that one 64-bit mask says which of them are known.
enum { WORD = 4, PAGE = 64 * WORD, RETRY_MAX = 64 };

struct page {
    uint64_t address; // multiple of PAGE
    uint64_t known;   // bit i: word i is known
    uint64_t refused; // bit i: the target refused to read word i alone
    uint64_t asked;   // bit i: a caller has read word i
    uint8_t bytes[PAGE];
};

struct cache {
    struct link *link;
    struct page **slots; // open addressing by page address
    size_t slot_count;   // a power of two
    size_t page_count;
    uint64_t needed_bytes;
    struct mph_err lost; // what ended the link; set once
};

enum { FIRST_SLOTS = 256 };

struct cache *cache_create(struct link *link)
{
    struct cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return NULL;
    cache->link = link;
    cache->slot_count = FIRST_SLOTS;
    cache->slots = calloc(cache->slot_count, sizeof *cache->slots);
    if (!cache->slots) {
        free(cache);
        return NULL;
    }
    return cache;
}

void cache_clear(struct cache *cache)
{
    for (size_t i = 0; i < cache->slot_count; i++) {
        free(cache->slots[i]);
        cache->slots[i] = NULL;
    }
    cache->page_count = 0;
}

void cache_destroy(struct cache *cache)
{
    if (!cache)
        return;
    cache_clear(cache);
    free(cache->slots);
    free(cache);
}

uint64_t cache_needed_bytes(const struct cache *cache)
{
    return cache->needed_bytes;
}

static size_t slot_of(const struct cache *cache, uint64_t address)
{
    uint64_t hash = address / PAGE * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(hash >> 32) & (cache->slot_count - 1);

    while (cache->slots[slot] && cache->slots[slot]->address != address)
        slot = (slot + 1) & (cache->slot_count - 1);
    return slot;
}

static struct page *find_page(const struct cache *cache, uint64_t address)
{
    return cache->slots[slot_of(cache, address & ~(uint64_t)(PAGE - 1))];
}

static int grow(struct cache *cache)
{
    struct cache bigger = *cache;

    bigger.slot_count *= 2;
    bigger.slots = calloc(bigger.slot_count, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < cache->slot_count; i++)
        if (cache->slots[i])
            bigger.slots[slot_of(&bigger, cache->slots[i]->address)] = cache->slots[i];
    free(cache->slots);
    cache->slots = bigger.slots;
    cache->slot_count = bigger.slot_count;
    return 0;
}

static struct page *need_page(struct cache *cache, uint64_t address)
{
    struct page *page = find_page(cache, address);

    if (page)
        return page;
    if (cache->page_count * 2 >= cache->slot_count && grow(cache) < 0)
        return NULL;
    page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->address = address & ~(uint64_t)(PAGE - 1);
    cache->slots[slot_of(cache, page->address)] = page;
    cache->page_count++;
    return page;
}

static uint64_t word_bit(uint64_t address)
{
    return 1ull << (address % PAGE / WORD);
}

// Known, or known to be unreadable: there is nothing to ask.
static bool is_settled(const struct cache *cache, uint64_t word_address)
{
    const struct page *page = find_page(cache, word_address);

    return page && (page->known | page->refused) & word_bit(word_address);
}

static bool is_refused(const struct cache *cache, uint64_t address)
{
    const struct page *page = find_page(cache, address);

    return page && page->refused & word_bit(address);
}

void cache_forget(struct cache *cache, uint64_t address, uint64_t size)
{
    if (!size)
        return;
    uint64_t last = size - 1 > UINT64_MAX - address ? UINT64_MAX : address + size - 1;

    for (uint64_t at = address & ~(uint64_t)(WORD - 1);; at += WORD) {
        struct page *page = find_page(cache, at);

        if (page) {
            page->known &= ~word_bit(at);
            page->refused &= ~word_bit(at);
        }
        if (last - at < WORD)
            return;
    }
}

// Keep the whole words of a piece that arrived.
static int store(struct cache *cache, const struct link_read *piece)
{
    for (size_t done = 0; done + WORD <= piece->size; done += WORD) {
        uint64_t at = piece->address + done;
        struct page *page = need_page(cache, at);

        if (!page)
            return -1;
        memcpy(page->bytes + at % PAGE, piece->bytes + done, WORD);
        page->known |= word_bit(at);
    }
    return 0;
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

static int add_word(struct vec *pieces, uint64_t word_address, size_t gap)
{
    struct range *last = pieces->len ? vec_at(pieces, pieces->len - 1) : NULL;

    if (last && word_address >= last->address && word_address - last->address <= last->size + gap) {
        uint64_t size = word_address - last->address + WORD;
        if (size > last->size)
            last->size = size;
        return 0;
    }

    struct range *piece = vec_add(pieces);
    if (!piece)
        return -1;
    *piece = (struct range){word_address, WORD};
    return 0;
}

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
        uint64_t at = sorted[i].address & ~(uint64_t)(WORD - 1);
        uint64_t room = UINT64_MAX - sorted[i].address;
        uint64_t last = sorted[i].address + (sorted[i].size - 1 < room ? sorted[i].size - 1 : room);

        for (;; at += WORD) {
            if (!is_settled(cache, at))
                rc = add_word(pieces, at, cache->link->gap_bytes);
            if (rc < 0 || last - at < WORD)
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
    if (piece->size == WORD) {
        struct page *page = need_page(cache, piece->address);

        if (!page)
            return -1;
        page->refused |= word_bit(piece->address);
        return 0;
    }
    for (size_t done = 0; piece->size <= RETRY_MAX && done < piece->size; done += WORD) {
        struct range *word = vec_add(retry);

        if (!word)
            return -1;
        *word = (struct range){piece->address + done, WORD};
    }
    return 0;
}

static int keep(struct cache *cache, const struct link_read *piece, struct vec *retry)
{
    return piece->status == 0 ? store(cache, piece) : keep_refused(cache, piece, retry);
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

static int compare_pages(const void *left, const void *right)
{
    const struct page *a = *(struct page *const *)left, *b = *(struct page *const *)right;

    return (a->address > b->address) - (a->address < b->address);
}

// All pages by address, in memory of the caller's; NULL when out of memory.
static struct page **sort_pages(const struct cache *cache)
{
    struct page **pages = malloc((cache->page_count + 1) * sizeof(struct page *));
    size_t count = 0;

    for (size_t i = 0; pages && i < cache->slot_count; i++)
        if (cache->slots[i])
            pages[count++] = cache->slots[i];
    if (pages)
        qsort(pages, count, sizeof(struct page *), compare_pages);
    return pages;
}

static int list_words(const struct cache *cache, bool wants_refused, struct vec *ranges,
                      struct mph_err *err)
{
    struct page **pages = sort_pages(cache);
    int rc = pages ? 0 : mph_fail_no_memory(err);

    for (size_t i = 0; rc == 0 && i < cache->page_count; i++) {
        uint64_t words = wants_refused ? pages[i]->refused : pages[i]->known;

        for (unsigned bit = 0; rc == 0 && bit < PAGE / WORD; bit++)
            if (words >> bit & 1 && add_word(ranges, pages[i]->address + bit * WORD, 0) < 0)
                rc = mph_fail_no_memory(err);
    }
    free(pages);
    return rc;
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
    for (uint64_t at = address & ~(uint64_t)(WORD - 1); at - address + 1 <= size || at < address;
         at += WORD)
        if (!is_settled(cache, at))
            return false;
    return true;
}

// Copy what is known from `address` on; the number of bytes copied.
static size_t copy_known(struct cache *cache, uint64_t address, uint8_t *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        uint64_t at = address + done;
        struct page *page = find_page(cache, at);
        uint64_t bit = word_bit(at);

        if (!page || !(page->known & bit))
            return done;
        if (!(page->asked & bit)) {
            page->asked |= bit;
            cache->needed_bytes += WORD;
        }

        size_t step = WORD - at % WORD;
        if (step > size - done)
            step = size - done;
        memcpy(bytes + done, page->bytes + at % PAGE, step);
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
    if (is_refused(cache, address + done))
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
