// SPDX-License-Identifier: MIT
#include "cpu/riscv.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

const char *riscv_register(unsigned number)
{
    static const char *const names[32] = {"zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                          "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                          "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                          "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

    return names[number & 31];
}

// --- what an instruction touches ---

void riscv_set_reads(struct insn *insn, unsigned first, unsigned second)
{
    unsigned numbers[] = {first, second};

    for (size_t i = 0; i < 2; i++)
        if (numbers[i] && (i == 0 || second != first))
            snprintf(insn->reads[insn->read_count++], REG_NAME_MAX, "%s",
                     riscv_register(numbers[i]));
}

void riscv_set_memory(struct insn *insn, unsigned base, int64_t offset, bool is_store)
{
    insn->has_memory = true;
    insn->is_store = is_store;
    if (base)
        snprintf(insn->memory.base, REG_NAME_MAX, "%s", riscv_register(base));
    insn->memory.offset = offset;
}

void riscv_set_target(struct insn *insn, bool is_64, int64_t offset, enum flow flow)
{
    insn->flow = flow;
    insn->has_target = true;
    insn->target = insn->address + (uint64_t)offset;
    if (!is_64)
        insn->target &= UINT32_MAX;
}

// --- decoding ---

// The two low bits say whether an instruction has two bytes or four (volume I, 1.5).
bool riscv_decode(bool is_64, uint64_t address, const uint8_t *bytes, size_t size, struct insn *ret)
{
    size_t length = size && (bytes[0] & 3) != 3 ? 2 : 4;
    struct insn insn = {.address = address, .size = length};

    if (size < length)
        return false;
    memcpy(insn.bytes, bytes, length);
    uint32_t word = (uint32_t)bytes_get(bytes, length, false);
    if (length == 2 ? riscv_decode_compressed(is_64, word, &insn)
                    : riscv_decode_full(is_64, word, &insn))
        *ret = insn;
    else
        insn_set_data(ret, address, bytes, length, false);
    return true;
}

// --- traps ---

const char *riscv_cause_name(uint64_t code, bool is_interrupt)
{
    static const char *const exceptions[] = {"instruction address misaligned",
                                             "instruction access fault",
                                             "illegal instruction",
                                             "breakpoint",
                                             "load address misaligned",
                                             "load access fault",
                                             "store address misaligned",
                                             "store access fault",
                                             "ecall from U-mode",
                                             "ecall from S-mode",
                                             NULL,
                                             "ecall from M-mode",
                                             "instruction page fault",
                                             "load page fault",
                                             NULL,
                                             "store page fault"};
    static const char *const interrupts[] = {
        NULL, "supervisor software interrupt", NULL, "machine software interrupt",
        NULL, "supervisor timer interrupt",    NULL, "machine timer interrupt",
        NULL, "supervisor external interrupt", NULL, "machine external interrupt"};

    if (is_interrupt)
        return code < sizeof interrupts / sizeof *interrupts ? interrupts[code] : NULL;
    return code < sizeof exceptions / sizeof *exceptions ? exceptions[code] : NULL;
}

bool riscv_cause_is_fault(uint64_t code)
{
    enum { BREAKPOINT = 3, ECALL_FIRST = 8, ECALL_LAST = 11 };

    return code != BREAKPOINT && !(code >= ECALL_FIRST && code <= ECALL_LAST);
}
