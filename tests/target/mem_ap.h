// SPDX-License-Identifier: MIT
#ifndef TARGET_MEM_AP_H
#define TARGET_MEM_AP_H

#include "bus.h"
#include "core.h"

#include <stdint.h>

// The access port to the memory bus (ADIv5.2, chapter C2): its registers.
struct mem_ap {
    const struct core *core;
    struct bus *bus;
    uint32_t csw, tar;
};

void mem_ap_init(struct mem_ap *ap, const struct core *core, struct bus *bus);

// A register by its offset (0x00-0xFC). 0, or -1: the bus access behind it failed, and TAR stands
// at the address that did.
int mem_ap_read(struct mem_ap *ap, unsigned offset, uint32_t *ret);
int mem_ap_write(struct mem_ap *ap, unsigned offset, uint32_t value);

#endif
