// SPDX-License-Identifier: MIT
#include "bus.h"

#define PPB_PREFIX 0xE00u // bits 31:20

static bool is_ppb(uint32_t address)
{
    return address >> 20 == PPB_PREFIX;
}

static int fault(struct bus *bus)
{
    bus->stats->bus_faults++;
    return -1;
}

static bool access_fails(const struct bus *bus, uint32_t address, unsigned size)
{
    return address % size != 0 ||
           (bus->faults->armed && ranges_touch(&bus->faults->unreadable, address, size));
}

// Target and host are both little-endian.
static int read_memory(struct bus *bus, uint32_t address, unsigned size, uint32_t *ret)
{
    uint32_t value = 0;
    if (memory_read(bus->memory, address, &value, size) < 0)
        return -1;
    *ret = value;
    return 0;
}

static void read_ppb(struct bus *bus, uint32_t address, unsigned size, uint32_t *ret)
{
    uint32_t word = 0;
    bus->stats->ppb_reads++;
    if (!cpu_read(bus->cpu, address & ~3u, &word))
        read_memory(bus, address & ~3u, 4, &word);
    uint32_t mask = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
    *ret = word >> 8 * (address & 3) & mask;
}

int bus_read(struct bus *bus, uint32_t address, unsigned size, uint32_t *ret)
{
    if (access_fails(bus, address, size))
        return fault(bus);
    if (is_ppb(address)) {
        read_ppb(bus, address, size, ret);
        return 0;
    }
    bus->stats->bus_reads++;
    if (read_memory(bus, address, size, ret) < 0)
        return fault(bus);
    if (bus->faults->armed && ranges_touch(&bus->faults->zeros, address, size))
        *ret = 0;
    bus->stats->bus_bytes_read += size;
    return 0;
}

int bus_write(struct bus *bus, uint32_t address, unsigned size, uint32_t value)
{
    bool ppb = is_ppb(address);
    if (ppb)
        bus->stats->ppb_writes++;
    else
        bus->stats->bus_writes++;
    if (access_fails(bus, address, size))
        return fault(bus);
    if (ppb && size == 4)
        cpu_write(bus->cpu, address, value);
    if (ppb)
        return 0;
    return memory_write(bus->memory, address, &value, size) < 0 ? fault(bus) : 0;
}
