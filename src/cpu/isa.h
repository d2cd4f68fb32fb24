// SPDX-License-Identifier: MIT
// Instruction sets, and which of them a processor executes at an address.
#ifndef MPH_CPU_ISA_H
#define MPH_CPU_ISA_H

#include <stdbool.h>
#include <stdint.h>

#include "target/target.h"

enum isa {
    ISA_UNKNOWN,
    ISA_THUMB,
    ISA_ARM,
    ISA_AARCH64,
    ISA_RISCV32,
    ISA_RISCV64,
    ISA_X86,
    ISA_X86_64,
    ISA_XTENSA,
    ISA_COUNT
};

// "thumb", "riscv32", ...
const char *isa_name(enum isa isa);

// The instruction set of that name, ISA_UNKNOWN where there is none.
enum isa isa_by_name(const char *name);

// What a target executes at `address`, of which the low bit says Thumb where both
// that and ARM are possible. M-profile cores, which have an xPSR, know Thumb only
// (ARM DDI 0403E, A2.3). ISA_UNKNOWN where neither a file, a link nor a register tells.
enum isa isa_of(const struct target *target, uint64_t address);

// Whether it is an ARM core of the M profile, as far as registers and link tell.
bool isa_is_m_profile(const struct target *target);

// The program counter under whichever name the architecture gives it.
bool isa_pc(const struct target *target, uint64_t *ret);

// The fewest bytes of an instruction, at multiples of which they begin.
unsigned isa_step(enum isa isa);

#endif
