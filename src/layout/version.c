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

// --- where to look ---

static bool find_version_in(struct layout *layout, const uint8_t *bytes, size_t size, enum how how)
{
    if (!version_find(bytes, size, layout->version, sizeof layout->version,
                      &layout->version_number))
        return false;
    layout->version_how = how;
    return true;
}

// No firmware has its banner further into flash; a heap may be much larger.
enum { SEGMENT_SEARCH = 16 << 20 };

// What a dump holds of its own is what ran, whatever ELF came with it.
bool version_of_dump(struct layout *layout, const struct target *target, const char *except)
{
    for (size_t i = 0; i < target->space.segments.len; i++) {
        const struct segment *segment = vec_at(&target->space.segments, i);

        uint64_t size = segment->last - segment->first + 1;
        bool is_excepted = except && !strncmp(segment->name, except, sizeof segment->name - 1);

        if (segment->bytes && !is_excepted &&
            find_version_in(layout, segment->bytes,
                            size < SEGMENT_SEARCH ? (size_t)size : SEGMENT_SEARCH, HOW_MEASURED))
            return true;
    }
    return false;
}

bool version_of_elf(struct layout *layout, const struct firmware *firmware)
{
    return find_version_in(layout, firmware->file.bytes, firmware->file.size, HOW_VERSION);
}

// Over a link flash is searched from where the metatype lies outwards, a little
// at a time, and given up after what a person would wait.
enum { FLASH_CHUNK = 4096, BANNER_MAX = 128, FLASH_REACH = 1 << 20 };
static const double version_seconds = 2.0;

// 1 when the chunk holds the version, 0 when not, or a negative code.
static int search_chunk(struct layout *layout, struct target *target, uint64_t address,
                        bool *is_end, struct mph_err *err)
{
    uint8_t bytes[FLASH_CHUNK + BANNER_MAX];
    size_t size = sizeof bytes;
    struct mph_err why = {0};
    int rc = target_read(target, address, bytes, size, NULL);

    if (rc < 0) { // the last chunk has nothing behind it
        size = FLASH_CHUNK;
        rc = target_read(target, address, bytes, size, &why);
    }
    *is_end = rc < 0;
    if (rc < 0)
        return rc == MPH_ERR_READ ? 0 : mph_fail_again(err, &why);
    return find_version_in(layout, bytes, size, HOW_MEASURED);
}

static int version_from_link(struct layout *layout, struct target *target, struct mph_err *err)
{
    uint64_t start = layout->metatype & ~(uint64_t)(FLASH_CHUNK - 1);
    double deadline = target->link.stats->seconds + version_seconds;
    bool up_ended = false, down_ended = false;

    for (uint64_t step = 0; step < FLASH_REACH && !(up_ended && down_ended); step += FLASH_CHUNK) {
        int rc = up_ended ? 0 : search_chunk(layout, target, start + step, &up_ended, err);

        if (rc == 0 && !down_ended && step < start)
            rc = search_chunk(layout, target, start - step - FLASH_CHUNK, &down_ended, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        if (target->link.stats->seconds > deadline)
            break;
    }
    notes_add(&layout->notes, "version: no version string found near 0x%llx",
              (unsigned long long)layout->metatype);
    return 0;
}

int version_search(struct layout *layout, struct target *target, bool searches_flash,
                   struct mph_err *err)
{
    if (!target->link.ops)
        version_of_dump(layout, target, NULL);
    else if (searches_flash && layout->metatype)
        return version_from_link(layout, target, err);
    return 0;
}
