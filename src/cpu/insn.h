// SPDX-License-Identifier: MIT
// One instruction at a time, from bytes to what a person reads and to what it touches.
#ifndef MPH_CPU_INSN_H
#define MPH_CPU_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cpu/isa.h"
#include "target/target.h"

enum { INSN_BYTES_MAX = 16, INSN_REGS_MAX = 8 };

enum flow {
    FLOW_NEXT,   // goes on behind itself
    FLOW_BRANCH, // may go to `target`, or on behind itself
    FLOW_JUMP,   // goes to `target`
    FLOW_CALL,   // calls `target`
};

// Memory an instruction reads or writes: base + index * scale + offset.
struct insn_memory {
    char base[REG_NAME_MAX], index[REG_NAME_MAX]; // empty: none
    int64_t scale, offset;
};

struct insn {
    uint64_t address;
    size_t size; // bytes
    uint8_t bytes[INSN_BYTES_MAX];
    bool is_data; // no instruction of this set: a directive that gives the bytes
    char mnemonic[32];
    char operands[160];
    enum flow flow;
    bool has_target; // a branch with its target in the instruction
    uint64_t target;
    bool has_literal; // a constant is loaded from near the instruction
    uint64_t literal; // its address
    bool has_memory;
    bool is_store;
    struct insn_memory memory;
    char reads[INSN_REGS_MAX][REG_NAME_MAX]; // names of registers as struct regs has them
    size_t read_count;
};

struct decoder;

// A decoder of an instruction set. MPH_ERR_UNSUPPORTED for one that there is no decoder of.
int decoder_create(enum isa isa, bool big_endian, struct decoder **ret, struct mph_err *err);
void decoder_destroy(struct decoder *decoder);

// The instruction that `size` bytes at `address` begin with. False when they are too few.
// Bytes that are no instruction are data.
bool decoder_next(struct decoder *decoder, uint64_t address, const uint8_t *bytes, size_t size,
                  struct insn *ret);

// The instruction at an address of a target; `ret_found` is false where there is no memory.
// A device is never asked.
int insn_at(struct target *target, uint64_t address, struct insn *ret, bool *ret_found,
            struct mph_err *err);

// `size` bytes (at most 8) as a directive: .byte, .short or .word.
void insn_set_data(struct insn *insn, uint64_t address, const uint8_t *bytes, size_t size,
                   bool big_endian);

// The address that an instruction reads or writes, with the registers as they are before
// it. False where it touches no memory, or a register is not known.
bool insn_memory_address(const struct insn *insn, const struct regs *regs, uint64_t *ret);

#endif
