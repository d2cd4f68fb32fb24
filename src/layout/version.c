// SPDX-License-Identifier: MIT
#include "layout/version.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "MicroPython v";

// "1.27.0", "1.9.2-34-gd64154c73", "1.29.0-preview.104.g8a3cb3a3": all of it up
// to the next space, if what follows says that this is a banner.
static bool parse(const char *text, size_t size, char *version, size_t version_size, int *number)
{
    char word[64];
    size_t length = 0;
    int major, minor, patch = 0;

    while (length < size && length < sizeof word - 1 && (unsigned char)text[length] > 0x20 &&
           (unsigned char)text[length] < 0x7f && text[length] != ';')
        length++;
    memcpy(word, text, length);
    word[length] = '\0';
    if (length + 4 > size || memcmp(text + length, " on ", 4) ||
        sscanf(word, "%2d.%2d.%2d", &major, &minor, &patch) < 2)
        return false;
    snprintf(version, version_size, "v%s", word);
    *number = major * 10000 + minor * 100 + patch;
    return true;
}

bool version_find(const uint8_t *bytes, size_t size, char *version, size_t version_size,
                  int *number)
{
    size_t length = sizeof prefix - 1;
    const uint8_t *end = bytes + size;

    while (bytes < end) {
        const uint8_t *found = memmem(bytes, (size_t)(end - bytes), prefix, length);

        if (!found)
            return false;
        bytes = found + length;
        if (parse((const char *)bytes, (size_t)(end - bytes), version, version_size, number))
            return true;
    }
    return false;
}
