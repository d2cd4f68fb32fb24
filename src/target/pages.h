// SPDX-License-Identifier: MIT
// Memory as far as it is known, word by word: what a link has read, and what it refused. One word
// of a page can be known without the rest of it.
#ifndef MPH_TARGET_PAGES_H
#define MPH_TARGET_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/vec.h"

// 64 words a page, so that one 64-bit mask says which of them are known.
enum { PAGE_WORD = 4, PAGE_BYTES = 64 * PAGE_WORD };

struct page {
    uint64_t address; // multiple of PAGE_BYTES
    uint64_t known;   // bit i: word i is known
    uint64_t refused; // bit i: the target refused to read word i alone
    uint64_t asked;   // bit i: a caller has read word i
    uint8_t bytes[PAGE_BYTES];
};

struct pages {
    struct page **slots; // open addressing by page address
    size_t slot_count;   // a power of two
    size_t page_count;
};

// False when out of memory.
bool pages_init(struct pages *pages);
void pages_deinit(struct pages *pages);
void pages_clear(struct pages *pages);

// The page with an address in it; NULL: nothing is known of it.
struct page *pages_find(const struct pages *pages, uint64_t address);

// The bit of the word at an address, in the masks of its page.
uint64_t page_bit(uint64_t address);

// Keep the whole words of `size` bytes at a multiple of PAGE_WORD. Negative when out of memory.
int pages_store(struct pages *pages, uint64_t address, const uint8_t *bytes, size_t size);

// Remember that the target refused one word. Negative when out of memory.
int pages_refuse(struct pages *pages, uint64_t word_address);

// Whether a word is known, or known to be unreadable: there is nothing to ask.
bool pages_are_settled(const struct pages *pages, uint64_t word_address);
bool pages_have_refused(const struct pages *pages, uint64_t address);

// Forget whether the words of a range are known.
void pages_forget(struct pages *pages, uint64_t address, uint64_t size);

// Append the words that are known, or those that were refused, to *ret as struct range in rising
// order; words side by side are one. Negative when out of memory.
int pages_list(const struct pages *pages, bool wants_refused, struct vec *ret);

// Append a word to a list of struct range in rising order; to the last of them, if no more than
// `gap` bytes lie between. Negative when out of memory.
int ranges_add_word(struct vec *ranges, uint64_t word_address, size_t gap);

#endif
