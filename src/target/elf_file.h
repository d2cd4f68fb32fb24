// SPDX-License-Identifier: MIT
// An ELF file in memory: headers, sections, symbols and notes as plain structs.
// This is the only user of libelf; it knows nothing of MicroPython or of targets.
#ifndef MPH_TARGET_ELF_FILE_H
#define MPH_TARGET_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct elf_file {
    void *handle; // libelf's
    const uint8_t *bytes;
    size_t size;
    const char *path; // borrowed
    uint16_t type;    // ET_EXEC, ET_DYN, ET_CORE
    uint16_t machine; // EM_ARM, EM_RISCV, ...
    uint8_t word_bytes;
    bool big_endian;
    uint64_t entry;
};

struct elf_segment {
    uint32_t type;  // PT_LOAD, PT_NOTE, ...
    uint32_t flags; // PF_W, ...
    uint64_t address;
    uint64_t offset;
    uint64_t file_size;
    uint64_t memory_size;
};

struct elf_section {
    const char *name; // lives as long as the file
    uint32_t type;    // SHT_PROGBITS, ...
    uint64_t flags;   // SHF_ALLOC, ...
    uint64_t address;
    uint64_t offset;
    uint64_t size;
};

struct elf_symbol {
    const char *name; // lives as long as the file
    uint64_t address;
    uint64_t size;
    uint8_t kind;    // STT_OBJECT, STT_FUNC, ...
    bool is_defined;
};

struct elf_note {
    const char *name;
    uint32_t type;
    const uint8_t *bytes;
    size_t size;
};

// Parse the headers of a whole file in memory, which must outlive the elf_file.
int elf_file_init(struct elf_file *file, const uint8_t *bytes, size_t size, const char *path,
                  struct mph_err *err);
void elf_file_deinit(struct elf_file *file);

// Element `index`, or false past the last one.
bool elf_file_segment(const struct elf_file *file, size_t index, struct elf_segment *ret);
bool elf_file_section(const struct elf_file *file, size_t index, struct elf_section *ret);

// Call `visit` for every symbol of the symbol table until it returns false.
// False when the file has no symbol table.
bool elf_file_each_symbol(const struct elf_file *file,
                          bool (*visit)(void *context, const struct elf_symbol *symbol),
                          void *context);

// Call `visit` for every note of the note segments until it returns false.
void elf_file_each_note(const struct elf_file *file,
                        bool (*visit)(void *context, const struct elf_note *note), void *context);

#endif
