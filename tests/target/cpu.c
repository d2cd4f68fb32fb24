// SPDX-License-Identifier: MIT
#include "cpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ARMv7-M Architecture Reference Manual (DDI 0403E), B3.2 and C1.6
#define CPUID 0xE000ED00u
#define AIRCR 0xE000ED0Cu
#define DFSR 0xE000ED30u
#define DHCSR 0xE000EDF0u
#define DCRSR 0xE000EDF4u
#define DCRDR 0xE000EDF8u
#define DEMCR 0xE000EDFCu
#define MVFR0 0xE000EF40u
#define MVFR1 0xE000EF44u

#define AIRCR_KEY 0x05FAu
#define AIRCR_RESET (1u << 2 | 1u << 0) // SYSRESETREQ, VECTRESET

#define DHCSR_KEY 0xA05Fu
#define C_DEBUGEN (1u << 0)
#define C_HALT (1u << 1)
#define C_STEP (1u << 2)
#define C_ALL 0xFu
#define S_REGRDY (1u << 16)
#define S_HALT (1u << 17)
#define S_RETIRE_ST (1u << 24)
#define S_RESET_ST (1u << 25)

#define DCRSR_WRITE (1u << 16)
#define DCRSR_REGSEL 0x7Fu
enum { REGSEL_SP = 13, REGSEL_PC = 15, REGSEL_XPSR = 16, REGSEL_MSP = 17 };

#define DEMCR_VC_CORERESET (1u << 0)

#define DFSR_HALTED (1u << 0)
#define DFSR_BKPT (1u << 1)
#define DFSR_VCATCH (1u << 3)
#define DFSR_EXTERNAL (1u << 4)

#define SIGNAL_TRAP 5

void cpu_init(struct cpu *cpu, const struct core *core, struct rsp *stub, struct stats *stats)
{
    *cpu = (struct cpu){
        .core = core,
        .stub = stub,
        .stats = stats,
        .points = {.core = core, .stub = stub},
    };
}

// DCRSR.REGSEL of a register's name, or -1.
static int find_register(const char *name)
{
    static const char *const names[CPU_REGISTERS] = {
        "r0", "r1",  "r2",  "r3", "r4", "r5", "r6",   "r7",  "r8",  "r9", "r10",
        "r11", "r12", "sp", "lr", "pc", "xpsr", "msp", "psp", NULL, "special",
    };
    for (int i = 0; i < CPU_REGISTERS; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int cpu_load_registers(struct cpu *cpu, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "debugport: %s: %s\n", path, strerror(errno));
        return -1;
    }
    char name[16], value[16], *end = value;
    int fields, result = 0;
    while (result == 0 && (fields = fscanf(file, "%15s %15s", name, value)) != EOF) {
        int index = find_register(name);
        unsigned long number = strtoul(value, &end, 0);
        if (fields != 2 || index < 0 || *end || number > UINT32_MAX) {
            fprintf(stderr, "debugport: %s: '%s' is no register and value\n", path, name);
            result = -1;
        } else {
            cpu->registers[index] = (uint32_t)number;
        }
    }
    fclose(file);
    return result;
}

// Debuggers write back what they read, so C_HALT has to be there however the CPU came to halt.
static void enter_halt(struct cpu *cpu, uint32_t reason)
{
    cpu->halted = true;
    cpu->dhcsr_control |= C_HALT;
    cpu->dfsr |= reason;
    cpu->stats->cpu_halts++;
}

void cpu_update(struct cpu *cpu)
{
    if (!cpu->stub || cpu->halted)
        return;
    rsp_poll(cpu->stub);
    if (!cpu->stub->running)
        enter_halt(cpu, cpu->stub->stop_signal == SIGNAL_TRAP ? DFSR_BKPT : DFSR_EXTERNAL);
}

static void halt(struct cpu *cpu)
{
    if (cpu->stub)
        rsp_stop(cpu->stub);
    enter_halt(cpu, DFSR_HALTED);
}

static void resume(struct cpu *cpu)
{
    cpu->stats->cpu_resumes++;
    cpu->halted = false;
    if (cpu->stub)
        rsp_continue(cpu->stub);
}

static void step(struct cpu *cpu)
{
    cpu->stats->cpu_resumes++;
    if (cpu->stub)
        rsp_step(cpu->stub);
    enter_halt(cpu, DFSR_HALTED);
}

static void write_dhcsr(struct cpu *cpu, uint32_t value)
{
    if (value >> 16 != DHCSR_KEY)
        return;
    cpu_update(cpu);
    cpu->dhcsr_control = value & C_ALL;
    bool want_halt = (value & C_DEBUGEN) && (value & C_HALT);
    if (want_halt && !cpu->halted)
        halt(cpu);
    else if (!want_halt && cpu->halted && (value & C_DEBUGEN) && (value & C_STEP))
        step(cpu);
    else if (!want_halt && cpu->halted)
        resume(cpu);
}

// Reading clears the sticky S_RESET_ST.
static uint32_t read_dhcsr(struct cpu *cpu)
{
    cpu_update(cpu);
    uint32_t value = cpu->dhcsr_control | S_REGRDY | (cpu->halted ? S_HALT : S_RETIRE_ST);
    if (cpu->reset_seen)
        value |= S_RESET_ST;
    cpu->reset_seen = false;
    return value;
}

// The stub's number of a register, or -1: QEMU 7.2 has neither of the banked stack pointers.
static int stub_register(unsigned regsel)
{
    if (regsel <= REGSEL_PC)
        return (int)regsel;
    if (regsel == REGSEL_XPSR)
        return RSP_REGISTER_XPSR;
    return regsel == REGSEL_MSP ? REGSEL_SP : -1;
}

static uint32_t read_register(struct cpu *cpu, unsigned regsel)
{
    uint32_t value = 0;
    if (!cpu->stub)
        return regsel < CPU_REGISTERS ? cpu->registers[regsel] : 0;
    int number = stub_register(regsel);
    if (number >= 0)
        rsp_read_register(cpu->stub, (unsigned)number, &value);
    return value;
}

static void write_register(struct cpu *cpu, unsigned regsel, uint32_t value)
{
    int number = stub_register(regsel);
    if (cpu->stub && number >= 0)
        rsp_write_register(cpu->stub, (unsigned)number, value);
    else if (!cpu->stub && regsel < CPU_REGISTERS)
        cpu->registers[regsel] = value;
}

// Register transfers have no effect while the CPU runs.
static void write_dcrsr(struct cpu *cpu, uint32_t value)
{
    if (!cpu->halted)
        return;
    if (value & DCRSR_WRITE)
        write_register(cpu, value & DCRSR_REGSEL, cpu->dcrdr);
    else
        cpu->dcrdr = read_register(cpu, value & DCRSR_REGSEL);
}

void cpu_reset(struct cpu *cpu)
{
    cpu->stats->resets++;
    cpu->reset_seen = true;
    if (cpu->stub)
        rsp_reset(cpu->stub);
    cpu->halted = false;
    if ((cpu->demcr & DEMCR_VC_CORERESET) && (cpu->dhcsr_control & C_DEBUGEN))
        enter_halt(cpu, DFSR_VCATCH);
    else if (cpu->stub)
        rsp_continue(cpu->stub);
}

void cpu_release(struct cpu *cpu)
{
    points_clear(&cpu->points);
    if (cpu->halted)
        resume(cpu);
}

bool cpu_read(struct cpu *cpu, uint32_t address, uint32_t *ret)
{
    if (points_own(address)) {
        *ret = points_read(&cpu->points, address);
        return true;
    }
    switch (address) {
    case CPUID:
        *ret = cpu->core->cpuid;
        return true;
    case DFSR:
        *ret = cpu->dfsr;
        return true;
    case DHCSR:
        *ret = read_dhcsr(cpu);
        return true;
    case DCRSR: // write only
    case MVFR0: // no floating point unit
    case MVFR1:
        *ret = 0;
        return true;
    case DCRDR:
        *ret = cpu->dcrdr;
        return true;
    case DEMCR:
        *ret = cpu->demcr;
        return true;
    default:
        return false;
    }
}

bool cpu_write(struct cpu *cpu, uint32_t address, uint32_t value)
{
    if (points_own(address)) {
        points_write(&cpu->points, address, value);
        return true;
    }
    switch (address) {
    case AIRCR:
        if (value >> 16 == AIRCR_KEY && (value & AIRCR_RESET))
            cpu_reset(cpu);
        return true;
    case DFSR: // write one to clear
        cpu->dfsr &= ~value;
        return true;
    case DHCSR:
        write_dhcsr(cpu, value);
        return true;
    case DCRSR:
        write_dcrsr(cpu, value);
        return true;
    case DCRDR:
        cpu->dcrdr = value;
        return true;
    case DEMCR:
        cpu->demcr = value;
        return true;
    default:
        return false;
    }
}
