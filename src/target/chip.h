// SPDX-License-Identifier: MIT
// Chips: how much RAM each has and where, and which one is at the other end.
//
// To add a chip: a row in chip_table.c, and, if it says of itself which one it is, a
// row in chip_ids.c.
#ifndef MPH_TARGET_CHIP_H
#define MPH_TARGET_CHIP_H

#include "target/target.h"

enum { CHIP_BANKS_MAX = 6 };

// RAM in one piece. Banks that the vendor names apart but that lie side by side and that one
// program uses as one are one here.
struct chip_bank {
    const char *name; // NULL ends a list
    uint64_t address;
    uint64_t size;
};

struct chip {
    const char *title;  // what people call it: "STM32F42x/43x"
    const char *names;  // beginnings of part numbers, with spaces between them
    const char *source; // the manual, with its section by title, or the header that says so
    struct chip_bank banks[CHIP_BANKS_MAX + 1];
};

// Ends with one that has no title.
extern const struct chip chips[];

// The chip of that name, which may be a whole part number ("stm32f429zit6"); NULL: none.
const struct chip *chip_find(const char *name);

// Whether memory outside of the chip may be at an address: SDRAM, PSRAM.
bool chip_may_extend(uint64_t address);

// What a chip says of itself.
struct chip_identity {
    const struct chip *chip; // NULL: what it says is of no chip in the table
    const char *reg;         // the register that says so; NULL: none did
    const char *source;      // where that register is described
    uint64_t address;        // of the register
    uint64_t value;          // as it was read
    uint64_t flash_bytes;    // 0: not known
    const char *doubt;       // what of the banks is assumed, and why; NULL: nothing
    struct chip_bank banks[CHIP_BANKS_MAX + 1];
};

// Ask the chip by reading identification registers, which no read changes; which ones there
// may be is told by the processor's own CPUID. A dump is asked, too. Registers that are not
// there are no error; only a lost link is one.
int chip_identify(struct target *target, struct chip_identity *ret, struct mph_err *err);

// --- what tells chips apart before anything is known of their devices ---

// CPUID of Cortex-M, and part numbers in its bits 15 to 4 (ARM DDI 0403 and DDI 0419, B3.2.3; DDI
// 0553, D1.2.27).
enum {
    CHIP_PART_M0 = 0xc20,
    CHIP_PART_M0P = 0xc60,
    CHIP_PART_M1 = 0xc21,
    CHIP_PART_M3 = 0xc23,
    CHIP_PART_M4 = 0xc24,
    CHIP_PART_M7 = 0xc27,
    CHIP_PART_M23 = 0xd20,
    CHIP_PART_M33 = 0xd21,
    CHIP_PART_M35P = 0xd31,
    CHIP_PART_M55 = 0xd22,
    CHIP_PART_M85 = 0xd23,
};
#define CHIP_CPUID 0xe000ed00u

static inline unsigned chip_part(uint64_t cpuid)
{
    return cpuid >> 4 & 0xfff;
}

// A word of the ROM that differs between Espressif's chips (esptool, CHIP_DETECT_MAGIC_REG_ADDR).
#define CHIP_ROM_WORD 0x40001000u

// The chip with that word in its ROM, as chip_find knows it; NULL: none.
const char *chip_by_rom_word(uint32_t word);

// --- for chip.c and chip_ids.c ---

enum chip_core {
    CORE_M0 = 1,
    CORE_M0P = 2,
    CORE_M3 = 4,
    CORE_M4 = 8,
    CORE_M7 = 16,
    CORE_M33 = 32,
    CORE_RISCV = 64,
    CORE_XTENSA = 128,
    CORES_ARM = CORE_M0 | CORE_M0P | CORE_M3 | CORE_M4 | CORE_M7 | CORE_M33,
};

// A register that says which chip this is: `mask` selects the bits that do.
struct chip_register {
    const char *name;
    const char *source;
    uint32_t address;
    uint32_t mask;
    unsigned cores; // of enum chip_core: where it may be
    const struct chip_id *ids;
    // Corrects what the table says of RAM by what else the chip says; may be NULL. False
    // when this is not the chip after all.
    bool (*refine)(struct target *target, struct chip_identity *identity);
};

struct chip_id {
    const char *chip;            // a name of it; NULL ends a list
    uint32_t value;              // of the masked bits
    uint32_t flash_size_address; // of 16 bits that count KiB; 0: none
};

// Ends with one that has no name.
extern const struct chip_register chip_registers[];

#endif
