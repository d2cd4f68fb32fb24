// SPDX-License-Identifier: MIT
// RISC-V instructions of four bytes: RV32I, RV64I, M, A, Zicsr, Zifencei and the machine
// mode's own. Encodings: volume I (20191213), chapter 24; volume II (20211203), chapter 8.
#include <inttypes.h>
#include <stdio.h>

#include "cpu/riscv.h"

enum format {
    FORM_R,
    FORM_I,
    FORM_SHIFT,
    FORM_LOAD,
    FORM_STORE,
    FORM_BRANCH,
    FORM_U,
    FORM_J,
    FORM_JALR,
    FORM_CSR,
    FORM_CSRI,
    FORM_FENCE,
    FORM_AMO,
    FORM_LR,
    FORM_NONE,
};

enum { RV64 = 1 }; // only there

// Bits that tell an instruction apart, by form.
static const uint32_t masks[] = {
    [FORM_R] = 0xfe00707f,    [FORM_I] = 0x0000707f,     [FORM_SHIFT] = 0xfc00707f,
    [FORM_LOAD] = 0x0000707f, [FORM_STORE] = 0x0000707f, [FORM_BRANCH] = 0x0000707f,
    [FORM_U] = 0x0000007f,    [FORM_J] = 0x0000007f,     [FORM_JALR] = 0x0000707f,
    [FORM_CSR] = 0x0000707f,  [FORM_CSRI] = 0x0000707f,  [FORM_FENCE] = 0x0000707f,
    [FORM_AMO] = 0xf800707f,  [FORM_LR] = 0xf9f0707f,    [FORM_NONE] = 0xffffffff,
};

static const struct row {
    uint32_t match;
    uint8_t form, needs;
    const char *name;
} rows[] = {
    {0x00000037, FORM_U, 0, "lui"},
    {0x00000017, FORM_U, 0, "auipc"},
    {0x0000006f, FORM_J, 0, "jal"},
    {0x00000067, FORM_JALR, 0, "jalr"},
    {0x00000063, FORM_BRANCH, 0, "beq"},
    {0x00001063, FORM_BRANCH, 0, "bne"},
    {0x00004063, FORM_BRANCH, 0, "blt"},
    {0x00005063, FORM_BRANCH, 0, "bge"},
    {0x00006063, FORM_BRANCH, 0, "bltu"},
    {0x00007063, FORM_BRANCH, 0, "bgeu"},
    {0x00000003, FORM_LOAD, 0, "lb"},
    {0x00001003, FORM_LOAD, 0, "lh"},
    {0x00002003, FORM_LOAD, 0, "lw"},
    {0x00004003, FORM_LOAD, 0, "lbu"},
    {0x00005003, FORM_LOAD, 0, "lhu"},
    {0x00006003, FORM_LOAD, RV64, "lwu"},
    {0x00003003, FORM_LOAD, RV64, "ld"},
    {0x00000023, FORM_STORE, 0, "sb"},
    {0x00001023, FORM_STORE, 0, "sh"},
    {0x00002023, FORM_STORE, 0, "sw"},
    {0x00003023, FORM_STORE, RV64, "sd"},
    {0x00000013, FORM_I, 0, "addi"},
    {0x00002013, FORM_I, 0, "slti"},
    {0x00003013, FORM_I, 0, "sltiu"},
    {0x00004013, FORM_I, 0, "xori"},
    {0x00006013, FORM_I, 0, "ori"},
    {0x00007013, FORM_I, 0, "andi"},
    {0x00001013, FORM_SHIFT, 0, "slli"},
    {0x00005013, FORM_SHIFT, 0, "srli"},
    {0x40005013, FORM_SHIFT, 0, "srai"},
    {0x00000033, FORM_R, 0, "add"},
    {0x40000033, FORM_R, 0, "sub"},
    {0x00001033, FORM_R, 0, "sll"},
    {0x00002033, FORM_R, 0, "slt"},
    {0x00003033, FORM_R, 0, "sltu"},
    {0x00004033, FORM_R, 0, "xor"},
    {0x00005033, FORM_R, 0, "srl"},
    {0x40005033, FORM_R, 0, "sra"},
    {0x00006033, FORM_R, 0, "or"},
    {0x00007033, FORM_R, 0, "and"},
    {0x0000001b, FORM_I, RV64, "addiw"},
    {0x0000101b, FORM_SHIFT, RV64, "slliw"},
    {0x0000501b, FORM_SHIFT, RV64, "srliw"},
    {0x4000501b, FORM_SHIFT, RV64, "sraiw"},
    {0x0000003b, FORM_R, RV64, "addw"},
    {0x4000003b, FORM_R, RV64, "subw"},
    {0x0000103b, FORM_R, RV64, "sllw"},
    {0x0000503b, FORM_R, RV64, "srlw"},
    {0x4000503b, FORM_R, RV64, "sraw"},
    {0x02000033, FORM_R, 0, "mul"},
    {0x02001033, FORM_R, 0, "mulh"},
    {0x02002033, FORM_R, 0, "mulhsu"},
    {0x02003033, FORM_R, 0, "mulhu"},
    {0x02004033, FORM_R, 0, "div"},
    {0x02005033, FORM_R, 0, "divu"},
    {0x02006033, FORM_R, 0, "rem"},
    {0x02007033, FORM_R, 0, "remu"},
    {0x0200003b, FORM_R, RV64, "mulw"},
    {0x0200403b, FORM_R, RV64, "divw"},
    {0x0200503b, FORM_R, RV64, "divuw"},
    {0x0200603b, FORM_R, RV64, "remw"},
    {0x0200703b, FORM_R, RV64, "remuw"},
    {0x1000202f, FORM_LR, 0, "lr.w"},
    {0x1800202f, FORM_AMO, 0, "sc.w"},
    {0x0800202f, FORM_AMO, 0, "amoswap.w"},
    {0x0000202f, FORM_AMO, 0, "amoadd.w"},
    {0x2000202f, FORM_AMO, 0, "amoxor.w"},
    {0x6000202f, FORM_AMO, 0, "amoand.w"},
    {0x4000202f, FORM_AMO, 0, "amoor.w"},
    {0x8000202f, FORM_AMO, 0, "amomin.w"},
    {0xa000202f, FORM_AMO, 0, "amomax.w"},
    {0xc000202f, FORM_AMO, 0, "amominu.w"},
    {0xe000202f, FORM_AMO, 0, "amomaxu.w"},
    {0x1000302f, FORM_LR, RV64, "lr.d"},
    {0x1800302f, FORM_AMO, RV64, "sc.d"},
    {0x0800302f, FORM_AMO, RV64, "amoswap.d"},
    {0x0000302f, FORM_AMO, RV64, "amoadd.d"},
    {0x2000302f, FORM_AMO, RV64, "amoxor.d"},
    {0x6000302f, FORM_AMO, RV64, "amoand.d"},
    {0x4000302f, FORM_AMO, RV64, "amoor.d"},
    {0x8000302f, FORM_AMO, RV64, "amomin.d"},
    {0xa000302f, FORM_AMO, RV64, "amomax.d"},
    {0xc000302f, FORM_AMO, RV64, "amominu.d"},
    {0xe000302f, FORM_AMO, RV64, "amomaxu.d"},
    {0x0000000f, FORM_FENCE, 0, "fence"},
    {0x0000100f, FORM_NONE, 0, "fence.i"},
    {0x00000073, FORM_NONE, 0, "ecall"},
    {0x00100073, FORM_NONE, 0, "ebreak"},
    {0x30200073, FORM_NONE, 0, "mret"},
    {0x10200073, FORM_NONE, 0, "sret"},
    {0x10500073, FORM_NONE, 0, "wfi"},
    {0x00001073, FORM_CSR, 0, "csrrw"},
    {0x00002073, FORM_CSR, 0, "csrrs"},
    {0x00003073, FORM_CSR, 0, "csrrc"},
    {0x00005073, FORM_CSRI, 0, "csrrwi"},
    {0x00006073, FORM_CSRI, 0, "csrrsi"},
    {0x00007073, FORM_CSRI, 0, "csrrci"},
};

static const struct row *find_row(bool is_64, uint32_t word)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((word & masks[rows[i].form]) == rows[i].match && (is_64 || !rows[i].needs))
            return &rows[i];
    return NULL;
}

// --- fields ---

struct fields {
    unsigned rd, rs1, rs2;
    int32_t imm_i, imm_s, imm_b, imm_j;
};

static struct fields fields_of(uint32_t word)
{
    int32_t sign = word >> 31 ? -1 : 0;

    return (struct fields){
        .rd = word >> 7 & 31,
        .rs1 = word >> 15 & 31,
        .rs2 = word >> 20 & 31,
        .imm_i = (int32_t)word >> 20,
        .imm_s = sign * 2048 + (int32_t)((word >> 25 & 63) << 5 | (word >> 7 & 31)),
        .imm_b = sign * 4096 +
                 (int32_t)((word >> 7 & 1) << 11 | (word >> 25 & 63) << 5 | (word >> 8 & 15) << 1),
        .imm_j = sign * (1 << 20) + (int32_t)((word >> 12 & 255) << 12 | (word >> 20 & 1) << 11 |
                                              (word >> 21 & 1023) << 1),
    };
}

static const char *csr_name(unsigned number)
{
    static const struct {
        uint16_t number;
        const char *name;
    } csrs[] = {
        {0x300, "mstatus"},   {0x301, "misa"},    {0x304, "mie"},     {0x305, "mtvec"},
        {0x340, "mscratch"},  {0x341, "mepc"},    {0x342, "mcause"},  {0x343, "mtval"},
        {0x344, "mip"},       {0xb00, "mcycle"},  {0xc00, "cycle"},   {0xc01, "time"},
        {0xf11, "mvendorid"}, {0xf12, "marchid"}, {0xf14, "mhartid"},
    };

    for (size_t i = 0; i < sizeof csrs / sizeof *csrs; i++)
        if (csrs[i].number == number)
            return csrs[i].name;
    return NULL;
}

static void set_csr(struct insn *insn, const struct fields *f, const char *value)
{
    unsigned number = (unsigned)f->imm_i & 0xfff;
    const char *name = csr_name(number);
    char digits[8];

    snprintf(digits, sizeof digits, "0x%x", number);
    snprintf(insn->operands, sizeof insn->operands, "%s, %s, %s", riscv_register(f->rd),
             name ? name : digits, value);
}

static void set_fence(struct insn *insn, uint32_t word)
{
    char sets[2][5];

    for (int i = 0; i < 2; i++) {
        unsigned bits = word >> (i ? 20 : 24) & 15;
        int length = 0;

        for (int bit = 3; bit >= 0; bit--)
            if (bits & 1u << bit)
                sets[i][length++] = "wroi"[bit];
        sets[i][length] = '\0';
    }
    snprintf(insn->operands, sizeof insn->operands, "%s, %s", sets[0], sets[1]);
}

// --- by form ---

static bool set_shift(bool is_64, uint32_t word, const struct fields *f, struct insn *insn)
{
    unsigned amount = word >> 20 & 63;
    bool is_narrow = !is_64 || (word & 0x7f) == 0x1b;

    if (is_narrow && amount > 31)
        return false;
    snprintf(insn->operands, sizeof insn->operands, "%s, %s, 0x%x", riscv_register(f->rd),
             riscv_register(f->rs1), amount);
    return true;
}

static void set_memory_form(enum format form, const struct fields *f, struct insn *insn)
{
    bool is_store = form == FORM_STORE;
    int32_t offset = is_store ? f->imm_s : f->imm_i;

    snprintf(insn->operands, sizeof insn->operands, "%s, %" PRId32 "(%s)",
             riscv_register(is_store ? f->rs2 : f->rd), offset, riscv_register(f->rs1));
    riscv_set_memory(insn, f->rs1, offset, is_store);
}

static void set_jump_form(bool is_64, enum format form, const struct fields *f, struct insn *insn)
{
    size_t room = sizeof insn->operands;

    if (form == FORM_JALR) {
        snprintf(insn->operands, room, "%s, %" PRId32 "(%s)", riscv_register(f->rd), f->imm_i,
                 riscv_register(f->rs1));
        insn->flow = f->rd ? FLOW_CALL : FLOW_JUMP;
        return;
    }
    riscv_set_target(insn, is_64, form == FORM_J ? f->imm_j : f->imm_b,
                     form != FORM_J ? FLOW_BRANCH
                     : f->rd        ? FLOW_CALL
                                    : FLOW_JUMP);
    if (form == FORM_J)
        snprintf(insn->operands, room, "%s, 0x%" PRIx64, riscv_register(f->rd), insn->target);
    else
        snprintf(insn->operands, room, "%s, %s, 0x%" PRIx64, riscv_register(f->rs1),
                 riscv_register(f->rs2), insn->target);
}

static void set_atomic(enum format form, uint32_t word, const struct fields *f, struct insn *insn)
{
    static const char *const orders[] = {"", ".rl", ".aq", ".aqrl"};
    size_t used = 0;

    while (insn->mnemonic[used])
        used++;
    snprintf(insn->mnemonic + used, sizeof insn->mnemonic - used, "%s", orders[word >> 25 & 3]);
    if (form == FORM_LR)
        snprintf(insn->operands, sizeof insn->operands, "%s, (%s)", riscv_register(f->rd),
                 riscv_register(f->rs1));
    else
        snprintf(insn->operands, sizeof insn->operands, "%s, %s, (%s)", riscv_register(f->rd),
                 riscv_register(f->rs2), riscv_register(f->rs1));
    riscv_set_memory(insn, f->rs1, 0, form != FORM_LR);
}

static void set_reads(enum format form, const struct fields *f, struct insn *insn)
{
    switch (form) {
    case FORM_R:
    case FORM_STORE:
    case FORM_BRANCH:
    case FORM_AMO:
        riscv_set_reads(insn, f->rs1, f->rs2);
        break;
    case FORM_I:
    case FORM_SHIFT:
    case FORM_LOAD:
    case FORM_JALR:
    case FORM_CSR:
    case FORM_LR:
        riscv_set_reads(insn, f->rs1, 0);
        break;
    default:
        break;
    }
}

static void set_plain(enum format form, uint32_t word, const struct fields *f, struct insn *insn)
{
    size_t room = sizeof insn->operands;
    const char *rd = riscv_register(f->rd), *rs1 = riscv_register(f->rs1);
    char number[8];

    if (form == FORM_R) {
        snprintf(insn->operands, room, "%s, %s, %s", rd, rs1, riscv_register(f->rs2));
    } else if (form == FORM_I) {
        snprintf(insn->operands, room, "%s, %s, %" PRId32, rd, rs1, f->imm_i);
    } else if (form == FORM_U) {
        snprintf(insn->operands, room, "%s, 0x%" PRIx32, rd, word >> 12);
    } else if (form == FORM_CSR) {
        set_csr(insn, f, rs1);
    } else if (form == FORM_CSRI) {
        snprintf(number, sizeof number, "%u", f->rs1);
        set_csr(insn, f, number);
    }
}

bool riscv_decode_full(bool is_64, uint32_t word, struct insn *insn)
{
    const struct row *row = find_row(is_64, word);
    struct fields f = fields_of(word);

    if (!row)
        return false;
    snprintf(insn->mnemonic, sizeof insn->mnemonic, "%s", row->name);
    set_reads(row->form, &f, insn);
    switch (row->form) {
    case FORM_SHIFT:
        return set_shift(is_64, word, &f, insn);
    case FORM_LOAD:
    case FORM_STORE:
        set_memory_form(row->form, &f, insn);
        break;
    case FORM_BRANCH:
    case FORM_J:
    case FORM_JALR:
        set_jump_form(is_64, row->form, &f, insn);
        break;
    case FORM_AMO:
    case FORM_LR:
        set_atomic(row->form, word, &f, insn);
        break;
    case FORM_FENCE:
        set_fence(insn, word);
        break;
    default:
        set_plain(row->form, word, &f, insn);
    }
    return true;
}
