// SPDX-License-Identifier: MIT
#include "base/packed.h"

#include <stdlib.h>

static unsigned bits_of(uint32_t largest)
{
    return largest ? 32 - (unsigned)__builtin_clz(largest) : 1;
}

uint64_t packed_bytes(uint64_t count, uint32_t largest)
{
    return (count * bits_of(largest) + 7) / 8;
}

bool packed_init(struct packed *packed, size_t count, uint32_t largest)
{
    uint64_t size = packed_bytes(count, largest) + sizeof(uint64_t); // the last is read as a word

    *packed = (struct packed){.bits = bits_of(largest)};
    packed->mask = UINT32_MAX >> (32 - packed->bits);
    packed->bytes = calloc((size_t)size, 1);
    return packed->bytes;
}

void packed_deinit(struct packed *packed)
{
    free(packed->bytes);
    *packed = (struct packed){0};
}
