// SPDX-License-Identifier: MIT
// A range of addresses by its first and last one, so that it may reach the last
// address there is without wrapping. There is no empty one.
#ifndef MPH_BASE_EXTENT_H
#define MPH_BASE_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

struct extent {
    uint64_t first;
    uint64_t last; // inclusive, not below first
};

// `size` bytes from `address` on. False when there are none, or they go beyond 2^64.
static inline bool extent_set(struct extent *ret, uint64_t address, uint64_t size)
{
    if (!size || size - 1 > UINT64_MAX - address)
        return false;
    *ret = (struct extent){address, address + (size - 1)};
    return true;
}

// From `start` up to, not including, `end`. False when that is empty or inverted.
static inline bool extent_between(struct extent *ret, uint64_t start, uint64_t end)
{
    if (end <= start)
        return false;
    *ret = (struct extent){start, end - 1};
    return true;
}

// Bytes in it; UINT64_MAX for one more than that.
static inline uint64_t extent_bytes(struct extent extent)
{
    uint64_t more = extent.last - extent.first;

    return more == UINT64_MAX ? more : more + 1;
}

static inline bool extent_has(struct extent extent, uint64_t address)
{
    return address >= extent.first && address <= extent.last;
}

// Whether all of `part` lies in it.
static inline bool extent_covers(struct extent extent, struct extent part)
{
    return part.first >= extent.first && part.last <= extent.last;
}

// What two of them have in common. False when that is nothing.
static inline bool extent_common(struct extent a, struct extent b, struct extent *ret)
{
    if (a.last < b.first || b.last < a.first)
        return false;
    ret->first = a.first > b.first ? a.first : b.first;
    ret->last = a.last < b.last ? a.last : b.last;
    return true;
}

#endif
