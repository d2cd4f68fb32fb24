// SPDX-License-Identifier: MIT
#include "layout/ram.h"

#include <string.h>

// Start addresses of on-chip and external RAM, from the vendors' memory maps.
// Each is read upwards until the bus refuses.
static const struct {
    uint64_t address;
    const char *where;
} starts[] = {
    {0x20000000, "SRAM of Cortex-M (ARMv7-M Architecture Reference Manual, B3.1)"},
    {0x24000000, "AXI SRAM of STM32H7 (RM0433, 2.3.2)"},
    {0x10000000, "CCM of STM32F4 (RM0090, 2.3.1); SRAM of LPC and PSoC"},
    {0x20200000, "OCRAM of i.MX RT (IMXRT1060RM, 3.3)"},
    {0x3fc80000, "internal SRAM 1 of ESP32-C3 and S3 (TRM, System and Memory)"},
    {0x3ffae000, "internal SRAM 2 of ESP32 (TRM, System and Memory)"},
    {0x3ffe8000, "data RAM of ESP8266"},
    {0x40800000, "HP SRAM of ESP32-C6 and H2 (TRM, System and Memory)"},
    {0x80000000, "RAM of RISC-V virt and K210; SDRAM of i.MX RT"},
    {0xc0000000, "SDRAM bank 1 of STM32 (RM0090, 37.4)"},
    {0xd0000000, "SDRAM bank 2 of STM32 (RM0090, 37.4)"},
};

// A board has no more RAM than this in one piece that a search could cross.
enum { SEARCH_MAX = 16 << 20, SP_ALIGN = 1 << 20 };

static int add(struct vec *ranges, uint64_t address, uint64_t size, struct mph_err *err)
{
    struct range *range = vec_add(ranges);

    if (!range)
        return mph_fail_no_memory(err);
    *range = (struct range){address, size};
    return 0;
}

static int add_segments(const struct target *target, struct vec *ranges, struct mph_err *err)
{
    for (size_t i = 0; i < target->space.segments.len; i++) {
        const struct segment *segment = vec_at(&target->space.segments, i);

        if (!segment->bytes || !segment->writable)
            continue;
        int rc = add(ranges, segment->first, segment->last - segment->first + 1, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int add_known_starts(const struct target *target, struct vec *ranges, struct mph_err *err)
{
    uint64_t sp;
    int rc = 0;

    if (regs_sp(&target->regs, &sp) && sp)
        rc = add(ranges, sp & ~(uint64_t)(SP_ALIGN - 1), SEARCH_MAX, err);
    for (size_t i = 0; rc == 0 && i < sizeof starts / sizeof *starts; i++)
        rc = add(ranges, starts[i].address, SEARCH_MAX, err);
    return rc;
}

int ram_candidates(const struct target *target, const struct range *given, size_t given_count,
                   struct vec *ranges, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < given_count; i++)
        rc = add(ranges, given[i].address, given[i].size, err);
    if (rc == 0 && !given_count)
        rc = target->link.ops ? add_known_starts(target, ranges, err)
                              : add_segments(target, ranges, err);
    return rc;
}
