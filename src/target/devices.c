// SPDX-License-Identifier: MIT
#include "target/devices.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "target/chip.h"

// Chips of an architecture whose devices lie alike, one bit each.
enum kind {
    KIND_UNKNOWN = 1,
    ARM_M0P = 2, // RP2040 among them
    ARM_M33 = 4, // RP2350 among them
    ARM_OTHER = 8,
    RISCV_ESP32 = 16, // ESP32-C, -H
    RISCV_ESP32_P4 = 32,
    RISCV_RP2350 = 64,
    RISCV_VIRT = 128, // with memory from 0x80000000 on: QEMU, SiFive
    RISCV_MCU = 256,  // with flash at 0x08000000: GD32V, CH32V
    XTENSA_ESP32 = 512,
    XTENSA_ESP32_S2 = 1024,
    XTENSA_ESP32_S3 = 2048,
    KIND_ANY = 4095,
};

// --- where devices are ---

static const struct {
    uint16_t machine;
    unsigned kinds; // of which chips; with KIND_UNKNOWN, also as long as nobody knows
    uint64_t first, last;
    const char *source;
} rows[] = {
    {EM_ARM, KIND_ANY, 0x40000000, 0x5fffffff, "ARM DDI 0403, B3.1: peripherals"},
    {EM_ARM, KIND_ANY, 0xa0000000, 0xbfffffff, "ARM DDI 0403, B3.1: external devices"},
    {EM_ARM, KIND_ANY, 0xe0000000, 0xffffffff, "ARM DDI 0403, B3.1: private peripherals"},
    {EM_ARM, ARM_M0P, 0x14000000, 0x14ffffff, "RP2040 datasheet, Address Map: XIP control"},
    {EM_ARM, ARM_M0P, 0x18000000, 0x1bffffff, "RP2040 datasheet, Address Map: SSI of XIP"},
    // Elsewhere SDRAM; here a read takes a spinlock, or a word out of a queue.
    {EM_ARM, ARM_M0P | ARM_M33, 0xd0000000, 0xdfffffff, "RP2040, RP2350 datasheet: SIO"},

    {EM_RISCV, RISCV_ESP32 | RISCV_ESP32_P4, 0x20000000, 0x2fffffff,
     "ESP32-C6, ESP32-P4 TRM, System and Memory: CPU subsystem"},
    {EM_RISCV, RISCV_ESP32 | KIND_UNKNOWN, 0x60000000, 0x600fffff,
     "ESP32-C3, ESP32-C6 TRM, System and Memory: peripherals"},
    {EM_RISCV, RISCV_ESP32_P4, 0x3ff00000, 0x3fffffff, "ESP32-P4, soc.h and reg_base.h: CPU"},
    {EM_RISCV, RISCV_ESP32_P4, 0x50000000, 0x50107fff, "ESP32-P4 TRM, System and Memory: HP, LP"},
    {EM_RISCV, RISCV_ESP32_P4, 0x50110000, 0x5fffffff, "ESP32-P4 TRM, System and Memory: LP"},
    {EM_RISCV, RISCV_RP2350 | RISCV_MCU | KIND_UNKNOWN, 0x40000000, 0x5fffffff,
     "RP2350 datasheet, Address Map; GD32VF103 User Manual, Memory map: APB, AHB"},
    {EM_RISCV, RISCV_RP2350 | RISCV_MCU | KIND_UNKNOWN, 0xd0000000, 0xdfffffff,
     "RP2350 datasheet, Address Map: SIO; GD32VF103: ECLIC"},
    {EM_RISCV, RISCV_VIRT | KIND_UNKNOWN, 0x02000000, 0x07ffffff, "QEMU virt, FE310: CLINT"},
    {EM_RISCV, RISCV_VIRT | KIND_UNKNOWN, 0x0c000000, 0x1fffffff,
     "QEMU virt, FE310-G002 manual, Memory Map: PLIC, UART, virtio"},

    {EM_XTENSA, XTENSA_ESP32 | KIND_UNKNOWN, 0x3ff00000, 0x3ff7ffff,
     "ESP32 TRM, Peripheral Address Mapping; of ESP8266 there, too"},
    {EM_XTENSA, XTENSA_ESP32_S2 | KIND_UNKNOWN, 0x3f400000, 0x3f4fffff,
     "ESP32-S2 TRM, System and Memory: peripherals on bus 1"},
    {EM_XTENSA, KIND_ANY, 0x60000000, 0x61ffffff,
     "TRM of ESP32-S2 and ESP32-S3, System and Memory: peripherals; ESP8266, eagle_soc.h"},
};

// --- which chip it is ---

// Where only these chips have a program, or its constants (the TRM's or the datasheet's table
// of addresses; soc.h).
static const struct {
    uint16_t machine;
    enum kind kind;
    uint64_t first, last;
} programs[] = {
    {EM_RISCV, RISCV_ESP32, 0x3c000000, 0x3fcfffff},    // flash and RAM of ESP32-C3
    {EM_RISCV, RISCV_ESP32, 0x40370000, 0x403dffff},    // the same RAM, for code
    {EM_RISCV, RISCV_ESP32, 0x40800000, 0x408fffff},    // RAM of ESP32-C6, -C5 and -H2
    {EM_RISCV, RISCV_ESP32, 0x42000000, 0x43ffffff},    // flash
    {EM_RISCV, RISCV_ESP32_P4, 0x40080000, 0x402fffff}, // flash, behind what is ROM on others
    {EM_RISCV, RISCV_ESP32_P4, 0x48000000, 0x4fffffff}, // PSRAM, ROM, RAM
    {EM_RISCV, RISCV_RP2350, 0x10000000, 0x13ffffff},   // flash
    {EM_RISCV, RISCV_RP2350, 0x20000000, 0x20081fff},   // RAM
    {EM_RISCV, RISCV_VIRT, 0x80000000, 0xbfffffff},
    {EM_RISCV, RISCV_MCU, 0x08000000, 0x081fffff},
    {EM_XTENSA, XTENSA_ESP32_S2, 0x3f000000, 0x3f3fffff}, // constants in flash
    {EM_XTENSA, XTENSA_ESP32, 0x3f400000, 0x3f7fffff},    // the same of ESP32
    {EM_XTENSA, XTENSA_ESP32_S3, 0x3c000000, 0x3dffffff}, // the same of ESP32-S3
    {EM_XTENSA, XTENSA_ESP32_S3, 0x3fc88000, 0x3fcfffff}, // RAM
    {EM_XTENSA, XTENSA_ESP32_S3, 0x42000000, 0x43ffffff}, // flash
};

// What the link or its cache has there; straight from it, because a read of a segment asks
// whether it is a device's.
static bool read_word(struct target *target, uint32_t address, uint32_t *ret)
{
    uint8_t bytes[4];

    if ((target->cache ? cache_read(target->cache, address, bytes, sizeof bytes, NULL)
                       : target_read(target, address, bytes, sizeof bytes, NULL)) < 0)
        return false;
    *ret = (uint32_t)bytes_get(bytes, sizeof bytes, target->big_endian);
    return true;
}

static enum kind kind_by_cpuid(struct target *target)
{
    uint32_t value;

    if (!read_word(target, CHIP_CPUID, &value))
        return KIND_UNKNOWN;
    switch (chip_part(value)) {
    case CHIP_PART_M0P:
        return ARM_M0P;
    case CHIP_PART_M33:
        return ARM_M33;
    default:
        return ARM_OTHER;
    }
}

// By the word of the ROM that differs between Espressif's chips.
static enum kind kind_by_rom(struct target *target, uint16_t machine)
{
    static const struct {
        const char *name; // or its beginning; the first that fits
        uint16_t machine;
        enum kind kind;
    } names[] = {
        {"ESP32-S2", EM_XTENSA, XTENSA_ESP32_S2},
        {"ESP32-S3", EM_XTENSA, XTENSA_ESP32_S3},
        {"ESP32-", EM_RISCV, RISCV_ESP32},
        {"ESP", EM_XTENSA, XTENSA_ESP32},
    };
    uint32_t value;
    const char *chip = read_word(target, CHIP_ROM_WORD, &value) ? chip_by_rom_word(value) : NULL;

    for (size_t i = 0; chip && i < sizeof names / sizeof *names; i++)
        if (!strncmp(chip, names[i].name, strlen(names[i].name)))
            return names[i].machine == machine ? names[i].kind : KIND_UNKNOWN;
    return KIND_UNKNOWN;
}

static enum kind kind_by_program(uint16_t machine, uint64_t address)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (programs[i].machine == machine && address >= programs[i].first &&
            address <= programs[i].last)
            return programs[i].kind;
    return KIND_UNKNOWN;
}

// The firmware's file has bytes where the program lies.
static enum kind kind_by_files(const struct target *target, uint16_t machine)
{
    enum kind kind = KIND_UNKNOWN;

    for (size_t i = 0; kind == KIND_UNKNOWN && i < target->space.segments.len; i++) {
        const struct segment *segment = vec_at(&target->space.segments, i);

        if (segment->bytes)
            kind = kind_by_program(machine, segment->first);
    }
    return kind;
}

static enum kind find_kind(struct target *target, uint16_t machine)
{
    enum kind kind = kind_by_files(target, machine);
    uint64_t value;

    if (kind == KIND_UNKNOWN && regs_get(&target->regs, "pc", &value))
        kind = kind_by_program(machine, value);
    if (kind == KIND_UNKNOWN && regs_sp(&target->regs, &value))
        kind = kind_by_program(machine, value);
    if (kind != KIND_UNKNOWN)
        return kind;
    return machine == EM_ARM ? kind_by_cpuid(target) : kind_by_rom(target, machine);
}

// --- the question ---

// Most addresses are in no row, or in one of all chips: then nothing is asked.
bool devices_are_at(struct target *target, uint64_t address)
{
    uint16_t machine = target->machine == EM_NONE ? EM_ARM : target->machine;
    unsigned kinds = 0;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].machine == machine && address >= rows[i].first && address <= rows[i].last)
            kinds |= rows[i].kinds;
    return kinds == KIND_ANY || (kinds && kinds & find_kind(target, machine));
}

static bool is_in_file(const struct target *target, uint64_t address)
{
    uint64_t last;
    const struct segment *segment = space_find(&target->space, address, &last);

    return segment && segment->bytes;
}

bool devices_contain(struct target *target, uint64_t address)
{
    return target->link.ops && !is_in_file(target, address) && devices_are_at(target, address);
}
