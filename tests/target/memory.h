// SPDX-License-Identifier: MIT
#ifndef TARGET_MEMORY_H
#define TARGET_MEMORY_H

#include "qmp.h"
#include "rsp.h"
#include "stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEMORY_REGIONS_MAX 16

/*
 * One range of the target's memory. In a dump `bytes` holds its contents; of a live machine `host`
 * is where QEMU keeps it.
 */
struct region {
    uint32_t base;
    uint64_t size;
    bool read_only;
    uint8_t *bytes;
    uint64_t host;
};

/*
 * The target's memory: a dump, or the memory of a live QEMU.
 *
 * Live regions are read out of QEMU's process while the CPU runs. Whatever lies outside them
 * (peripherals), and every write, goes through the gdb stub, which stops the CPU for a moment.
 */
struct memory {
    struct region regions[MEMORY_REGIONS_MAX];
    size_t count;
    struct rsp *stub; // NULL for a dump
    pid_t qemu;
    struct stats *stats;
};

/*
 * Adds a region from "BASE,SIZE[,FILE[,ro]]". A dump's region starts with the contents of FILE,
 * which may be shorter than SIZE, and goes on with zeros. 0, or -1 with a message on stderr.
 */
int memory_add(struct memory *memory, const char *text);

// Finds every region in the machine behind `qmp`. 0, or -1 with a message on stderr.
int memory_locate(struct memory *memory, struct qmp *qmp);

void memory_deinit(struct memory *memory);

// Exactly `size` bytes (1, 2 or 4) at `address`. 0, or -1 if not all of them are there.
int memory_read(const struct memory *memory, uint32_t address, void *ret, size_t size);

// The only function of the debug port that changes the target's memory, and the one that counts
// how often. 0, or -1 if nothing was written.
int memory_write(struct memory *memory, uint32_t address, const void *bytes, size_t size);

// Whether a region holds all of the range.
bool memory_has(const struct memory *memory, uint32_t address, size_t size);

#endif
