// SPDX-License-Identifier: MIT
// Writing an ELF core: memory and registers of one moment, as --core and
// gdb-multiarch open it.
#ifndef MPH_TARGET_SNAPSHOT_H
#define MPH_TARGET_SNAPSHOT_H

#include "base/error.h"
#include "base/vec.h"
#include "target/target.h"

// SNAPSHOT_READ: neither, but read by a report, such as the registers of a fault.
struct snapshot_part {
    uint64_t address;
    uint64_t size;
    enum snapshot_kind { SNAPSHOT_RAM, SNAPSHOT_FLASH, SNAPSHOT_READ } kind;
};

// Read the parts and write them to `path`, which appears whole or not at all. All
// registers go in, the machine's general ones also as others expect them, and with those
// of the target's other threads.
int snapshot_write(struct target *target, const char *path, const struct snapshot_part *parts,
                   size_t count, uint8_t word_bytes, struct mph_err *err);

// What the target has read over its link outside of the parts, as further parts of kind
// SNAPSHOT_READ: at most 512 of them, and 4 MiB. Nothing for a dump. Returns how many did not fit,
// or a negative code.
int snapshot_add_read(const struct target *target, struct vec *parts, struct mph_err *err);

// Grow a range in both directions, page by page, as far as memory can be read, up to
// devices, and at most `reach` bytes each way. Returns false when a limit ended it.
bool snapshot_grow(struct target *target, struct range *range, uint64_t reach);

#endif
