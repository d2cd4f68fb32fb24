// SPDX-License-Identifier: MIT
#include "target/pages.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

bool pages_init(struct pages *pages)
{
    *pages = (struct pages){.slot_count = FIRST_SLOTS};
    pages->slots = calloc(pages->slot_count, sizeof *pages->slots);
    return pages->slots != NULL;
}

void pages_clear(struct pages *pages)
{
    for (size_t i = 0; i < pages->slot_count; i++) {
        free(pages->slots[i]);
        pages->slots[i] = NULL;
    }
    pages->page_count = 0;
}

void pages_deinit(struct pages *pages)
{
    pages_clear(pages);
    free(pages->slots);
}

// --- by address ---

static size_t slot_of(const struct pages *pages, uint64_t address)
{
    uint64_t hash = address / PAGE_BYTES * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(hash >> 32) & (pages->slot_count - 1);

    while (pages->slots[slot] && pages->slots[slot]->address != address)
        slot = (slot + 1) & (pages->slot_count - 1);
    return slot;
}

struct page *pages_find(const struct pages *pages, uint64_t address)
{
    return pages->slots[slot_of(pages, address & ~(uint64_t)(PAGE_BYTES - 1))];
}

static int grow(struct pages *pages)
{
    struct pages bigger = *pages;

    bigger.slot_count *= 2;
    bigger.slots = calloc(bigger.slot_count, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < pages->slot_count; i++)
        if (pages->slots[i])
            bigger.slots[slot_of(&bigger, pages->slots[i]->address)] = pages->slots[i];
    free(pages->slots);
    pages->slots = bigger.slots;
    pages->slot_count = bigger.slot_count;
    return 0;
}

static struct page *need_page(struct pages *pages, uint64_t address)
{
    struct page *page = pages_find(pages, address);

    if (page)
        return page;
    if (pages->page_count * 2 >= pages->slot_count && grow(pages) < 0)
        return NULL;
    page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->address = address & ~(uint64_t)(PAGE_BYTES - 1);
    pages->slots[slot_of(pages, page->address)] = page;
    pages->page_count++;
    return page;
}

uint64_t page_bit(uint64_t address)
{
    return 1ull << (address % PAGE_BYTES / PAGE_WORD);
}

// --- words ---

int pages_store(struct pages *pages, uint64_t address, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done + PAGE_WORD <= size; done += PAGE_WORD) {
        uint64_t at = address + done;
        struct page *page = need_page(pages, at);

        if (!page)
            return -1;
        memcpy(page->bytes + at % PAGE_BYTES, bytes + done, PAGE_WORD);
        page->known |= page_bit(at);
    }
    return 0;
}

int pages_refuse(struct pages *pages, uint64_t word_address)
{
    struct page *page = need_page(pages, word_address);

    if (!page)
        return -1;
    page->refused |= page_bit(word_address);
    return 0;
}

bool pages_are_settled(const struct pages *pages, uint64_t word_address)
{
    const struct page *page = pages_find(pages, word_address);

    return page && (page->known | page->refused) & page_bit(word_address);
}

bool pages_have_refused(const struct pages *pages, uint64_t address)
{
    const struct page *page = pages_find(pages, address);

    return page && page->refused & page_bit(address);
}

void pages_forget(struct pages *pages, uint64_t address, uint64_t size)
{
    if (!size)
        return;
    uint64_t last = size - 1 > UINT64_MAX - address ? UINT64_MAX : address + size - 1;

    for (uint64_t at = address & ~(uint64_t)(PAGE_WORD - 1);; at += PAGE_WORD) {
        struct page *page = pages_find(pages, at);

        if (page) {
            page->known &= ~page_bit(at);
            page->refused &= ~page_bit(at);
        }
        if (last - at < PAGE_WORD)
            return;
    }
}

// --- lists ---

int ranges_add_word(struct vec *ranges, uint64_t word_address, size_t gap)
{
    struct range *last = ranges->len ? vec_at(ranges, ranges->len - 1) : NULL;

    if (last && word_address >= last->address && word_address - last->address <= last->size + gap) {
        uint64_t size = word_address - last->address + PAGE_WORD;
        if (size > last->size)
            last->size = size;
        return 0;
    }

    struct range *range = vec_add(ranges);
    if (!range)
        return -1;
    *range = (struct range){word_address, PAGE_WORD};
    return 0;
}

static int compare_pages(const void *left, const void *right)
{
    const struct page *a = *(struct page *const *)left, *b = *(struct page *const *)right;

    return (a->address > b->address) - (a->address < b->address);
}

// All pages by address, in memory of the caller's; NULL when out of memory.
static struct page **sort_pages(const struct pages *pages)
{
    struct page **sorted = malloc((pages->page_count + 1) * sizeof(struct page *));
    size_t count = 0;

    for (size_t i = 0; sorted && i < pages->slot_count; i++)
        if (pages->slots[i])
            sorted[count++] = pages->slots[i];
    if (sorted)
        qsort(sorted, count, sizeof(struct page *), compare_pages);
    return sorted;
}

int pages_list(const struct pages *pages, bool wants_refused, struct vec *ret)
{
    struct page **sorted = sort_pages(pages);
    int rc = sorted ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < pages->page_count; i++) {
        uint64_t words = wants_refused ? sorted[i]->refused : sorted[i]->known;

        for (unsigned bit = 0; rc == 0 && bit < PAGE_BYTES / PAGE_WORD; bit++)
            if (words >> bit & 1)
                rc = ranges_add_word(ret, sorted[i]->address + bit * PAGE_WORD, 0);
    }
    free(sorted);
    return rc;
}
