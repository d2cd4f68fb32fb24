// SPDX-License-Identifier: MIT
// Decoders by the capstone library. It decodes RISC-V from version 5 on, and no Xtensa.
#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/insn.h"
#include "cpu/riscv.h"

struct decoder {
    enum isa isa;
    bool big_endian;
    csh handle; // 0: a decoder of our own
    cs_insn *insn;
};

static const struct mode {
    cs_arch arch;
    int mode;
} modes[ISA_COUNT] = {
    [ISA_THUMB] = {CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS},
    [ISA_ARM] = {CS_ARCH_ARM, CS_MODE_ARM},
    [ISA_AARCH64] = {CS_ARCH_ARM64, CS_MODE_ARM},
    [ISA_X86] = {CS_ARCH_X86, CS_MODE_32},
    [ISA_X86_64] = {CS_ARCH_X86, CS_MODE_64},
};

static bool is_riscv(enum isa isa)
{
    return isa == ISA_RISCV32 || isa == ISA_RISCV64;
}

static int open_library(struct decoder *decoder, struct mph_err *err)
{
    const struct mode *mode = &modes[decoder->isa];
    unsigned bits =
        (unsigned)mode->mode | (decoder->big_endian ? (unsigned)CS_MODE_BIG_ENDIAN : 0u);

    if (!mode->mode && decoder->isa != ISA_ARM && decoder->isa != ISA_AARCH64)
        return mph_fail(err, MPH_ERR_UNSUPPORTED, "disasm: there is no decoder of %s code",
                        isa_name(decoder->isa));
    if (cs_open(mode->arch, (cs_mode)bits, &decoder->handle) != CS_ERR_OK)
        return mph_fail(err, MPH_ERR_UNSUPPORTED, "disasm: the library cannot decode %s code",
                        isa_name(decoder->isa));
    cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON);
    decoder->insn = cs_malloc(decoder->handle);
    return decoder->insn ? 0 : mph_fail_no_memory(err);
}

int decoder_create(enum isa isa, bool big_endian, struct decoder **ret, struct mph_err *err)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder)
        return mph_fail_no_memory(err);
    decoder->isa = isa;
    decoder->big_endian = big_endian;
    int rc = is_riscv(isa) ? 0 : open_library(decoder, err);
    if (rc < 0) {
        decoder_destroy(decoder);
        return rc;
    }
    *ret = decoder;
    return 0;
}

void decoder_destroy(struct decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->insn)
        cs_free(decoder->insn, 1);
    if (decoder->handle)
        cs_close(&decoder->handle);
    free(decoder);
}

// --- what an instruction touches ---

static void set_name(const struct decoder *decoder, unsigned reg, char ret[REG_NAME_MAX])
{
    const char *name = reg ? cs_reg_name(decoder->handle, reg) : NULL;

    snprintf(ret, REG_NAME_MAX, "%s", name ? name : "");
}

static void set_reads(const struct decoder *decoder, struct insn *ret)
{
    cs_regs reads, writes;
    uint8_t read_count = 0, write_count = 0;

    if (cs_regs_access(decoder->handle, decoder->insn, reads, &read_count, writes, &write_count) !=
        CS_ERR_OK)
        return;
    for (uint8_t i = 0; i < read_count && ret->read_count < INSN_REGS_MAX; i++)
        set_name(decoder, reads[i], ret->reads[ret->read_count++]);
}

static void set_target(struct insn *ret, int64_t target)
{
    ret->has_target = true;
    ret->target = (uint64_t)target;
}

// The pc reads as the address of the instruction and 4, rounded down to a word, or 8 in
// ARM code (ARM DDI 0406C, A2.3 and A8.8.64). Tables of branches (tbb) are indexed from it.
static void set_arm_memory(const struct decoder *decoder, const cs_arm_op *operand,
                           struct insn *ret)
{
    const arm_op_mem *memory = &operand->mem;
    uint64_t pc = ret->address + (decoder->isa == ISA_ARM ? 8 : 4);
    bool is_shifted = operand->shift.type == ARM_SFT_LSL;
    unsigned shift = is_shifted ? operand->shift.value : (unsigned)memory->lshift;

    if (memory->base == ARM_REG_PC) {
        ret->has_literal = memory->index == ARM_REG_INVALID;
        ret->literal = ((pc & ~(uint64_t)3) + (uint64_t)(int64_t)memory->disp) & UINT32_MAX;
        return;
    }
    ret->has_memory = true;
    set_name(decoder, memory->base, ret->memory.base);
    set_name(decoder, memory->index, ret->memory.index);
    ret->memory.scale = (int64_t)memory->scale * ((int64_t)1 << (shift & 31));
    ret->memory.offset = memory->disp;
}

// Loads and stores of several registers name their base as first operand.
static void set_arm_multiple(const struct decoder *decoder, struct insn *ret)
{
    static const unsigned ids[] = {ARM_INS_LDM, ARM_INS_LDMDA, ARM_INS_LDMDB, ARM_INS_LDMIB,
                                   ARM_INS_STM, ARM_INS_STMDA, ARM_INS_STMDB, ARM_INS_STMIB};
    const cs_arm_op *first = &decoder->insn->detail->arm.operands[0];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (decoder->insn->id == ids[i] && first->type == ARM_OP_REG) {
            ret->has_memory = true;
            set_name(decoder, (unsigned)first->reg, ret->memory.base);
        }
}

static void set_arm(const struct decoder *decoder, struct insn *ret)
{
    const cs_arm *arm = &decoder->insn->detail->arm;

    set_arm_multiple(decoder, ret);
    for (uint8_t i = 0; i < arm->op_count; i++) {
        const cs_arm_op *operand = &arm->operands[i];

        if (operand->type == ARM_OP_MEM)
            set_arm_memory(decoder, operand, ret);
        else if (operand->type == ARM_OP_IMM && ret->flow != FLOW_NEXT)
            set_target(ret, operand->imm & UINT32_MAX);
    }
    if (ret->flow == FLOW_BRANCH && decoder->insn->id == ARM_INS_B && arm->cc == ARM_CC_AL)
        ret->flow = FLOW_JUMP;
}

static void set_aarch64(const struct decoder *decoder, struct insn *ret)
{
    const cs_arm64 *arm = &decoder->insn->detail->arm64;

    for (uint8_t i = 0; i < arm->op_count; i++) {
        const cs_arm64_op *operand = &arm->operands[i];

        if (operand->type == ARM64_OP_MEM) {
            ret->has_memory = true;
            set_name(decoder, operand->mem.base, ret->memory.base);
            set_name(decoder, operand->mem.index, ret->memory.index);
            ret->memory.scale = 1;
            ret->memory.offset = operand->mem.disp;
        } else if (operand->type == ARM64_OP_IMM && ret->flow != FLOW_NEXT) {
            set_target(ret, operand->imm);
        }
    }
    if (ret->flow == FLOW_BRANCH && decoder->insn->id == ARM64_INS_B &&
        (arm->cc == ARM64_CC_INVALID || arm->cc == ARM64_CC_AL))
        ret->flow = FLOW_JUMP;
}

static void set_x86(const struct decoder *decoder, struct insn *ret)
{
    const cs_x86 *x86 = &decoder->insn->detail->x86;

    for (uint8_t i = 0; i < x86->op_count; i++) {
        const cs_x86_op *operand = &x86->operands[i];

        if (operand->type == X86_OP_MEM && (operand->mem.base == X86_REG_RIP)) {
            ret->has_literal = true;
            ret->literal = ret->address + ret->size + (uint64_t)operand->mem.disp;
        } else if (operand->type == X86_OP_MEM && decoder->insn->id != X86_INS_LEA) {
            ret->has_memory = true;
            ret->is_store = i == 0;
            set_name(decoder, operand->mem.base, ret->memory.base);
            set_name(decoder, operand->mem.index, ret->memory.index);
            ret->memory.scale = operand->mem.scale;
            ret->memory.offset = operand->mem.disp;
        } else if (operand->type == X86_OP_IMM && ret->flow != FLOW_NEXT) {
            set_target(ret, operand->imm);
        }
    }
    if (decoder->insn->id == X86_INS_JMP)
        ret->flow = FLOW_JUMP;
}

static bool is_arm_call(const struct decoder *decoder)
{
    unsigned id = decoder->insn->id;

    return modes[decoder->isa].arch == CS_ARCH_ARM && (id == ARM_INS_BL || id == ARM_INS_BLX);
}

static void set_flow(const struct decoder *decoder, struct insn *ret)
{
    csh handle = decoder->handle;
    const cs_insn *insn = decoder->insn;
    bool is_compare = modes[decoder->isa].arch == CS_ARCH_ARM &&
                      (insn->id == ARM_INS_CBZ || insn->id == ARM_INS_CBNZ);

    if (is_arm_call(decoder) || cs_insn_group(handle, insn, CS_GRP_CALL))
        ret->flow = FLOW_CALL;
    else if (is_compare || cs_insn_group(handle, insn, CS_GRP_JUMP))
        ret->flow = FLOW_BRANCH;
}

static void set_detail(const struct decoder *decoder, struct insn *ret)
{
    set_flow(decoder, ret);
    set_reads(decoder, ret);
    switch (modes[decoder->isa].arch) {
    case CS_ARCH_ARM:
        set_arm(decoder, ret);
        ret->is_store = !strncmp(ret->mnemonic, "st", 2) || !strncmp(ret->mnemonic, "vst", 3);
        break;
    case CS_ARCH_ARM64:
        set_aarch64(decoder, ret);
        ret->is_store = !strncmp(ret->mnemonic, "st", 2);
        break;
    default:
        set_x86(decoder, ret);
    }
}

// --- decoding ---

static bool decode_here(const struct decoder *decoder, uint64_t address, const uint8_t *bytes,
                        size_t size, struct insn *ret)
{
    if (!cs_disasm_iter(decoder->handle, &bytes, &size, &address, decoder->insn))
        return false;
    *ret = (struct insn){.address = decoder->insn->address, .size = decoder->insn->size};
    memcpy(ret->bytes, decoder->insn->bytes, ret->size);
    snprintf(ret->mnemonic, sizeof ret->mnemonic, "%s", decoder->insn->mnemonic);
    snprintf(ret->operands, sizeof ret->operands, "%.*s", (int)sizeof ret->operands - 1,
             decoder->insn->op_str);
    set_detail(decoder, ret);
    return true;
}

bool decoder_next(struct decoder *decoder, uint64_t address, const uint8_t *bytes, size_t size,
                  struct insn *ret)
{
    size_t step = isa_step(decoder->isa);
    bool is_found = is_riscv(decoder->isa)
                        ? riscv_decode(decoder->isa == ISA_RISCV64, address, bytes, size, ret)
                        : decode_here(decoder, address, bytes, size, ret);

    if (!is_found && size < step)
        return false;
    if (!is_found)
        insn_set_data(ret, address, bytes, step, decoder->big_endian);
    return true;
}
