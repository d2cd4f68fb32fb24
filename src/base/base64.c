// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_init(struct base64 *base64, FILE *stream)
{
    *base64 = (struct base64){.stream = stream};
}

// Three bytes as four letters.
static void put_group(const struct base64 *base64, const uint8_t bytes[3], size_t letter_count)
{
    uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    char group[4] = "====";

    for (size_t i = 0; i < letter_count; i++)
        group[i] = letters[bits >> (18 - 6 * i) & 63];
    fwrite(group, 1, sizeof group, base64->stream);
}

void base64_add(struct base64 *base64, const void *bytes, size_t size)
{
    const uint8_t *at = bytes, *end = at + size;

    while (base64->rest_size && base64->rest_size < 3 && at < end)
        base64->rest[base64->rest_size++] = *at++;
    if (base64->rest_size == 3) {
        put_group(base64, base64->rest, 4);
        base64->rest_size = 0;
    }
    for (; end - at >= 3; at += 3)
        put_group(base64, at, 4);
    while (at < end)
        base64->rest[base64->rest_size++] = *at++;
}

void base64_end(struct base64 *base64)
{
    uint8_t group[3] = {0};

    if (!base64->rest_size)
        return;
    memcpy(group, base64->rest, base64->rest_size);
    put_group(base64, group, base64->rest_size + 1);
}
