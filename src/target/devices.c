// SPDX-License-Identifier: MIT
#include "target/devices.h"

#include <elf.h>
#include <stddef.h>

#include "target/target.h"

static const struct {
    uint64_t first, last;
    bool on_arm, elsewhere;
    const char *source;
} rows[] = {
    {0x40000000, 0x5fffffff, true, true, "peripherals of ARMv6-M/ARMv7-M (ARM DDI 0403, B3.1)"},
    {0xa0000000, 0xbfffffff, true, false, "external devices (ARM DDI 0403, B3.1)"},
    {0xe0000000, 0xffffffff, true, false, "private peripherals (ARM DDI 0403, B3.1)"},
    {0x3ff00000, 0x3ff7ffff, false, true, "peripherals of ESP32 (TRM 4.1, table 1-6)"},
    {0x60000000, 0x600fffff, false, true,
     "peripherals of ESP32-S3 and C3 (TRM, System and Memory)"},
    {0x02000000, 0x1fffffff, false, true, "CLINT, PLIC, UART and virtio of RISC-V virt"},
};

bool devices_are_at(const struct target *target, uint64_t address)
{
    bool is_arm = target->machine == EM_ARM || target->machine == EM_NONE;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (address >= rows[i].first && address <= rows[i].last &&
            (is_arm ? rows[i].on_arm : rows[i].elsewhere))
            return true;
    return false;
}

bool devices_contain(const struct target *target, uint64_t address)
{
    return target->link.ops && devices_are_at(target, address);
}
