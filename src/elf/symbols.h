// SPDX-License-Identifier: MIT
// Symbols of a firmware by name.
#ifndef MPH_ELF_SYMBOLS_H
#define MPH_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "target/elf_file.h"

struct symbol {
    const char *name; // lives as long as the ELF file it came from
    uint64_t address; // as linked, plus the load bias
    uint64_t size;    // 0 where the ELF does not say
    bool is_function; // on ARM the low bit of its address says Thumb
};

struct symbols {
    struct vec list; // of struct symbol, sorted by name
};

// Every defined object, function and untyped symbol. An ELF with no symbol
// table gives an empty list.
int symbols_init(struct symbols *symbols, const struct elf_file *file, uint64_t bias,
                 struct mph_err *err);
void symbols_deinit(struct symbols *symbols);

// The symbol of that name, or NULL.
const struct symbol *symbols_find(const struct symbols *symbols, const char *name);

// The symbol that an address lies in: the smallest one that spans it, else one of unknown
// size that begins there. NULL when there is none. Looks at all of them.
const struct symbol *symbols_at(const struct symbols *symbols, uint64_t address);

#endif
