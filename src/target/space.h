// SPDX-License-Identifier: MIT
// An address space: segments with read callbacks, the newest of which shadows
// the older ones. It does not cache and knows nothing of what the bytes mean.
#ifndef MPH_TARGET_SPACE_H
#define MPH_TARGET_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"

// Read exactly `size` bytes at `address`, which lie inside the segment, or fail
// with the first address that cannot be read.
typedef int segment_read_fn(void *context, uint64_t address, void *bytes, size_t size,
                            struct mph_err *err);

// Inclusive ends, so that a segment may reach the last address there is.
struct segment {
    uint64_t first;
    uint64_t last;
    const uint8_t *bytes; // the memory itself where it is at hand, else NULL
    segment_read_fn *read; // used where `bytes` is NULL
    void *context;
    bool writable;    // RAM, as far as the source says
    char name[64];    // for messages: the file it came from
};

struct space {
    struct vec segments; // of struct segment, oldest first
};

void space_init(struct space *space);
void space_deinit(struct space *space);

// Add a segment in front of all others. It is copied; what its `bytes` and
// `context` point to must live as long as the space.
int space_add(struct space *space, const struct segment *segment, struct mph_err *err);

// The segment that answers for an address, or NULL; in *last, the last address
// up to which it is the one that does.
const struct segment *space_find(const struct space *space, uint64_t address, uint64_t *last);

// All `size` bytes at `address`, across segment borders, or an error with the
// first address that could not be read. An end beyond 2^64 is unreadable.
int space_read(const struct space *space, uint64_t address, void *bytes, size_t size,
               struct mph_err *err);

// The bytes themselves where one segment holds all of them in memory, else NULL.
const uint8_t *space_direct(const struct space *space, uint64_t address, uint64_t size);

#endif
