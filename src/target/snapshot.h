// SPDX-License-Identifier: MIT
// Writing an ELF core: memory and registers of one moment, as --core and
// gdb-multiarch open it.
#ifndef MPH_TARGET_SNAPSHOT_H
#define MPH_TARGET_SNAPSHOT_H

#include "base/error.h"
#include "base/vec.h"
#include "target/target.h"

struct snapshot_part {
    uint64_t address;
    uint64_t size;
    bool is_writable; // RAM rather than flash
};

// Read the parts and write them to `path`, which appears whole or not at all.
// Registers go in where the target has them and the machine's layout is known.
int snapshot_write(struct target *target, const char *path, const struct snapshot_part *parts,
                   size_t count, uint8_t word_bytes, struct mph_err *err);

// Grow a range in both directions, page by page, as far as memory can be read
// and at most `reach` bytes each way. Returns false when a limit ended it.
bool snapshot_grow(struct target *target, struct range *range, uint64_t reach);

#endif
