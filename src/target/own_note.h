// SPDX-License-Identifier: MIT
// What a core cannot say in the notes that everybody knows: notes of our own, which other
// programs pass over. docs/core-format.md describes them.
//
// Both are lines of ASCII text, so that `strings` shows them, too: registers as NAME=0xVALUE,
// ranges as 0xADDRESS+0xSIZE.
#ifndef MPH_TARGET_OWN_NOTE_H
#define MPH_TARGET_OWN_NOTE_H

#include "base/text.h"
#include "base/vec.h"
#include "target/elf_file.h"
#include "target/regs.h"

#define OWN_NOTE_NAME "MPHEAP"

// BFD goes by the type alone, whatever the name (bfd/elf.c elfcore_grok_note), so these are
// far from all that it knows.
enum own_note {
    OWN_NOTE_REGISTERS = 0x4d500001, // every register that was known, and no other
    OWN_NOTE_REFUSED = 0x4d500002,   // where the target was asked and no memory answered
};

void own_note_add_registers(const struct regs *regs, struct text *text);

// `ranges` holds struct range.
void own_note_add_ranges(const struct vec *ranges, struct text *text);

// Lines that are damaged are passed over. False when no line was of use.
bool own_note_registers(const struct elf_note *note, struct regs *ret);

// Appends struct range to *ranges. Out of memory loses some of them.
void own_note_ranges(const struct elf_note *note, struct vec *ranges);

#endif
