// SPDX-License-Identifier: MIT
#include "target/snapshot.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "target/prstatus.h"

enum { PAGE = 1024, CHUNK = 64 * 1024, ALIGN = 4 };

// --- the headers, in the target's word size and byte order ---

struct writer {
    FILE *file;
    const char *path;
    uint8_t word;
    bool big_endian;
    bool has_failed;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    if (!writer->has_failed && fwrite(bytes, 1, size, writer->file) != size)
        writer->has_failed = true;
}

static void put_uint(struct writer *writer, size_t size, uint64_t value)
{
    uint8_t bytes[8];

    bytes_put(bytes, size, writer->big_endian, value);
    put(writer, bytes, size);
}

static size_t header_size(const struct writer *writer)
{
    return writer->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t segment_header_size(const struct writer *writer)
{
    return writer->word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static void put_header(struct writer *writer, uint16_t machine, size_t segments)
{
    unsigned char ident[EI_NIDENT] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};

    ident[EI_CLASS] = writer->word == 8 ? ELFCLASS64 : ELFCLASS32;
    ident[EI_DATA] = writer->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
    ident[EI_VERSION] = EV_CURRENT;
    put(writer, ident, sizeof ident);
    put_uint(writer, 2, ET_CORE);
    put_uint(writer, 2, machine);
    put_uint(writer, 4, EV_CURRENT);
    put_uint(writer, writer->word, 0); // e_entry
    put_uint(writer, writer->word, header_size(writer));
    put_uint(writer, writer->word, 0); // e_shoff
    put_uint(writer, 4, machine == EM_ARM ? EF_ARM_EABI_VER5 : 0);
    put_uint(writer, 2, header_size(writer));
    put_uint(writer, 2, segment_header_size(writer));
    put_uint(writer, 2, segments);
    put_uint(writer, 2, 0); // no sections
    put_uint(writer, 2, 0);
    put_uint(writer, 2, 0);
}

static void put_segment_header(struct writer *writer, uint32_t type, uint32_t flags,
                               uint64_t offset, uint64_t address, uint64_t size)
{
    put_uint(writer, 4, type);
    if (writer->word == 8)
        put_uint(writer, 4, flags);
    put_uint(writer, writer->word, offset);
    put_uint(writer, writer->word, address);
    put_uint(writer, writer->word, 0); // p_paddr
    put_uint(writer, writer->word, size);
    put_uint(writer, writer->word, type == PT_LOAD ? size : 0);
    if (writer->word == 4)
        put_uint(writer, 4, flags);
    put_uint(writer, writer->word, ALIGN);
}

// --- notes ---

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static void put_padding(struct writer *writer, size_t size)
{
    static const uint8_t zeros[4];

    put(writer, zeros, padded(size) - size);
}

static size_t note_size(const char *name, size_t size)
{
    return 12 + padded(strlen(name) + 1) + padded(size);
}

static void put_note(struct writer *writer, const char *name, uint32_t type, const void *bytes,
                     size_t size)
{
    put_uint(writer, 4, strlen(name) + 1);
    put_uint(writer, 4, size);
    put_uint(writer, 4, type);
    put(writer, name, strlen(name) + 1);
    put_padding(writer, strlen(name) + 1);
    put(writer, bytes, size);
    put_padding(writer, size);
}

// GDB takes a core of EM_ARM for an M-profile one, with xPSR and Thumb code, when
// a note of this name and type (gdb/corelow.c NT_GDB_TDESC) describes it so.
enum { NT_GDB_TDESC = 0xff000000 };

static const char m_profile[] =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
    "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"r2\" bitsize=\"32\"/><reg name=\"r3\" bitsize=\"32\"/>"
    "<reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
    "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/>"
    "<reg name=\"r8\" bitsize=\"32\"/><reg name=\"r9\" bitsize=\"32\"/>"
    "<reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
    "<reg name=\"r12\" bitsize=\"32\"/><reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
    "<reg name=\"xpsr\" bitsize=\"32\" regnum=\"25\"/></feature></target>";

struct notes {
    const struct prstatus_layout *layout; // NULL: no registers
    uint8_t *prstatus;
    bool has_description;
};

static int make_notes(struct notes *notes, const struct target *target, uint8_t word_bytes,
                      struct mph_err *err)
{
    uint64_t xpsr;

    *notes = (struct notes){0};
    if (!target->regs.count)
        return 0;
    notes->layout = prstatus_find(target->machine, word_bytes);
    if (!notes->layout)
        return 0;
    notes->prstatus = malloc(notes->layout->size);
    if (!notes->prstatus)
        return mph_fail_no_memory(err);
    prstatus_encode(notes->layout, &target->regs, 1, target->big_endian, notes->prstatus);
    notes->has_description = target->machine == EM_ARM && regs_get(&target->regs, "xpsr", &xpsr);
    return 0;
}

static size_t notes_size(const struct notes *notes)
{
    if (!notes->layout)
        return 0;
    return note_size("CORE", notes->layout->size) +
           (notes->has_description ? note_size("GDB", sizeof m_profile) : 0);
}

static void put_notes(struct writer *writer, const struct notes *notes)
{
    if (!notes->layout)
        return;
    put_note(writer, "CORE", NT_PRSTATUS, notes->prstatus, notes->layout->size);
    if (notes->has_description)
        put_note(writer, "GDB", NT_GDB_TDESC, m_profile, sizeof m_profile);
}

// --- memory ---

static int put_memory(struct writer *writer, struct target *target,
                      const struct snapshot_part *part, struct mph_err *err)
{
    uint8_t *chunk = malloc(CHUNK);
    int rc = chunk ? 0 : mph_fail_no_memory(err);

    for (uint64_t done = 0; rc == 0 && done < part->size && !writer->has_failed; done += CHUNK) {
        size_t size = part->size - done < CHUNK ? (size_t)(part->size - done) : CHUNK;

        rc = target_read(target, part->address + done, chunk, size, err);
        if (rc == 0)
            put(writer, chunk, size);
    }
    free(chunk);
    return rc;
}

// What is to be written.
struct core {
    const char *path; // the name the user gave, for messages
    const struct snapshot_part *parts;
    size_t part_count;
    uint8_t word_bytes;
    struct notes notes;
};

static int put_core(struct writer *writer, struct target *target, const struct core *core,
                    struct mph_err *err)
{
    bool has_notes = core->notes.layout != NULL;
    size_t segments = core->part_count + has_notes;
    uint64_t offset = header_size(writer) + segments * segment_header_size(writer);
    int rc = 0;

    put_header(writer, target->machine, segments);
    if (has_notes)
        put_segment_header(writer, PT_NOTE, 0, offset, 0, notes_size(&core->notes));
    offset += notes_size(&core->notes);
    for (size_t i = 0; i < core->part_count; i++) {
        const struct snapshot_part *part = &core->parts[i];

        put_segment_header(writer, PT_LOAD, part->is_writable ? PF_R | PF_W : PF_R | PF_X, offset,
                           part->address, part->size);
        offset += part->size;
    }
    put_notes(writer, &core->notes);
    for (size_t i = 0; rc == 0 && i < core->part_count; i++)
        rc = put_memory(writer, target, &core->parts[i], err);
    return rc;
}

static int write_to(const char *temporary, struct target *target, const struct core *core,
                    struct mph_err *err)
{
    struct writer writer = {fopen(temporary, "wbxe"), core->path, core->word_bytes,
                            target->big_endian, false};

    if (!writer.file)
        return mph_fail(err, MPH_ERR_FILE, "snapshot: %s (%s)", strerror(errno), core->path);

    int rc = put_core(&writer, target, core, err);
    if (fflush(writer.file) != 0 || fsync(fileno(writer.file)) != 0)
        writer.has_failed = true;
    if (fclose(writer.file) != 0)
        writer.has_failed = true;
    if (rc == 0 && writer.has_failed)
        rc = mph_fail(err, MPH_ERR_FILE, "snapshot: cannot write: %s (%s)", strerror(errno),
                      core->path);
    return rc;
}

// The file is put in place by renaming, which would take the place of a device, too.
static bool is_replaceable(const char *path)
{
    struct stat existing;

    return stat(path, &existing) < 0 || S_ISREG(existing.st_mode);
}

int snapshot_write(struct target *target, const char *path, const struct snapshot_part *parts,
                   size_t count, uint8_t word_bytes, struct mph_err *err)
{
    char temporary[4096];
    struct core core = {
        .path = path, .parts = parts, .part_count = count, .word_bytes = word_bytes};

    if (snprintf(temporary, sizeof temporary, "%s.part%d", path, (int)getpid()) >=
        (int)sizeof temporary)
        return mph_fail(err, MPH_ERR_FILE, "snapshot: name too long (%s)", path);
    if (!is_replaceable(path))
        return mph_fail(err, MPH_ERR_FILE, "snapshot: not a regular file (%s)", path);

    int rc = make_notes(&core.notes, target, word_bytes, err);
    if (rc == 0)
        rc = write_to(temporary, target, &core, err);
    if (rc == 0 && rename(temporary, path) < 0)
        rc = mph_fail(err, MPH_ERR_FILE, "snapshot: %s (%s)", strerror(errno), path);
    if (rc < 0)
        unlink(temporary);
    free(core.notes.prstatus);
    return rc;
}

// --- how far memory goes ---

static bool is_readable(struct target *target, uint64_t address)
{
    uint8_t page[PAGE];

    return target_read(target, address, page, sizeof page, NULL) == 0;
}

bool snapshot_grow(struct target *target, struct range *range, uint64_t reach)
{
    uint64_t last = range->address + range->size - 1;
    uint64_t low = range->address & ~(uint64_t)(PAGE - 1);
    uint64_t high = last & ~(uint64_t)(PAGE - 1); // the last page known to be there
    uint64_t down = 0, up = 0;

    while (low && down < reach && is_readable(target, low - PAGE)) {
        low -= PAGE;
        down += PAGE;
    }
    while (high <= UINT64_MAX - 2 * PAGE && up < reach && is_readable(target, high + PAGE)) {
        high += PAGE;
        up += PAGE;
    }
    *range = (struct range){low, high + PAGE - low};
    return down < reach && up < reach;
}
