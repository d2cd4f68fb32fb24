// SPDX-License-Identifier: MIT
// Opcodes one after the other, as far as it takes to tell loops and local variables.
//
// Up to v1.18 the options of a build change the length of opcodes and show nowhere else. So
// code is read in each dialect that it may have; an answer counts when all of those agree
// in which a known opcode is met.
#ifndef MPH_OBJECT_BYTECODE_H
#define MPH_OBJECT_BYTECODE_H

#include "object/code.h"

struct dialect {
    enum prelude_form form;
    bool has_pointers; // no MICROPY_PERSISTENT_CODE: pointers, and qstrs as numbers
    bool has_cache;    // MICROPY_OPT_CACHE_MAP_LOOKUP_IN_BYTECODE, up to v1.17
    bool is_before_11; // up to v1.10
};

enum { BYTECODE_WINDOW = 512, BYTECODE_OPCODES_MAX = 1 << 16 };

struct bytecode {
    struct target *target;
    struct dialect dialect;
    size_t word;
    uint64_t at;   // address of the next opcode
    unsigned left; // opcodes that may still be read
    bool is_bad;   // no opcode was there, or no memory
    uint64_t known, size;
    uint8_t bytes[BYTECODE_WINDOW];
};

struct opcode {
    uint64_t address;
    bool has_local; // it reads, writes or deletes a local variable, or its cell
    uint64_t local; // which
    bool has_target;
    uint64_t target; // where it may go on instead of behind itself
    bool goes_on;    // it may go on behind itself
};

// Begin at a function's first opcode, in dialect `number`. False: the code has not so many.
bool bytecode_open(struct bytecode *bytecode, const struct layout *layout, struct target *target,
                   const struct code *code, unsigned number);

// Dialects are numbered from 0 to below this; one that a version rules out is bad at once.
enum { DIALECTS_MAX = 8 };

// The next opcode. False where there is none that makes sense, which `is_bad` then says.
bool bytecode_next(struct bytecode *bytecode, struct opcode *ret);

// A piece of code that a jump back at its end repeats.
struct loop {
    uint64_t start; // address of its first opcode
    uint64_t jump;  // of the jump back there
};

// The innermost loop around the opcode at `ip`. False when there is none, or in doubt.
bool bytecode_find_loop(const struct layout *layout, struct target *target, const struct code *code,
                        uint64_t ip, struct loop *ret);

// How many local variables the code uses, that is 1 + the last one's index. False in doubt:
// when the opcode at `ip` is not met in it, or uses more than `most`.
bool bytecode_count_locals(const struct layout *layout, struct target *target,
                           const struct code *code, uint64_t ip, unsigned most, unsigned *ret);

#endif
