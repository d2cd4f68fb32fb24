// SPDX-License-Identifier: MIT
// The system control block of ARM's M profile; declared in cortex_m.h.
#include "cpu/cortex_m.h"

#include "target/chip.h"

enum {
    V6M = 1 << PROFILE_V6M | 1 << PROFILE_V8M_BASE,
    MAIN = 1 << PROFILE_V7M | 1 << PROFILE_V8M_MAIN
};

static const struct {
    const char *name;
    uint32_t address;
    unsigned profiles; // that have it
} registers[SCB_COUNT] = {
    [SCB_CPUID] = {"CPUID", CHIP_CPUID, V6M | MAIN}, [SCB_ICSR] = {"ICSR", 0xe000ed04, V6M | MAIN},
    [SCB_VTOR] = {"VTOR", 0xe000ed08, V6M | MAIN},   [SCB_SHCSR] = {"SHCSR", 0xe000ed24, MAIN},
    [SCB_CFSR] = {"CFSR", 0xe000ed28, MAIN},         [SCB_HFSR] = {"HFSR", 0xe000ed2c, MAIN},
    [SCB_DFSR] = {"DFSR", 0xe000ed30, V6M | MAIN},   [SCB_MMFAR] = {"MMFAR", 0xe000ed34, MAIN},
    [SCB_BFAR] = {"BFAR", 0xe000ed38, MAIN},
};

const char *scb_name(enum scb_register number)
{
    return registers[number].name;
}

uint32_t scb_address(enum scb_register number)
{
    return registers[number].address;
}

const char *profile_name(enum arm_profile profile)
{
    static const char *const names[] = {"ARM, M profile", "ARMv6-M", "ARMv7-M", "ARMv8-M Baseline",
                                        "ARMv8-M Mainline"};

    return names[profile];
}

// --- which core: each one's Technical Reference Manual ---

static const struct {
    uint16_t part;
    uint8_t profile;
    const char *name;
} cores[] = {
    {CHIP_PART_M0, PROFILE_V6M, "Cortex-M0"},
    {CHIP_PART_M0P, PROFILE_V6M, "Cortex-M0+"},
    {CHIP_PART_M1, PROFILE_V6M, "Cortex-M1"},
    {CHIP_PART_M3, PROFILE_V7M, "Cortex-M3"},
    {CHIP_PART_M4, PROFILE_V7M, "Cortex-M4"},
    {CHIP_PART_M7, PROFILE_V7M, "Cortex-M7"},
    {CHIP_PART_M23, PROFILE_V8M_BASE, "Cortex-M23"},
    {CHIP_PART_M33, PROFILE_V8M_MAIN, "Cortex-M33"},
    {CHIP_PART_M35P, PROFILE_V8M_MAIN, "Cortex-M35P"},
    {CHIP_PART_M55, PROFILE_V8M_MAIN, "Cortex-M55"},
    {CHIP_PART_M85, PROFILE_V8M_MAIN, "Cortex-M85"},
};

// A part that is not listed says at least whether it is of the baseline, which has 0xc in
// the architecture field (DDI 0419E, B3.2.3), and 0xf otherwise.
static void set_core(struct scb *scb)
{
    uint32_t cpuid = scb->value[SCB_CPUID];

    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (chip_part(cpuid) == cores[i].part) {
            scb->core = cores[i].name;
            scb->profile = cores[i].profile;
            return;
        }
    if (cpuid)
        scb->profile = (cpuid >> 16 & 0xf) == 0xc ? PROFILE_V6M : PROFILE_V7M;
}

static void read_one(struct target *target, enum scb_register number, struct scb *ret)
{
    uint64_t value;

    ret->has[number] = target_read_uint(target, registers[number].address, 4, &value, NULL) == 0;
    if (ret->has[number])
        ret->value[number] = (uint32_t)value;
}

int scb_read(struct target *target, struct scb *ret, struct mph_err *err)
{
    struct range ranges[SCB_COUNT];
    size_t count = 0;

    *ret = (struct scb){.profile = PROFILE_UNKNOWN};
    read_one(target, SCB_CPUID, ret);
    if (!ret->has[SCB_CPUID])
        return 0;
    set_core(ret);
    for (enum scb_register i = SCB_ICSR; i < SCB_COUNT; i++)
        if (registers[i].profiles & 1u << ret->profile)
            ranges[count++] = (struct range){registers[i].address, 4};
    int rc = target_fetch(target, ranges, count, err);
    for (enum scb_register i = SCB_ICSR; rc == 0 && i < SCB_COUNT; i++)
        if (registers[i].profiles & 1u << ret->profile)
            read_one(target, i, ret);
    return rc;
}

// DDI 0403E, B1.5.3: the table has a word for each exception, with bit 0 set for Thumb. Cores
// without VTOR read it as 0, where their table is (DDI 0419E, B3.2.5).
bool scb_vector(const struct scb *scb, struct target *target, unsigned exception, uint64_t *ret)
{
    uint64_t handler, table = scb->value[SCB_VTOR];

    if (!scb->has[SCB_VTOR] || exception >= 512 ||
        target_read_uint(target, table + 4u * exception, 4, &handler, NULL) < 0)
        return false;
    *ret = handler & ~(uint64_t)1;
    return true;
}

// --- status bits: DDI 0403E, B3.2.15 to B3.2.17; STKOF and the rest of v8-M: DDI 0553B, D1.2 ---

static const struct {
    uint8_t reg, bit;
    const char *name, *text;
} bits[] = {
    {SCB_CFSR, 0, "IACCVIOL", "an instruction was fetched where executing is not allowed"},
    {SCB_CFSR, 1, "DACCVIOL", "data was read or written where that is not allowed"},
    {SCB_CFSR, 3, "MUNSTKERR", "access violation when registers were taken back from the stack"},
    {SCB_CFSR, 4, "MSTKERR", "access violation when registers were saved on the stack"},
    {SCB_CFSR, 5, "MLSPERR", "access violation when floating point registers were saved late"},
    {SCB_CFSR, 7, "MMARVALID", "MMFAR holds the address"},
    {SCB_CFSR, 8, "IBUSERR", "an instruction was fetched from where no memory answers"},
    {SCB_CFSR, 9, "PRECISERR", "a data access failed on the bus, at the saved pc"},
    {SCB_CFSR, 10, "IMPRECISERR",
     "a write failed on the bus, some instructions before the saved pc"},
    {SCB_CFSR, 11, "UNSTKERR", "bus error when registers were taken back from the stack"},
    {SCB_CFSR, 12, "STKERR", "bus error when registers were saved on the stack"},
    {SCB_CFSR, 13, "LSPERR", "bus error when floating point registers were saved late"},
    {SCB_CFSR, 15, "BFARVALID", "BFAR holds the address"},
    {SCB_CFSR, 16, "UNDEFINSTR", "the instruction is none that this core knows"},
    {SCB_CFSR, 17, "INVSTATE", "a jump to an even address, which asks for ARM code"},
    {SCB_CFSR, 18, "INVPC", "a return from an exception with a wrong EXC_RETURN or stack"},
    {SCB_CFSR, 19, "NOCP", "a floating point or coprocessor instruction while that is off"},
    {SCB_CFSR, 20, "STKOF", "the stack pointer went below its limit"},
    {SCB_CFSR, 24, "UNALIGNED", "an access to an address that is not aligned for it"},
    {SCB_CFSR, 25, "DIVBYZERO", "a division by zero"},
    {SCB_HFSR, 1, "VECTTBL", "the vector table could not be read"},
    {SCB_HFSR, 30, "FORCED", "a fault whose own handler is off or cannot run: see CFSR"},
    {SCB_HFSR, 31, "DEBUGEVT", "a breakpoint instruction with no debugger to take it"},
    {SCB_DFSR, 0, "HALTED", "a debugger halted or stepped the core"},
    {SCB_DFSR, 1, "BKPT", "a breakpoint was hit"},
    {SCB_DFSR, 2, "DWTTRAP", "a watchpoint was hit"},
    {SCB_DFSR, 3, "VCATCH", "a vector was caught"},
    {SCB_DFSR, 4, "EXTERNAL", "an external debug request"},
};

size_t scb_bits(const struct scb *scb, enum scb_register number, struct status_bit *ret,
                size_t capacity)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof bits / sizeof *bits && count < capacity; i++)
        if (bits[i].reg == number && scb->has[number] && scb->value[number] >> bits[i].bit & 1)
            ret[count++] = (struct status_bit){bits[i].name, bits[i].text};
    return count;
}

#define MMARVALID (1u << 7)
#define BFARVALID (1u << 15)

bool scb_is_valid(const struct scb *scb, enum scb_register number)
{
    uint32_t bit = number == SCB_BFAR ? BFARVALID : number == SCB_MMFAR ? MMARVALID : 0;

    return scb->has[number] && scb->has[SCB_CFSR] && scb->value[SCB_CFSR] & bit;
}

bool scb_fault_address(const struct scb *scb, uint64_t *ret)
{
    enum scb_register number = scb_is_valid(scb, SCB_BFAR) ? SCB_BFAR : SCB_MMFAR;

    if (scb_is_valid(scb, number))
        *ret = scb->value[number];
    return scb_is_valid(scb, number);
}
