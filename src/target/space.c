// SPDX-License-Identifier: MIT
#include "target/space.h"

#include <string.h>

void space_init(struct space *space)
{
    space->segments = VEC_OF(struct segment);
}

void space_deinit(struct space *space)
{
    vec_deinit(&space->segments);
}

int space_add(struct space *space, const struct segment *segment, struct mph_err *err)
{
    struct segment *added = vec_add(&space->segments);

    if (!added)
        return mph_fail_no_memory(err);
    *added = *segment;
    return 0;
}

const struct segment *space_find(const struct space *space, uint64_t address, uint64_t *last)
{
    uint64_t end = UINT64_MAX;

    for (size_t i = space->segments.len; i-- > 0;) {
        const struct segment *segment = vec_at(&space->segments, i);

        if (address >= segment->first && address <= segment->last) {
            *last = segment->last < end ? segment->last : end;
            return segment;
        }
        if (segment->first > address && segment->first - 1 < end)
            end = segment->first - 1; // a newer segment begins here
    }
    return NULL;
}

static int read_within(const struct segment *segment, uint64_t address, void *bytes, size_t size,
                       struct mph_err *err)
{
    if (!segment->bytes)
        return segment->read(segment->context, address, bytes, size, err);
    memcpy(bytes, segment->bytes + (address - segment->first), size);
    return 0;
}

int space_read(const struct space *space, uint64_t address, void *bytes, size_t size,
               struct mph_err *err)
{
    uint8_t *out = bytes;

    while (size > 0) {
        uint64_t last;
        const struct segment *segment = space_find(space, address, &last);

        if (!segment)
            return mph_fail_at(err, MPH_ERR_READ, address, "memory: cannot read (0x%llx)",
                               (unsigned long long)address);

        size_t step = size - 1 <= last - address ? size : (size_t)(last - address + 1);
        int rc = read_within(segment, address, out, step, err);
        if (rc < 0)
            return rc;
        out += step;
        size -= step;
        address += step;
        if (address == 0 && size > 0)
            return mph_fail_at(err, MPH_ERR_READ, UINT64_MAX,
                               "memory: a read wraps around (0x%llx)",
                               (unsigned long long)UINT64_MAX);
    }
    return 0;
}

const uint8_t *space_direct(const struct space *space, uint64_t address, uint64_t size)
{
    uint64_t last;
    const struct segment *segment = space_find(space, address, &last);

    if (!segment || !segment->bytes || size == 0 || size - 1 > last - address)
        return NULL;
    return segment->bytes + (address - segment->first);
}
