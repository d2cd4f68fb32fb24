// SPDX-License-Identifier: MIT
// Intel HEX. The whole input is the file. What it says is read back in full.
#include <stdlib.h>

#include "support.h"

static void read_back(const struct target *target)
{
    for (size_t i = 0; i < target->space.segments.len; i++) {
        const struct segment *segment = vec_at(&target->space.segments, i);
        size_t size = (size_t)(segment->last - segment->first + 1);
        uint8_t *bytes = malloc(size);

        if (bytes && space_read(&target->space, segment->first, bytes, size, NULL) < 0)
            abort();
        free(bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_file file;
    struct target target;
    struct mph_err err = {0};

    memory_file_init(&file, data, size);
    target_init(&target);
    check_error(target_add_hex(&target, file.path, &err), &err);
    read_back(&target);
    target_deinit(&target);
    memory_file_deinit(&file);
    return 0;
}
