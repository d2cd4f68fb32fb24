// SPDX-License-Identifier: MIT
// An array of numbers of as many bits as the largest of them needs, 32 at most.
//
//     struct packed parents;
//     if (!packed_init(&parents, count, largest)) ... // all zero; false: out of memory
//     packed_set(&parents, i, packed_get(&parents, j));
//     packed_deinit(&parents);
//
// Arrays of a heap's size are walked at random, so time goes by what a cache holds of them.
#ifndef MPH_BASE_PACKED_H
#define MPH_BASE_PACKED_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct packed {
    uint8_t *bytes;
    unsigned bits; // of a number
    uint32_t mask; // the largest number that fits
};

bool packed_init(struct packed *packed, size_t count, uint32_t largest);
void packed_deinit(struct packed *packed);

// Bytes that `count` numbers up to `largest` take.
uint64_t packed_bytes(uint64_t count, uint32_t largest);

// A number and all that touches its bytes: up to 39 bits of a word of 64.
static inline uint64_t packed_word(const struct packed *packed, size_t index)
{
    uint64_t word;

    memcpy(&word, packed->bytes + index * packed->bits / 8, sizeof word);
    return le64toh(word);
}

static inline uint32_t packed_get(const struct packed *packed, size_t index)
{
    return (uint32_t)(packed_word(packed, index) >> index * packed->bits % 8) & packed->mask;
}

// Have a number at hand by the time that it is asked for.
static inline void packed_expect(const struct packed *packed, size_t index)
{
    __builtin_prefetch(packed->bytes + index * packed->bits / 8);
}

// `value` is no larger than packed->mask.
static inline void packed_set(struct packed *packed, size_t index, uint32_t value)
{
    unsigned shift = index * packed->bits % 8;
    uint64_t word = packed_word(packed, index);

    word = (word & ~((uint64_t)packed->mask << shift)) | (uint64_t)value << shift;
    word = htole64(word);
    memcpy(packed->bytes + index * packed->bits / 8, &word, sizeof word);
}

#endif
