// SPDX-License-Identifier: MIT
#include "cpu/insn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "target/devices.h"

void insn_set_data(struct insn *insn, uint64_t address, const uint8_t *bytes, size_t size,
                   bool big_endian)
{
    const char *name = size == 1 ? ".byte" : size == 2 ? ".short" : size == 4 ? ".word" : ".quad";

    *insn = (struct insn){.address = address, .size = size, .is_data = true};
    memcpy(insn->bytes, bytes, size);
    snprintf(insn->mnemonic, sizeof insn->mnemonic, "%s", name);
    snprintf(insn->operands, sizeof insn->operands, "0x%0*" PRIx64, (int)(2 * size),
             bytes_get(bytes, size, big_endian));
}

// A register of an operand; none counts as 0.
static bool value_of(const struct regs *regs, const char *name, uint64_t *ret)
{
    *ret = 0;
    return !*name || regs_get(regs, name, ret);
}

bool insn_memory_address(const struct insn *insn, const struct regs *regs, uint64_t *ret)
{
    const struct insn_memory *memory = &insn->memory;
    uint64_t base, index;

    if (insn->has_literal) {
        *ret = insn->literal;
        return true;
    }
    if (!insn->has_memory || !value_of(regs, memory->base, &base) ||
        !value_of(regs, memory->index, &index))
        return false;
    *ret = base + index * (uint64_t)memory->scale + (uint64_t)memory->offset;
    return true;
}

int insn_at(struct target *target, uint64_t address, struct insn *ret, bool *ret_found,
            struct mph_err *err)
{
    struct decoder *decoder;
    uint8_t bytes[INSN_BYTES_MAX];
    size_t size = sizeof bytes;

    *ret_found = false;
    if (devices_contain(target, address))
        return 0;
    while (size && target_read(target, address, bytes, size, NULL) < 0)
        size /= 2;
    if (!size)
        return 0;
    int rc = decoder_create(isa_of(target, address), target->big_endian, &decoder, err);
    if (rc < 0)
        return rc;
    *ret_found = decoder_next(decoder, address, bytes, size, ret);
    decoder_destroy(decoder);
    return 0;
}
