// SPDX-License-Identifier: MIT
#ifndef TARGET_BUS_H
#define TARGET_BUS_H

#include "cpu.h"
#include "faults.h"
#include "memory.h"
#include "stats.h"

#include <stdint.h>

/*
 * The bus behind the MEM-AP: debug registers at 0xE0000000-0xE00FFFFF (PPB), memory elsewhere,
 * and the faults a test wants to see there. Counts every access.
 *
 * PPB registers that the debug port does not model come from the memory behind it, or read as
 * zero; writes to them have no effect.
 */
struct bus {
    struct cpu *cpu;
    struct memory *memory;
    const struct faults *faults;
    struct stats *stats;
};

// `size` is 1, 2 or 4 and `address` a multiple of it; the value is right-aligned.
// 0, or -1: bus fault.
int bus_read(struct bus *bus, uint32_t address, unsigned size, uint32_t *ret);
int bus_write(struct bus *bus, uint32_t address, unsigned size, uint32_t value);

#endif
