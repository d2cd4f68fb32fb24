// SPDX-License-Identifier: MIT
// The version a firmware says it is, and what follows from it.
#ifndef MPH_LAYOUT_VERSION_H
#define MPH_LAYOUT_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The banner in `bytes`: "MicroPython v1.27.0 on 2025-..." as py/genhdr
// MICROPY_BANNER_NAME_AND_VERSION and sys.version hold it. Its version word
// goes to `version`, its number to *number. False when there is none.
bool version_find(const uint8_t *bytes, size_t size, char *version, size_t version_size,
                  int *number);

#endif
