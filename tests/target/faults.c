// SPDX-License-Identifier: MIT
#include "faults.h"

#include <stdlib.h>

int ranges_add(struct ranges *ranges, const char *text)
{
    char *end;
    unsigned long long base = strtoull(text, &end, 0);
    if (end == text || *end != ',' || base > UINT32_MAX || ranges->count == FAULT_RANGES_MAX)
        return -1;
    const char *size_text = end + 1;
    unsigned long long size = strtoull(size_text, &end, 0);
    if (end == size_text || *end || size == 0 || size > (1ULL << 32) - base)
        return -1;
    ranges->items[ranges->count++] = (struct range){.base = (uint32_t)base, .size = size};
    return 0;
}

bool ranges_touch(const struct ranges *ranges, uint32_t address, size_t size)
{
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];
        uint64_t range_end = range->base + range->size;
        if (address < range_end && (uint64_t)address + size > range->base)
            return true;
    }
    return false;
}

enum fault_action faults_next_command(struct faults *faults)
{
    if (!faults->armed)
        return FAULT_NONE;
    faults->commands++;
    if (faults->stall_after && faults->commands > faults->stall_after)
        return FAULT_STALL;
    if (faults->drop_after && faults->commands == faults->drop_after + 1)
        return FAULT_DROP;
    return FAULT_NONE;
}

bool faults_next_access_waits(struct faults *faults)
{
    if (!faults->armed || !faults->wait_every)
        return false;
    faults->accesses++;
    return faults->accesses % faults->wait_every == 0;
}
