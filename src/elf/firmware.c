// SPDX-License-Identifier: MIT
#include "elf/firmware.h"

#include <elf.h>
#include <string.h>

// Bytes of flash compared before they are believed, at the start and in the middle
// of the largest section: code that moved by one instruction differs there.
enum { SAMPLE = 32 };

static int load_dwarf(struct firmware *firmware, struct mph_err *err)
{
    struct mph_err none = {0};
    int rc = dwarf_open(firmware->path, &firmware->dwarf, &none);

    if (rc == 0)
        rc = dwarf_select_variable(firmware->dwarf, "mp_state_ctx", &none);
    if (rc < 0) {
        dwarf_close(firmware->dwarf);
        firmware->dwarf = NULL;
    }
    return rc == 0 || rc == MPH_ERR_NO_SYMBOL ? 0 : mph_fail(err, rc, "%s", none.text);
}

int firmware_init(struct firmware *firmware, const char *path, struct target *target,
                  struct mph_err *err)
{
    *firmware = (struct firmware){.path = path};
    int rc = target_open_elf(target, path, &firmware->file, err);
    if (rc < 0)
        return rc;
    if (firmware->file.type == ET_DYN && target->entry)
        firmware->bias = target->entry - firmware->file.entry;
    rc = symbols_init(&firmware->symbols, &firmware->file, firmware->bias, err);
    if (rc == 0)
        rc = load_dwarf(firmware, err);
    if (rc < 0)
        firmware_deinit(firmware);
    return rc;
}

void firmware_deinit(struct firmware *firmware)
{
    dwarf_close(firmware->dwarf);
    firmware->dwarf = NULL;
    symbols_deinit(&firmware->symbols);
    elf_file_deinit(&firmware->file);
}

static bool is_flash(const struct elf_section *section, const struct elf_file *file)
{
    return section->flags & SHF_ALLOC && !(section->flags & SHF_WRITE) &&
           section->type == SHT_PROGBITS && section->offset <= file->size &&
           section->size <= file->size - section->offset;
}

static bool largest_flash(const struct firmware *firmware, struct elf_section *ret)
{
    struct elf_section section;
    bool is_found = false;

    for (size_t i = 0; elf_file_section(&firmware->file, i, &section); i++) {
        if (!is_flash(&section, &firmware->file) || (is_found && section.size <= ret->size))
            continue;
        *ret = section;
        is_found = true;
    }
    return is_found;
}

int firmware_check_flash(const struct firmware *firmware, struct target *target,
                         struct mph_err *err)
{
    struct elf_section section;
    struct range samples[2];
    uint8_t memory[SAMPLE];

    if (!largest_flash(firmware, &section) || section.size < 2 * SAMPLE)
        return 0;
    uint64_t start = section.address + firmware->bias, middle = section.size / 2 & ~3ull;
    samples[0] = (struct range){start, SAMPLE};
    samples[1] = (struct range){start + middle, SAMPLE};
    int rc = target_fetch(target, samples, 2, err);

    for (size_t i = 0; rc == 0 && i < 2; i++) {
        const uint8_t *expected = firmware->file.bytes + section.offset + (i ? middle : 0);

        if (target_read(target, samples[i].address, memory, SAMPLE, NULL) == 0 &&
            memcmp(memory, expected, SAMPLE))
            rc = mph_fail_at(err, MPH_ERR_WRONG_ELF, samples[i].address,
                             "ELF: does not match the memory at 0x%llx (%s)",
                             (unsigned long long)samples[i].address, firmware->path);
    }
    return rc;
}

int firmware_ram(const struct firmware *firmware, struct vec *ranges, struct mph_err *err)
{
    struct elf_section section;

    for (size_t i = 0; elf_file_section(&firmware->file, i, &section); i++) {
        if (!(section.flags & SHF_ALLOC) || !(section.flags & SHF_WRITE) || !section.size)
            continue;
        struct range *range = vec_add(ranges);
        if (!range)
            return mph_fail_no_memory(err);
        *range = (struct range){section.address + firmware->bias, section.size};
    }
    return 0;
}
