// SPDX-License-Identifier: MIT
// RISC-V instructions of two bytes: RV32C and RV64C without floating point. Encodings:
// volume I (20191213), 16.8, tables 16.5 to 16.7.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cpu/riscv.h"

enum { REG_RA = 1, REG_SP = 2, REG_FIRST_SHORT = 8 };

struct half {
    struct insn *insn;
    uint32_t bits;
    bool is_64;
    unsigned rd, rs2;             // the whole five bits
    unsigned short_rd, short_rs2; // three bits, for x8 to x15
    int32_t imm;                  // bits 12 and 6..2, with sign
};

// Bits [high:low] of an instruction, put at `to`.
static uint32_t pick(const struct half *half, int high, int low, int to)
{
    return (half->bits >> low & ((1u << (high - low + 1)) - 1)) << to;
}

static bool set(const struct half *half, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool set(const struct half *half, const char *name, const char *format, ...)
{
    struct insn *insn = half->insn;
    va_list arguments;

    snprintf(insn->mnemonic, sizeof insn->mnemonic, "%s", name);
    va_start(arguments, format);
    vsnprintf(insn->operands, sizeof insn->operands, format, arguments);
    va_end(arguments);
    return true;
}

static bool set_access(const struct half *half, const char *name, unsigned reg, unsigned base,
                       uint32_t offset)
{
    bool is_store = name[2] == 's';

    riscv_set_reads(half->insn, base, is_store ? reg : 0);
    riscv_set_memory(half->insn, base, offset, is_store);
    return set(half, name, "%s, %" PRIu32 "(%s)", riscv_register(reg), offset,
               riscv_register(base));
}

// --- quadrant 0: loads and stores of x8 to x15 ---

static bool decode_0(const struct half *half)
{
    uint32_t word = pick(half, 12, 10, 3) | pick(half, 6, 6, 2) | pick(half, 5, 5, 6);
    uint32_t wide = pick(half, 12, 10, 3) | pick(half, 6, 5, 6);
    uint32_t add =
        pick(half, 12, 11, 4) | pick(half, 10, 7, 6) | pick(half, 6, 6, 2) | pick(half, 5, 5, 3);

    switch (half->bits >> 13) {
    case 0:
        riscv_set_reads(half->insn, REG_SP, 0);
        return add &&
               set(half, "c.addi4spn", "%s, sp, %" PRIu32, riscv_register(half->short_rs2), add);
    case 2:
        return set_access(half, "c.lw", half->short_rs2, half->short_rd, word);
    case 3:
        return half->is_64 && set_access(half, "c.ld", half->short_rs2, half->short_rd, wide);
    case 6:
        return set_access(half, "c.sw", half->short_rs2, half->short_rd, word);
    case 7:
        return half->is_64 && set_access(half, "c.sd", half->short_rs2, half->short_rd, wide);
    default:
        return false;
    }
}

// --- quadrant 1: constants, arithmetic, jumps ---

static bool set_jump(const struct half *half, const char *name, enum flow flow)
{
    uint32_t offset = pick(half, 12, 12, 11) | pick(half, 11, 11, 4) | pick(half, 10, 9, 8) |
                      pick(half, 8, 8, 10) | pick(half, 7, 7, 6) | pick(half, 6, 6, 7) |
                      pick(half, 5, 3, 1) | pick(half, 2, 2, 5);

    riscv_set_target(half->insn, half->is_64, (int32_t)(offset << 20) >> 20, flow);
    return set(half, name, "0x%" PRIx64, half->insn->target);
}

static bool set_branch(const struct half *half, const char *name)
{
    uint32_t offset = pick(half, 12, 12, 8) | pick(half, 11, 10, 3) | pick(half, 6, 5, 6) |
                      pick(half, 4, 3, 1) | pick(half, 2, 2, 5);

    riscv_set_reads(half->insn, half->short_rd, 0);
    riscv_set_target(half->insn, half->is_64, (int32_t)(offset << 23) >> 23, FLOW_BRANCH);
    return set(half, name, "%s, 0x%" PRIx64, riscv_register(half->short_rd), half->insn->target);
}

static bool set_constant(const struct half *half)
{
    uint32_t offset = pick(half, 12, 12, 9) | pick(half, 6, 6, 4) | pick(half, 5, 5, 6) |
                      pick(half, 4, 3, 7) | pick(half, 2, 2, 5);

    if (half->rd == REG_SP) {
        riscv_set_reads(half->insn, REG_SP, 0);
        return offset && set(half, "c.addi16sp", "sp, %" PRId32, (int32_t)(offset << 22) >> 22);
    }
    return half->imm && set(half, "c.lui", "%s, 0x%" PRIx32, riscv_register(half->rd),
                            (uint32_t)half->imm & 0xfffff);
}

static bool set_arithmetic(const struct half *half)
{
    static const char *const names[] = {"c.sub",  "c.xor",  "c.or", "c.and",
                                        "c.subw", "c.addw", NULL,   NULL};
    const char *rd = riscv_register(half->short_rd);
    uint32_t amount = (uint32_t)half->imm & 63, kind = half->bits >> 10 & 3;

    riscv_set_reads(half->insn, half->short_rd, kind == 3 ? half->short_rs2 : 0);
    if (kind == 2)
        return set(half, "c.andi", "%s, %" PRId32, rd, half->imm);
    if (kind < 2)
        return (half->is_64 || amount < 32) &&
               set(half, kind ? "c.srai" : "c.srli", "%s, 0x%" PRIx32, rd, amount);
    uint32_t index = pick(half, 12, 12, 2) | pick(half, 6, 5, 0);
    return names[index] && (half->is_64 || index < 4) &&
           set(half, names[index], "%s, %s", rd, riscv_register(half->short_rs2));
}

static bool decode_1(const struct half *half)
{
    const char *rd = riscv_register(half->rd);

    switch (half->bits >> 13) {
    case 0:
        if (half->rd)
            riscv_set_reads(half->insn, half->rd, 0);
        return half->rd ? set(half, "c.addi", "%s, %" PRId32, rd, half->imm)
                        : set(half, "c.nop", "%s", "");
    case 1:
        if (!half->is_64)
            return set_jump(half, "c.jal", FLOW_CALL);
        riscv_set_reads(half->insn, half->rd, 0);
        return half->rd && set(half, "c.addiw", "%s, %" PRId32, rd, half->imm);
    case 2:
        return set(half, "c.li", "%s, %" PRId32, rd, half->imm);
    case 3:
        return set_constant(half);
    case 4:
        return set_arithmetic(half);
    case 5:
        return set_jump(half, "c.j", FLOW_JUMP);
    default:
        return set_branch(half, half->bits >> 13 == 6 ? "c.beqz" : "c.bnez");
    }
}

// --- quadrant 2: the stack, moves, jumps to registers ---

static bool set_move(const struct half *half)
{
    const char *rd = riscv_register(half->rd), *rs2 = riscv_register(half->rs2);
    bool is_add = half->bits >> 12 & 1;

    if (half->rs2) {
        riscv_set_reads(half->insn, half->rs2, is_add ? half->rd : 0);
        return set(half, is_add ? "c.add" : "c.mv", "%s, %s", rd, rs2);
    }
    if (!half->rd)
        return is_add && set(half, "c.ebreak", "%s", "");
    riscv_set_reads(half->insn, half->rd, 0);
    half->insn->flow = is_add ? FLOW_CALL : FLOW_JUMP;
    return set(half, is_add ? "c.jalr" : "c.jr", "%s", rd);
}

static bool decode_2(const struct half *half)
{
    uint32_t amount = (uint32_t)half->imm & 63;
    uint32_t load_word = pick(half, 12, 12, 5) | pick(half, 6, 4, 2) | pick(half, 3, 2, 6);
    uint32_t load_wide = pick(half, 12, 12, 5) | pick(half, 6, 5, 3) | pick(half, 4, 2, 6);
    uint32_t store_word = pick(half, 12, 9, 2) | pick(half, 8, 7, 6);
    uint32_t store_wide = pick(half, 12, 10, 3) | pick(half, 9, 7, 6);

    switch (half->bits >> 13) {
    case 0:
        riscv_set_reads(half->insn, half->rd, 0);
        return (half->is_64 || amount < 32) &&
               set(half, "c.slli", "%s, 0x%" PRIx32, riscv_register(half->rd), amount);
    case 2:
        return half->rd && set_access(half, "c.lwsp", half->rd, REG_SP, load_word);
    case 3:
        return half->is_64 && half->rd && set_access(half, "c.ldsp", half->rd, REG_SP, load_wide);
    case 4:
        return set_move(half);
    case 6:
        return set_access(half, "c.swsp", half->rs2, REG_SP, store_word);
    case 7:
        return half->is_64 && set_access(half, "c.sdsp", half->rs2, REG_SP, store_wide);
    default:
        return false;
    }
}

bool riscv_decode_compressed(bool is_64, uint32_t bits, struct insn *insn)
{
    struct half half = {.insn = insn, .bits = bits & 0xffff, .is_64 = is_64};

    half.rd = pick(&half, 11, 7, 0);
    half.rs2 = pick(&half, 6, 2, 0);
    half.short_rd = REG_FIRST_SHORT + pick(&half, 9, 7, 0);
    half.short_rs2 = REG_FIRST_SHORT + pick(&half, 4, 2, 0);
    half.imm = (int32_t)((pick(&half, 12, 12, 5) | pick(&half, 6, 2, 0)) << 26) >> 26;
    switch (half.bits & 3) {
    case 0:
        return decode_0(&half);
    case 1:
        return decode_1(&half);
    default:
        return decode_2(&half);
    }
}
