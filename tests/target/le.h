// SPDX-License-Identifier: MIT
#ifndef TARGET_LE_H
#define TARGET_LE_H

#include <stdint.h>

// Little-endian numbers in a byte buffer, at any alignment.

static inline uint16_t le16_get(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t le32_get(const uint8_t *bytes)
{
    return le16_get(bytes) | (uint32_t)le16_get(bytes + 2) << 16;
}

static inline void le_put(uint8_t *bytes, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static inline void le32_put(uint8_t *bytes, uint32_t value)
{
    le_put(bytes, 4, value);
}

#endif
