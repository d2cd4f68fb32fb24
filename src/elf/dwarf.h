// SPDX-License-Identifier: MIT
// Members of C structures by name, from debug information. The only user of libdw.
#ifndef MPH_ELF_DWARF_H
#define MPH_ELF_DWARF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct dwarf;

struct dwarf_member {
    int64_t offset; // bytes from the start of the outermost structure
    uint64_t size;  // bytes; 0 for a flexible array
};

// Debug information of an ELF file on disk (DWARF 2 to 5, type units included).
// MPH_ERR_NO_SYMBOL when it has none.
int dwarf_open(const char *path, struct dwarf **ret, struct mph_err *err);
void dwarf_close(struct dwarf *dwarf);

// The structure that variable `name` is of becomes the one dwarf_find_member
// looks into. MPH_ERR_NO_SYMBOL when no unit defines it with a complete type.
int dwarf_select_variable(struct dwarf *dwarf, const char *name, struct mph_err *err);

// A member by its path, such as "mem.area.next"; members of anonymous structures
// and unions count as their parent's. False when there is none.
bool dwarf_find_member(const struct dwarf *dwarf, const char *path, struct dwarf_member *ret);

// Add the path of the innermost member that the byte at an offset belongs to, such as
// "vm.dict_main.map.table" or "vm.readline_hist[2]". False, with `text` as it was, when
// it belongs to none.
bool dwarf_add_member_at(const struct dwarf *dwarf, uint64_t offset, struct text *text);

#endif
