// SPDX-License-Identifier: MIT
// A firmware's ELF as memory: the read-only bytes, which are still in flash.
#include <elf.h>

#include "target/elf_file.h"
#include "target/target.h"

static bool is_flash(const struct elf_section *section)
{
    return section->flags & SHF_ALLOC && !(section->flags & SHF_WRITE) &&
           section->type != SHT_NOBITS && section->type != SHT_NOTE;
}

// Sections rather than segments: many linker scripts make one writable segment
// of flash and initial RAM contents, and only the section flags tell them apart.
static int add_sections(struct target *target, const struct elf_file *file, uint64_t bias,
                        struct mph_err *err)
{
    struct elf_section section;

    for (size_t i = 0; elf_file_section(file, i, &section); i++) {
        if (!is_flash(&section))
            continue;
        if (section.offset > file->size || section.size > file->size - section.offset)
            return mph_fail(err, MPH_ERR_FILE, "ELF: truncated: section %s is not all there (%s)",
                            section.name, file->path);
        int rc = target_add_bytes(target, section.address + bias, file->bytes + section.offset,
                                  section.size, false, file->path, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int target_add_elf(struct target *target, const char *path, struct mph_err *err)
{
    struct elf_file file;
    int rc = target_open_elf(target, path, &file, err);

    if (rc < 0)
        return rc;
    if (file.type == ET_CORE)
        rc = mph_fail(err, MPH_ERR_FILE, "ELF: is a core, use --core (%s)", path);
    else if (target->machine && target->machine != file.machine)
        rc = mph_fail(err, MPH_ERR_WRONG_ELF,
                      "ELF: built for machine %u, but the memory is of machine %u (%s)",
                      file.machine, target->machine, path);
    else if (file.type != ET_DYN)
        rc = add_sections(target, &file, 0, err);
    else if (target->entry) // position independent: only a core tells where it was
        rc = add_sections(target, &file, target->entry - file.entry, err);
    if (rc == 0) {
        target->machine = file.machine;
        target->word_bytes = file.word_bytes;
        target->big_endian = file.big_endian;
    }
    elf_file_deinit(&file);
    return rc;
}
