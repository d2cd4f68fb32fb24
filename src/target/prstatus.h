// SPDX-License-Identifier: MIT
// Where a core's NT_PRSTATUS note keeps each register, by ELF machine.
#ifndef MPH_TARGET_PRSTATUS_H
#define MPH_TARGET_PRSTATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/regs.h"

struct prstatus_layout {
    uint16_t machine;      // ELF e_machine
    uint8_t word_bytes;
    uint16_t size;         // of the note's descriptor
    uint16_t regs_offset;  // of the first register
    uint16_t pid_offset;   // of the 32-bit thread id
    const char *const *names; // NULL-terminated; "" for a slot of no interest
};

// The layout for a machine, or NULL where none is known.
const struct prstatus_layout *prstatus_find(uint16_t machine, uint8_t word_bytes);

// Registers out of a descriptor of at least layout->size bytes.
void prstatus_decode(const struct prstatus_layout *layout, const uint8_t *bytes, bool big_endian,
                     struct regs *ret);

// A descriptor of layout->size bytes from registers; unknown ones are zero.
void prstatus_encode(const struct prstatus_layout *layout, const struct regs *regs, uint32_t thread,
                     bool big_endian, uint8_t *bytes);

#endif
