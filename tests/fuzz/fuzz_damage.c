// SPDX-License-Identifier: MIT
// A real board's memory, damaged: the first byte chooses one of the fixture's
// cores, the second how it is read and reported; each further 8 bytes overwrite
// one place of its memory:
//
//     1 byte   which segment of the core, and how many bytes (1, 2, 4 or 8)
//     3 bytes  offset in it, wrapped to its size
//     4 bytes  the value; negative ones are extended to 8 bytes
//
// Cores lie in FUZZ_BASES as NAME.core, with NAME.elf and NAME-stripped.elf.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { IS_JSON = 1, OVER_LINK = 4, HAS_SYMBOLS = 8, HAS_DWARF = 16 };
enum { NAME_MAX_BYTES = 64, PATCHES_MAX = 256 };

static struct dirent **bases;
static int base_count;

static int is_core(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && length < NAME_MAX_BYTES && !strcmp(entry->d_name + length - 5, ".core");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    base_count = scandir(FUZZ_BASES, &bases, is_core, alphasort);
    if (base_count < 1) {
        fprintf(stderr, "no cores in %s\n", FUZZ_BASES);
        exit(2);
    }
    return 0;
}

// The core is mapped privately and writable, so its bytes may be changed in place.
static void damage(struct target *target, struct input *input)
{
    size_t segments = target->space.segments.len;

    for (int i = 0; i < PATCHES_MAX && input->size; i++) {
        unsigned what = (unsigned)input_take(input, 1);
        uint64_t offset = input_take(input, 3);
        int64_t value = (int32_t)input_take(input, 4);
        const struct segment *segment = vec_at(&target->space.segments, (what >> 2) % segments);
        uint64_t size = segment->last - segment->first + 1;
        size_t width = (size_t)1 << (what & 3);

        offset %= size;
        if (width <= size - offset)
            memcpy((uint8_t *)segment->bytes + offset, &value, width);
    }
}

static void add_elf(struct session *session, const char *path)
{
    session->has_firmware = firmware_init(&session->firmware, path, &session->target, NULL) == 0;
    if (session->has_firmware &&
        firmware_check_flash(&session->firmware, &session->target, NULL) == 0)
        target_add_elf(&session->target, path, NULL);
}

static void report(struct session *session, const char *base, unsigned flags, const uint8_t *data,
                   size_t size)
{
    char path[512]; // borrowed by the firmware as long as the session lives

    snprintf(path, sizeof path, FUZZ_BASES "/%.*s%s.elf", (int)strlen(base) - 5, base,
             flags & HAS_DWARF ? "" : "-stripped");
    if (flags & (HAS_SYMBOLS | HAS_DWARF))
        add_elf(session, path);
    run_some_reports(session, flags & IS_JSON, data, size);
    session_deinit(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const char *base = bases[input_take(&input, 1) % (unsigned)base_count]->d_name;
    unsigned flags = (unsigned)input_take(&input, 1);
    struct session direct, linked;
    char path[512];

    snprintf(path, sizeof path, FUZZ_BASES "/%s", base);
    session_init(&direct);
    if (target_add_core(&direct.target, path, NULL) < 0)
        exit(2);
    damage(&direct.target, &input);
    if (flags & OVER_LINK) {
        open_over_link(&linked, &direct.target);
        report(&linked, base, flags, data, size);
        session_deinit(&direct);
    } else {
        report(&direct, base, flags, data, size);
    }
    return 0;
}
