// SPDX-License-Identifier: MIT
#ifndef TARGET_CPU_H
#define TARGET_CPU_H

#include "core.h"
#include "points.h"
#include "rsp.h"
#include "stats.h"

#include <stdbool.h>
#include <stdint.h>

#define CPU_REGISTERS 21

/*
 * The CPU as its debug registers show it: DHCSR, DCRSR, DCRDR, DEMCR, DFSR, AIRCR, CPUID, FPB and
 * DWT. It has no floating point unit.
 *
 * Behind them is a live machine, or (`stub` NULL) the registers of a dump: such a CPU "runs" when
 * the debugger connects, can be halted and resumed, and never gets anywhere.
 */
struct cpu {
    const struct core *core;
    struct rsp *stub;
    struct stats *stats;
    bool halted;
    bool reset_seen;        // DHCSR.S_RESET_ST
    uint32_t dhcsr_control; // DHCSR.C_*
    uint32_t demcr, dfsr, dcrdr;
    uint32_t registers[CPU_REGISTERS]; // of a dump, by DCRSR.REGSEL
    struct points points;
};

void cpu_init(struct cpu *cpu, const struct core *core, struct rsp *stub, struct stats *stats);

// Takes the registers of a dump from lines "NAME VALUE" (r0-r12, sp, lr, pc, xpsr, msp, psp,
// special). 0, or -1 with a message on stderr.
int cpu_load_registers(struct cpu *cpu, const char *path);

// The debug register at word `address`. False if there is none.
bool cpu_read(struct cpu *cpu, uint32_t address, uint32_t *ret);
bool cpu_write(struct cpu *cpu, uint32_t address, uint32_t value);

// Notices that the machine stopped by itself, at a breakpoint.
void cpu_update(struct cpu *cpu);

// Resets the machine; it stays halted at its first instruction if the debugger asked for that.
void cpu_reset(struct cpu *cpu);

// Leaves the machine running, without breakpoints.
void cpu_release(struct cpu *cpu);

#endif
