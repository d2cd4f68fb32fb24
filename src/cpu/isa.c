// SPDX-License-Identifier: MIT
#include "cpu/isa.h"

#include <elf.h>
#include <stddef.h>
#include <strings.h>

static const struct {
    const char *name;
    uint8_t step;
} rows[ISA_COUNT] = {
    [ISA_UNKNOWN] = {"unknown", 1}, [ISA_THUMB] = {"thumb", 2},     [ISA_ARM] = {"arm", 4},
    [ISA_AARCH64] = {"aarch64", 4}, [ISA_RISCV32] = {"riscv32", 2}, [ISA_RISCV64] = {"riscv64", 2},
    [ISA_X86] = {"x86", 1},         [ISA_X86_64] = {"x86-64", 1},   [ISA_XTENSA] = {"xtensa", 1},
};

const char *isa_name(enum isa isa)
{
    return rows[isa].name;
}

enum isa isa_by_name(const char *name)
{
    for (enum isa isa = ISA_UNKNOWN + 1; isa < ISA_COUNT; isa++)
        if (!strcasecmp(rows[isa].name, name))
            return isa;
    return ISA_UNKNOWN;
}

unsigned isa_step(enum isa isa)
{
    return rows[isa].step;
}

static bool has_register(const struct target *target, const char *name)
{
    uint64_t value;

    return regs_get(&target->regs, name, &value);
}

bool isa_is_m_profile(const struct target *target)
{
    return (target->machine == EM_ARM || target->machine == EM_NONE) &&
           has_register(target, "xpsr");
}

bool isa_pc(const struct target *target, uint64_t *ret)
{
    return regs_pc(&target->regs, ret);
}

// CPSR.T is bit 5 (ARM DDI 0406C, B1.3.3). Nothing else that MicroPython runs on executes
// ARM code unless it says so.
static enum isa isa_of_arm(const struct target *target, uint64_t address)
{
    uint64_t cpsr;

    if (isa_is_m_profile(target) || (address & 1) || !regs_get(&target->regs, "cpsr", &cpsr))
        return ISA_THUMB;
    return cpsr & 1u << 5 ? ISA_THUMB : ISA_ARM;
}

static enum isa isa_by_registers(const struct target *target, uint64_t address)
{
    if (has_register(target, "xpsr") || has_register(target, "cpsr"))
        return isa_of_arm(target, address);
    if (has_register(target, "rip"))
        return ISA_X86_64;
    if (has_register(target, "eip"))
        return ISA_X86;
    if (has_register(target, "mcause") || has_register(target, "mepc"))
        return target->word_bytes == 8 ? ISA_RISCV64 : ISA_RISCV32;
    return ISA_UNKNOWN;
}

enum isa isa_of(const struct target *target, uint64_t address)
{
    switch (target->machine) {
    case EM_ARM:
        return isa_of_arm(target, address);
    case EM_AARCH64:
        return ISA_AARCH64;
    case EM_RISCV:
        return target->word_bytes == 8 ? ISA_RISCV64 : ISA_RISCV32;
    case EM_386:
        return ISA_X86;
    case EM_X86_64:
        return ISA_X86_64;
    case EM_XTENSA:
        return ISA_XTENSA;
    default:
        return isa_by_registers(target, address);
    }
}
