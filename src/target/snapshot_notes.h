// SPDX-License-Identifier: MIT
// The note segment of a core: registers and threads as every debugger reads them, what
// GDB has to know to read them right, and our own notes. docs/core-format.md.
#ifndef MPH_TARGET_SNAPSHOT_NOTES_H
#define MPH_TARGET_SNAPSHOT_NOTES_H

#include "base/text.h"
#include "target/target.h"

// The bytes of the segment, in the target's byte order; none where nothing is known. *ret
// is the caller's to text_deinit, also after an error.
int snapshot_notes(const struct target *target, uint8_t word_bytes, struct text *ret,
                   struct mph_err *err);

#endif
