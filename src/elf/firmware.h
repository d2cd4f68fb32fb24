// SPDX-License-Identifier: MIT
// What the firmware's ELF knows: symbols always, members where it has debug
// information, and the version it says it is.
#ifndef MPH_ELF_FIRMWARE_H
#define MPH_ELF_FIRMWARE_H

#include <stdbool.h>

#include "elf/dwarf.h"
#include "elf/symbols.h"
#include "target/elf_file.h"
#include "target/target.h"

struct firmware {
    const char *path; // borrowed
    struct elf_file file;
    struct symbols symbols;
    struct dwarf *dwarf; // NULL: no debug information about mp_state_ctx
    uint64_t bias;       // run-time address minus linked address
};

// Read the ELF, whose file is mapped into `target`. The load bias of a position
// independent program comes from a core's entry point.
int firmware_init(struct firmware *firmware, const char *path, struct target *target,
                  struct mph_err *err);
void firmware_deinit(struct firmware *firmware);

// Whether memory holds what the ELF's flash sections say: compares a sample of
// what comes over a link. MPH_ERR_WRONG_ELF with the first address that differs.
// Memory that is not readable proves nothing and is no error.
int firmware_check_flash(const struct firmware *firmware, struct target *target,
                         struct mph_err *err);

// Ranges of RAM the ELF knows of: its writable sections, as struct range.
int firmware_ram(const struct firmware *firmware, struct vec *ranges, struct mph_err *err);

#endif
