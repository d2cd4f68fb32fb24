// SPDX-License-Identifier: MIT
// Unsigned integers in bytes of either byte order: the one place that knows it.
#ifndef MPH_BASE_BYTES_H
#define MPH_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The integer in the `size` bytes (0 to 8) at `bytes`.
static inline uint64_t bytes_get(const uint8_t *bytes, size_t size, bool big_endian)
{
    uint64_t value = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (!big_endian && size == 4) { // the word of nearly every target, read once per block
        uint32_t word;
        memcpy(&word, bytes, 4);
        return word;
    }
#endif
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[big_endian ? i : size - 1 - i];
    return value;
}

// Store the low `size` bytes (0 to 8) of `value` at `bytes`.
static inline void bytes_put(uint8_t *bytes, size_t size, bool big_endian, uint64_t value)
{
    for (size_t i = 0; i < size; i++, value >>= 8)
        bytes[big_endian ? size - 1 - i : i] = (uint8_t)value;
}

#endif
