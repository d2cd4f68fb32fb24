// SPDX-License-Identifier: MIT
// The registers by which chips say what they are. All are read-only.
#include "target/chip.h"

enum { KIB = 1024 };

// --- Nordic ---

// nRF51 has no INFO.PART; the size of its flash pages is always 1024.
static const struct chip_id nrf51[] = {{"nRF51", 0x400, 0}, {0}};

// NUMRAMBLOCK and SIZERAMBLOCKS (nRF51 Series Reference Manual, Factory Information
// Configuration Registers). A chip that only happens to have 0x400 at that address has no
// sizes that make sense.
static bool refine_nrf51(struct target *target, struct chip_identity *identity)
{
    uint64_t count, size;

    if (target_read_uint(target, 0x10000034, 4, &count, NULL) < 0 ||
        target_read_uint(target, 0x10000038, 4, &size, NULL) < 0 || !count || count > 8 ||
        size < 4 * KIB || size > 64 * KIB || size % KIB)
        return false;
    identity->banks[0].size = count * size;
    return true;
}

static const struct chip_id nrf52[] = {{"nRF52805", 0x52805, 0}, {"nRF52810", 0x52810, 0},
                                       {"nRF52811", 0x52811, 0}, {"nRF52820", 0x52820, 0},
                                       {"nRF52832", 0x52832, 0}, {"nRF52833", 0x52833, 0},
                                       {"nRF52840", 0x52840, 0}, {0}};

// INFO.RAM and INFO.FLASH count KiB.
static bool refine_nrf52(struct target *target, struct chip_identity *identity)
{
    uint64_t ram, flash;

    if (target_read_uint(target, 0x1000010c, 4, &ram, NULL) < 0 || !ram || ram > 1024)
        return false;
    identity->banks[0].size = ram * KIB;
    if (target_read_uint(target, 0x10000110, 4, &flash, NULL) == 0 && flash <= 4096)
        identity->flash_bytes = flash * KIB;
    return true;
}

static const struct chip_id nrf53[] = {{"nRF5340", 0x5340, 0}, {0}};

static const struct chip_id nrf91[] = {{"nRF9160", 0x9160, 0}, {0}};

// --- Raspberry Pi ---

// JEP106 code of the vendor in bits 11 to 1, the part in bits 27 to 12.
static const struct chip_id raspberry[] = {{"RP2040", 0x0002927, 0}, {"RP2350", 0x0004927, 0}, {0}};

// --- Espressif ---

// Later revisions of a chip have another word.
static const struct chip_id espressif[] = {{"ESP8266", 0xfff0c101, 0},  {"ESP32", 0x00f01d83, 0},
                                           {"ESP32-S2", 0x000007c6, 0}, {"ESP32-S3", 0x00000009, 0},
                                           {"ESP32-C2", 0x6f51306f, 0}, {"ESP32-C2", 0x7c41a06f, 0},
                                           {"ESP32-C3", 0x6921506f, 0}, {"ESP32-C3", 0x1b31506f, 0},
                                           {"ESP32-C3", 0x4881606f, 0}, {"ESP32-C3", 0x4361606f, 0},
                                           {"ESP32-C5", 0x1101406f, 0}, {"ESP32-C5", 0x63e1406f, 0},
                                           {"ESP32-C5", 0x5fd1406f, 0}, {"ESP32-C6", 0x2ce0806f, 0},
                                           {"ESP32-H2", 0xd7b73e80, 0}, {0}};

const char *chip_by_rom_word(uint32_t word)
{
    const struct chip_id *id = espressif;

    while (id->chip && id->value != word)
        id++;
    return id->chip;
}

// --- Microchip ---

// DEVSEL in bits 7 to 0. Last of SAMD21 are those in small packages and the later variant D.
static const struct chip_id sam[] = {
    {"SAMD21J18", 0x10010000, 0}, {"SAMD21J17", 0x10010001, 0}, {"SAMD21J16", 0x10010002, 0},
    {"SAMD21J15", 0x10010003, 0}, {"SAMD21G18", 0x10010005, 0}, {"SAMD21G17", 0x10010006, 0},
    {"SAMD21G16", 0x10010007, 0}, {"SAMD21G15", 0x10010008, 0}, {"SAMD21E18", 0x1001000a, 0},
    {"SAMD21E17", 0x1001000b, 0}, {"SAMD21E16", 0x1001000c, 0}, {"SAMD21E15", 0x1001000d, 0},
    {"SAMD21G18", 0x1001000f, 0}, {"SAMD21G17", 0x10010010, 0}, {"SAMD21J17", 0x10010092, 0},
    {"SAMD21G17", 0x10010093, 0}, {"SAMD21E17", 0x10010094, 0}, {"SAMD51P20", 0x60060000, 0},
    {"SAMD51P19", 0x60060001, 0}, {"SAMD51N20", 0x60060002, 0}, {"SAMD51N19", 0x60060003, 0},
    {"SAMD51J20", 0x60060004, 0}, {"SAMD51J19", 0x60060005, 0}, {"SAMD51J18", 0x60060006, 0},
    {"SAMD51G19", 0x60060007, 0}, {"SAMD51G18", 0x60060008, 0}, {0}};

// --- NXP ---

// 0x6b is of RT1020 and of RT1015, which has half its RAM: that says too little.
static const struct chip_id imxrt[] = {
    {"MIMXRT1011", 0x6d0000, 0}, {"MIMXRT105", 0x6a0000, 0}, {"MIMXRT106", 0x6c0000, 0}, {0}};

// FlexRAM of all these chips has banks of 32 KiB, each of which is one of these (Reference Manual,
// IOMUXC_GPR_GPR17).
enum flexram { UNUSED, OCRAM, DTCM, ITCM, FLEXRAM_USES, FLEXRAM_BANK = 32 * KIB };

// Two bits a bank in GPR17. Above the bits of the banks there are, it may hold anything.
static void divide_as_programmed(uint64_t config, uint64_t count, unsigned ret[FLEXRAM_USES])
{
    for (unsigned i = 0; i < count; i++)
        ret[config >> 2 * i & 3]++;
}

// Fuse 0x6D0, bits 19 to 16, Default_FlexRAM_Part (RT1050 and RT1060 Reference Manual, Fusemap):
// banks of ITCM and of DTCM by its value; the rest is OCRAM.
static const struct {
    uint8_t itcm, dtcm;
} partitions_512k[16] = {{4, 4}, {2, 4}, {8, 4}, {1, 4},  {4, 2}, {2, 2}, {8, 2}, {14, 0},
                         {4, 8}, {2, 8}, {8, 6}, {0, 14}, {4, 0}, {1, 1}, {8, 0}, {0, 0}};

// The fuse's shadow register. A read without its clock would not come back: CCM_CCGR2 says
// whether it has one (Reference Manual, CCM Clock Gating Register 2, ocotp).
static bool read_partition(struct target *target, unsigned *ret)
{
    enum { CCM_CCGR2 = 0x400fc070, OCOTP_CLOCK = 3 << 12, OCOTP_MISC_CONF0 = 0x401f46d0 };
    uint64_t gates, value;

    if (target_read_uint(target, CCM_CCGR2, 4, &gates, NULL) < 0 || !(gates & OCOTP_CLOCK) ||
        target_read_uint(target, OCOTP_MISC_CONF0, 4, &value, NULL) < 0)
        return false;
    *ret = value >> 16 & 15;
    return true;
}

// As fuses have it; what the table of chips has is that of fuses that are not programmed.
static bool divide_as_fused(struct target *target, uint64_t count, unsigned ret[FLEXRAM_USES])
{
    unsigned partition;

    if (count != 16 || !read_partition(target, &partition))
        return false;
    ret[ITCM] = partitions_512k[partition].itcm;
    ret[DTCM] = partitions_512k[partition].dtcm;
    ret[OCRAM] = 16 - ret[ITCM] - ret[DTCM];
    return true;
}

// How FlexRAM is divided: GPR16 says whether GPR17 holds or the fuses. Unused banks are 0.
static bool refine_imxrt(struct target *target, struct chip_identity *identity)
{
    enum { GPR16 = 0x400ac040, GPR17 = 0x400ac044, BANK_CFG_SEL = 4 };
    struct chip_bank *banks = identity->banks;
    uint64_t count = (banks[0].size + banks[1].size + banks[2].size) / FLEXRAM_BANK;
    uint64_t select, config;
    unsigned uses[FLEXRAM_USES] = {0};
    bool is_known = target_read_uint(target, GPR16, 4, &select, NULL) == 0;

    if (is_known && select & BANK_CFG_SEL) {
        is_known = target_read_uint(target, GPR17, 4, &config, NULL) == 0;
        divide_as_programmed(is_known ? config : 0, count, uses);
    } else if (is_known) {
        is_known = divide_as_fused(target, count, uses);
    }
    if (!is_known) {
        identity->doubt = "ITCM, DTCM and OCRAM are as without fuses that divide FlexRAM "
                          "otherwise, which could not be read";
        return true;
    }
    banks[0].size = uses[ITCM] * (uint64_t)FLEXRAM_BANK;
    banks[1].size = uses[DTCM] * (uint64_t)FLEXRAM_BANK;
    banks[2].size = uses[OCRAM] * (uint64_t)FLEXRAM_BANK;
    return true;
}

// --- STMicroelectronics: DEV_ID, and the register of the flash's size ---

// Of STM32F72x, stm32f722xx.h has the address of the others' FLASHSIZE_BASE; RM0431, Flash size,
// has this one.
static const struct chip_id stm32_m3_m4_m7[] = {{"STM32F207", 0x411, 0x1fff7a22},
                                                {"STM32F405", 0x413, 0x1fff7a22},
                                                {"STM32F429", 0x419, 0x1fff7a22},
                                                {"STM32F446", 0x421, 0x1fff7a22},
                                                {"STM32F401xC", 0x423, 0x1fff7a22},
                                                {"STM32F411", 0x431, 0x1fff7a22},
                                                {"STM32F401xE", 0x433, 0x1fff7a22},
                                                {"STM32F469", 0x434, 0x1fff7a22},
                                                {"STM32F412", 0x441, 0x1fff7a22},
                                                {"STM32F413", 0x463, 0x1fff7a22},
                                                {"STM32F746", 0x449, 0x1ff0f442},
                                                {"STM32F767", 0x451, 0x1ff0f442},
                                                {"STM32F722", 0x452, 0x1ff07a22},
                                                {"STM32L476", 0x415, 0x1fff75e0},
                                                {"STM32L432", 0x435, 0x1fff75e0},
                                                {"STM32L496", 0x461, 0x1fff75e0},
                                                {"STM32L452", 0x462, 0x1fff75e0},
                                                {"STM32L4R5", 0x470, 0x1fff75e0},
                                                {"STM32G431", 0x468, 0x1fff75e0},
                                                {"STM32G474", 0x469, 0x1fff75e0},
                                                {"STM32G491", 0x479, 0x1fff75e0},
                                                {"STM32WB55", 0x495, 0x1fff75e0},
                                                {"STM32WL55", 0x497, 0x1fff75e0},
                                                {"STM32L152xE", 0x437, 0x1ff800cc},
                                                {0}};

// Of some, parts with less flash have less RAM, which is not in the table: the least flash of
// those that are, in KiB.
static bool refine_stm32(struct target *target, struct chip_identity *identity)
{
    static const struct {
        unsigned id, kib;
    } least[] = {{0x411, 512}, {0x495, 512}, {0x497, 256}};

    (void)target;
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if ((identity->value & 0xfff) == least[i].id && identity->flash_bytes &&
            identity->flash_bytes < (uint64_t)least[i].kib * KIB)
            return false;
    return true;
}

// Early STM32F405 say 0x411, as an STM32F2 does, but have a Cortex-M4 (STM32F40x errata
// sheet, MCU device ID is incorrect).
static const struct chip_id stm32_early[] = {{"STM32F405", 0x411, 0x1fff7a22}, {0}};

static const struct chip_id stm32_m0[] = {{"STM32F091", 0x442, 0x1ffff7cc},
                                          {"STM32L072", 0x447, 0x1ff8007c},
                                          {"STM32G071", 0x460, 0x1fff75e0},
                                          {"STM32G0B1", 0x467, 0x1fff75e0},
                                          {0}};

static const struct chip_id stm32_h7[] = {{"STM32H743", 0x450, 0x1ff1e880},
                                          {"STM32H7A3", 0x480, 0x08fff80c},
                                          {"STM32H723", 0x483, 0x1ff1e880},
                                          {0}};

static const struct chip_id stm32_h5[] = {{"STM32H573", 0x484, 0x08fff80c}, {0}};

static const struct chip_id stm32_u5[] = {{"STM32U535", 0x455, 0x0bfa07a0},
                                          {"STM32U5A5", 0x481, 0x0bfa07a0},
                                          {"STM32U585", 0x482, 0x0bfa07a0},
                                          {0}};

enum { STM32_CORES = CORE_M3 | CORE_M4 | CORE_M7 };

const struct chip_register chip_registers[] = {
    {"FICR.CODEPAGESIZE", "nRF51 Series Reference Manual, FICR; nrf51.h", 0x10000010, 0xffffffff,
     CORE_M0, nrf51, refine_nrf51},
    {"FICR.INFO.PART", "nRF52832 and nRF52840 Product Specification, FICR; nrf52_bitfields.h",
     0x10000100, 0xffffffff, CORE_M4, nrf52, refine_nrf52},
    {"FICR.INFO.PART", "nRF5340 Product Specification, FICR", 0x00ff020c, 0xffffffff, CORE_M33,
     nrf53, NULL},
    {"FICR.SIPINFO.PARTNO", "nrf9160.svd, FICR", 0x00ff0140, 0xffffffff, CORE_M33, nrf91, NULL},
    {"SYSINFO.CHIP_ID", "RP2040 and RP2350 datasheet, sysinfo; sysinfo.h", 0x40000000, 0x0fffffff,
     CORE_M0P | CORE_M33 | CORE_RISCV, raspberry, NULL},
    {"ROM", "esptool, CHIP_DETECT_MAGIC_REG_ADDR and CHIP_DETECT_MAGIC_VALUE", CHIP_ROM_WORD,
     0xffffffff, CORE_RISCV | CORE_XTENSA, espressif, NULL},
    {"DSU.DID", "SAM D21 and SAM D5x/E5x datasheet, Device Identification", 0x41002018, 0xffff00ff,
     CORE_M0P | CORE_M4, sam, NULL},
    {"USB_ANALOG.DIGPROG", "i.MX RT1010, RT1050 and RT1060 Reference Manual, Chip Silicon Version",
     0x400d8260, 0xffff0000, CORE_M7, imxrt, refine_imxrt},
    {"DBGMCU_IDCODE", "STM32F40x errata sheet, MCU device ID is incorrect", 0xe0042000, 0xfff,
     CORE_M4, stm32_early, NULL},
    {"DBGMCU_IDCODE", "RM0090 and its siblings, MCU device ID code", 0xe0042000, 0xfff, STM32_CORES,
     stm32_m3_m4_m7, refine_stm32},
    {"DBG_IDCODE", "RM0091, RM0444 and RM0376, MCU device ID code", 0x40015800, 0xfff,
     CORE_M0 | CORE_M0P, stm32_m0, NULL},
    {"DBGMCU_IDC", "RM0433, RM0455 and RM0468, DBGMCU identity code register", 0x5c001000, 0xfff,
     CORE_M7, stm32_h7, NULL},
    {"DBGMCU_IDCODE", "RM0481, DBGMCU identity code register", 0x44024000, 0xfff, CORE_M33,
     stm32_h5, NULL},
    {"DBGMCU_IDCODE", "RM0456, DBGMCU identity code register", 0xe0044000, 0xfff, CORE_M33,
     stm32_u5, NULL},
    {0}};
