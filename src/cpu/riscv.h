// SPDX-License-Identifier: MIT
// RISC-V instructions and trap causes. Sources: The RISC-V Instruction Set Manual, volume I
// (20191213), chapters 24 (listings) and 16 (compressed); volume II (20211203), 3.1.15
// (mcause) and 3.1.7 (mtvec).
#ifndef MPH_CPU_RISCV_H
#define MPH_CPU_RISCV_H

#include "cpu/insn.h"

// The instruction of RV32IMAC or RV64IMAC at an address, as riscv_full.c and
// riscv_compressed.c know them, without aliases. Others, of known length, are data.
// False when the bytes are too few.
bool riscv_decode(bool is_64, uint64_t address, const uint8_t *bytes, size_t size,
                  struct insn *ret);

// --- for the decoders ---

const char *riscv_register(unsigned number); // ABI name of x0 to x31

// Fill in operands and what they mean. False for what is no instruction.
bool riscv_decode_full(bool is_64, uint32_t word, struct insn *insn);
bool riscv_decode_compressed(bool is_64, uint32_t half, struct insn *insn);

void riscv_set_reads(struct insn *insn, unsigned first, unsigned second);
void riscv_set_memory(struct insn *insn, unsigned base, int64_t offset, bool is_store);
void riscv_set_target(struct insn *insn, bool is_64, int64_t offset, enum flow flow);

// --- traps ---

// What an exception code (mcause without its top bit) stands for; NULL when reserved.
const char *riscv_cause_name(uint64_t code, bool is_interrupt);

// Whether an exception is an error of the program, and no request or breakpoint.
bool riscv_cause_is_fault(uint64_t code);

#endif
