// SPDX-License-Identifier: MIT
// The memory a linker was told of: in GNU ld's map file, and in the MEMORY command of a linker
// script.
#ifndef MPH_ELF_REGIONS_H
#define MPH_ELF_REGIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/extent.h"
#include "base/vec.h"
#include "elf/symbols.h"

struct region {
    char name[64];
    struct extent extent;
    bool is_writable;    // by its attributes, or because it has none
    bool has_attributes; // without them it may be flash as well
};

// Add what the table "Memory Configuration" of a map file says, as struct region. Without one
// it is no map file: MPH_ERR_FILE.
int regions_from_map(const char *text, size_t size, struct vec *ret, struct mph_err *err);

// Add what MEMORY of a linker script says. Numbers, K and M, + - * / and parentheses are
// understood, ORIGIN and LENGTH of a region above, and symbols of the ELF that was linked with it
// (`symbols` may be NULL). Lines of the C preprocessor are passed over. A region whose place or
// size needs more than that is left out, and counted in *ret_unknown unless it is read-only. A
// script without MEMORY is MPH_ERR_FILE.
int regions_from_script(const char *text, size_t size, const struct symbols *symbols,
                        struct vec *ret, size_t *ret_unknown, struct mph_err *err);

#endif
