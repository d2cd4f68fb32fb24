// SPDX-License-Identifier: MIT
#include "target/prstatus.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"

// Register order as in each Linux port's `struct user_regs_struct`, which is
// what GDB's core readers expect; ARM's 17th slot holds xPSR on M-profile.
static const char *const arm_names[] = {"r0", "r1",  "r2",  "r3",  "r4", "r5", "r6", "r7",   "r8",
                                        "r9", "r10", "r11", "r12", "sp", "lr", "pc", "xpsr", NULL};
static const char *const riscv_names[] = {"pc",  "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0",
                                          "s1",  "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
                                          "s2",  "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10",
                                          "s11", "t3", "t4", "t5", "t6", NULL};
static const char *const x86_64_names[] = {
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10",    "r9",  "r8", "rax",
    "rcx", "rdx", "rsi", "rdi", "",    "rip", "cs",  "eflags", "rsp", "ss", NULL};
static const char *const i386_names[] = {"ebx", "ecx", "edx",    "esi", "edi", "ebp",
                                         "eax", "",    "",       "",    "",    "",
                                         "eip", "cs",  "eflags", "esp", "ss",  NULL};
static const char *const aarch64_names[] = {
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",   "x10", "x11",
    "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",  "x22", "x23",
    "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "cpsr", NULL};

// ESP-IDF's cores (components/espcoredump/src/port/xtensa/core_dump_port.c
// xtensa_gregset_t): 56 words are reserved before the registers of the current window,
// which it writes as the first of 64.
#define EIGHT_UNNAMED "", "", "", "", "", "", "", ""
static const char *const xtensa_names[] = {
    "pc",          "ps",          "lbeg",        "lend",        "lcount",      "sar",
    "windowstart", "windowbase",  EIGHT_UNNAMED, EIGHT_UNNAMED, EIGHT_UNNAMED, EIGHT_UNNAMED,
    EIGHT_UNNAMED, EIGHT_UNNAMED, EIGHT_UNNAMED, "a0",          "a1",          "a2",
    "a3",          "a4",          "a5",          "a6",          "a7",          "a8",
    "a9",          "a10",         "a11",         "a12",         "a13",         "a14",
    "a15",         NULL};

static const struct prstatus_layout layouts[] = {
    {EM_ARM, 4, 148, 72, 24, arm_names},       {EM_RISCV, 4, 204, 72, 24, riscv_names},
    {EM_RISCV, 8, 376, 112, 32, riscv_names},  {EM_X86_64, 8, 336, 112, 32, x86_64_names},
    {EM_386, 4, 144, 72, 24, i386_names},      {EM_AARCH64, 8, 392, 112, 32, aarch64_names},
    {EM_XTENSA, 4, 588, 72, 24, xtensa_names},
};

const struct prstatus_layout *prstatus_find(uint16_t machine, uint8_t word_bytes)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (layouts[i].machine == machine && layouts[i].word_bytes == word_bytes)
            return &layouts[i];
    return NULL;
}

void prstatus_decode(const struct prstatus_layout *layout, const uint8_t *bytes, bool big_endian,
                     struct regs *ret)
{
    const uint8_t *at = bytes + layout->regs_offset;

    for (size_t i = 0; layout->names[i]; i++, at += layout->word_bytes)
        if (*layout->names[i])
            regs_set(ret, layout->names[i], bytes_get(at, layout->word_bytes, big_endian));
}

// RISC-V's x8 goes by two names; GDB and stubs that describe themselves as it does say fp.
static bool get_reg(const struct regs *regs, const char *name, uint64_t *ret)
{
    return regs_get(regs, name, ret) || (!strcmp(name, "s0") && regs_get(regs, "fp", ret));
}

void prstatus_encode(const struct prstatus_layout *layout, const struct regs *regs, uint32_t thread,
                     bool big_endian, uint8_t *bytes)
{
    uint8_t *at = bytes + layout->regs_offset;

    memset(bytes, 0, layout->size);
    bytes_put(bytes + layout->pid_offset, 4, big_endian, thread);
    for (size_t i = 0; layout->names[i]; i++, at += layout->word_bytes) {
        uint64_t value = 0;

        if (*layout->names[i] && get_reg(regs, layout->names[i], &value))
            bytes_put(at, layout->word_bytes, big_endian, value);
    }
}
