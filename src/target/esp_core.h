// SPDX-License-Identifier: MIT
// Core dumps of ESP-IDF: which form a file has, and what its ELF form holds besides what
// every core does. Facts: ESP-IDF v4.1 to v5.5, components/espcoredump.
#ifndef MPH_TARGET_ESP_CORE_H
#define MPH_TARGET_ESP_CORE_H

#include "target/elf_file.h"
#include "target/regs.h"

// The word for --core-format of Espressif's esp-coredump when the bytes are a core dump as
// it lies in flash ("raw") or as it is printed on the console ("b64"), else NULL.
const char *esp_core_form(const uint8_t *bytes, size_t size);

// Whether a note is one that only ESP-IDF writes.
bool esp_core_is_note(const struct elf_note *note);

// RISC-V: the trap's registers, which the panic handler saved on the stack of the task that
// it stopped, behind those that NT_PRSTATUS has. They are added where the saved frame is in
// the file: it begins with the very words of `prstatus`.
void esp_core_add_trap(const struct elf_file *file, const struct elf_note *prstatus,
                       struct regs *regs);

#endif
