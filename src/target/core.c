// SPDX-License-Identifier: MIT
// ELF cores: what GDB, Linux, ESP-IDF and our own snapshots leave behind.
#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "target/elf_file.h"
#include "target/esp_core.h"
#include "target/own_note.h"
#include "target/prstatus.h"
#include "target/target.h"

// The part of a segment that the file really holds. A core that was cut short
// keeps what there is, and says what is missing.
static uint64_t bytes_present(struct target *target, const struct elf_file *file,
                              const struct elf_segment *segment)
{
    uint64_t room = segment->offset < file->size ? file->size - segment->offset : 0;

    if (segment->file_size <= room)
        return segment->file_size;
    notes_add(&target->notes, "core: truncated: 0x%llx bytes missing from 0x%llx on (%s)",
              (unsigned long long)(segment->file_size - room),
              (unsigned long long)(segment->address + room), file->path);
    return room;
}

static int add_memory(struct target *target, const struct elf_file *file, struct mph_err *err)
{
    struct elf_segment segment;
    uint64_t total = 0;

    for (size_t i = 0; elf_file_segment(file, i, &segment); i++) {
        if (segment.type != PT_LOAD)
            continue;
        uint64_t size = bytes_present(target, file, &segment);
        if (!size)
            continue; // its offset may lie anywhere
        int rc = target_add_bytes(target, segment.address, file->bytes + segment.offset, size,
                                  segment.flags & PF_W, file->path, err);
        if (rc < 0)
            return rc;
        total += size;
    }
    if (!total)
        return mph_fail(err, MPH_ERR_FILE, "core: holds no memory (%s)", file->path);
    return 0;
}

struct note_reader {
    struct target *target;
    const struct elf_file *file;
    bool has_registers;
    bool is_first_read; // NT_PRSTATUS has one note a thread
    bool is_esp;
    struct elf_note prstatus; // of the first thread, where has_registers
};

static void read_auxv(struct note_reader *reader, const struct elf_note *note)
{
    size_t word = reader->file->word_bytes;

    for (size_t at = 0; at + 2 * word <= note->size; at += 2 * word)
        if (bytes_get(note->bytes + at, word, reader->file->big_endian) == AT_ENTRY)
            reader->target->entry =
                bytes_get(note->bytes + at + word, word, reader->file->big_endian);
}

// Room for the registers of another thread, or NULL: without them less is known.
static struct regs *add_thread(const struct note_reader *reader)
{
    struct vec *threads = &reader->target->threads;

    return threads->len < TARGET_THREADS_MAX ? vec_add(threads) : NULL;
}

static void read_prstatus(struct note_reader *reader, const struct elf_note *note)
{
    const struct elf_file *file = reader->file;
    const struct prstatus_layout *layout = prstatus_find(file->machine, file->word_bytes);

    if (!layout || note->size < layout->size)
        return;
    struct regs *regs = reader->is_first_read ? add_thread(reader) : &reader->target->regs;
    if (regs)
        prstatus_decode(layout, note->bytes, file->big_endian, regs);
    if (!reader->is_first_read)
        reader->prstatus = *note;
    reader->is_first_read = reader->has_registers = true;
}

// What was known and what was not: the other notes have zeros there.
static void read_own(struct note_reader *reader, const struct elf_note *note)
{
    if (note->type == OWN_NOTE_REFUSED)
        own_note_ranges(note, &reader->target->refused);
    else if (note->type == OWN_NOTE_REGISTERS)
        reader->has_registers |= own_note_registers(note, &reader->target->regs);
}

static bool read_note(void *context, const struct elf_note *note)
{
    struct note_reader *reader = context;

    if (!strcmp(note->name, "CORE") && note->type == NT_AUXV)
        read_auxv(reader, note);
    else if (!strcmp(note->name, "CORE") && note->type == NT_PRSTATUS)
        read_prstatus(reader, note);
    else if (!strcmp(note->name, OWN_NOTE_NAME))
        read_own(reader, note);
    else if (esp_core_is_note(note))
        reader->is_esp = true;
    return true;
}

// ESP-IDF leaves the heap out unless it is told, and says nothing of it in the file.
static void finish_esp(const struct note_reader *reader)
{
    if (reader->has_registers)
        esp_core_add_trap(reader->file, &reader->prstatus, &reader->target->regs);
    notes_add(&reader->target->notes,
              "core: of ESP-IDF, with tasks and stacks only unless the firmware was built with "
              "CONFIG_ESP_COREDUMP_CAPTURE_DRAM=y (%s)",
              reader->file->path);
}

static int read_core(struct target *target, const struct elf_file *file, struct mph_err *err)
{
    struct note_reader reader = {.target = target, .file = file};

    if (file->type != ET_CORE)
        return mph_fail(err, MPH_ERR_FILE, "core: an ELF file but not a core (%s)", file->path);
    int rc = add_memory(target, file, err);
    if (rc < 0)
        return rc;
    target->machine = file->machine;
    target->word_bytes = file->word_bytes;
    target->big_endian = file->big_endian;
    elf_file_each_note(file, read_note, &reader);
    if (!reader.has_registers)
        notes_add(&target->notes, "core: holds no registers that are understood (%s)", file->path);
    if (reader.is_esp)
        finish_esp(&reader);
    return 0;
}

int target_add_core(struct target *target, const char *path, struct mph_err *err)
{
    struct elf_file file;
    const uint8_t *bytes;
    size_t size;
    int rc = target_map_file(target, path, &bytes, &size, err);

    if (rc < 0)
        return rc;
    const char *form = esp_core_form(bytes, size);
    if (form)
        return mph_fail(err, MPH_ERR_FILE,
                        "core: of ESP-IDF, but no ELF file: esp-coredump info_corefile --core FILE "
                        "--core-format %s --save-core core.elf APP.elf makes one (%s)",
                        form, path);
    rc = elf_file_init(&file, bytes, size, path, err);
    if (rc < 0)
        return rc;
    rc = read_core(target, &file, err);
    elf_file_deinit(&file);
    return rc;
}

static bool read_own_only(void *context, const struct elf_note *note)
{
    if (!strcmp(note->name, OWN_NOTE_NAME))
        read_own(context, note);
    return true;
}

void target_add_core_notes(struct target *target, const char *path)
{
    struct elf_file file;

    if (target_open_elf(target, path, &file, NULL) < 0)
        return;
    struct note_reader reader = {.target = target, .file = &file};
    if (file.type == ET_CORE)
        elf_file_each_note(&file, read_own_only, &reader);
    elf_file_deinit(&file);
}
