// SPDX-License-Identifier: MIT
// The version a firmware says it is, and what follows from it.
#ifndef MPH_LAYOUT_VERSION_H
#define MPH_LAYOUT_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/layout.h"

// The banner in `bytes`: "MicroPython v1.27.0 on 2025-..." as py/genhdr
// MICROPY_BANNER_NAME_AND_VERSION and sys.version hold it. Its version word
// goes to `version`, its number to *number. False when there is none.
bool version_find(const uint8_t *bytes, size_t size, char *version, size_t version_size,
                  int *number);

// Fill the layout's version from a dump's own memory, whatever ELF came with it
// (the segments of the file `except` are not looked at), or from the ELF.
bool version_of_dump(struct layout *layout, const struct target *target, const char *except);
bool version_of_elf(struct layout *layout, const struct firmware *firmware);

// Fill the layout's version from memory. Over a link that takes a search in flash
// around the metatype, bounded in time, made only where `searches_flash` asks for it.
int version_search(struct layout *layout, struct target *target, bool searches_flash,
                   struct mph_err *err);

#endif
