// SPDX-License-Identifier: MIT
#include "target/snapshot.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/whole_file.h"
#include "target/devices.h"
#include "target/snapshot_notes.h"

enum { PAGE = 1024, CHUNK = 64 * 1024, ALIGN = 4 };

// --- the headers, in the target's word size and byte order ---

struct writer {
    FILE *file;
    uint8_t word;
    bool big_endian;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    if (size && !ferror(writer->file))
        fwrite(bytes, 1, size, writer->file);
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

// --- memory ---

static int put_memory(struct writer *writer, struct target *target,
                      const struct snapshot_part *part, struct mph_err *err)
{
    uint8_t *chunk = malloc(CHUNK);
    int rc = chunk ? 0 : mph_fail_no_memory(err);

    for (uint64_t done = 0; rc == 0 && done < part->size && !ferror(writer->file); done += CHUNK) {
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
    struct target *target;
    const struct snapshot_part *parts;
    size_t part_count;
    uint8_t word_bytes;
    struct text notes; // the bytes of the note segment
};

static int write_core(void *context, FILE *file, struct mph_err *err)
{
    static const uint32_t flags[] = {
        [SNAPSHOT_RAM] = PF_R | PF_W, [SNAPSHOT_FLASH] = PF_R | PF_X, [SNAPSHOT_READ] = PF_R};
    const struct core *core = context;
    struct writer writer = {file, core->word_bytes, core->target->big_endian};
    bool has_notes = core->notes.len > 0;
    size_t segments = core->part_count + has_notes;
    uint64_t offset = header_size(&writer) + segments * segment_header_size(&writer);
    int rc = 0;

    put_header(&writer, core->target->machine, segments);
    if (has_notes)
        put_segment_header(&writer, PT_NOTE, 0, offset, 0, core->notes.len);
    offset += core->notes.len;
    for (size_t i = 0; i < core->part_count; i++) {
        const struct snapshot_part *part = &core->parts[i];

        put_segment_header(&writer, PT_LOAD, flags[part->kind], offset, part->address, part->size);
        offset += part->size;
    }
    put(&writer, core->notes.bytes, core->notes.len);
    for (size_t i = 0; rc == 0 && i < core->part_count; i++)
        rc = put_memory(&writer, core->target, &core->parts[i], err);
    return rc;
}

int snapshot_write(struct target *target, const char *path, const struct snapshot_part *parts,
                   size_t count, uint8_t word_bytes, struct mph_err *err)
{
    struct core core = {
        .target = target, .parts = parts, .part_count = count, .word_bytes = word_bytes};
    const struct whole_file_content content = {write_core, &core};
    int rc = snapshot_notes(target, word_bytes, &core.notes, err);

    if (rc == 0)
        rc = whole_file_write(path, "snapshot", &content, err);
    text_deinit(&core.notes);
    return rc;
}

// --- what was read besides ---

// Words that lie apart, such as those of a table that was searched, would make a part each.
enum { READ_PARTS_MAX = 512, READ_BYTES_MAX = 4 << 20 };

static bool is_inside(const struct snapshot_part *part, uint64_t address)
{
    return address >= part->address && address - part->address < part->size;
}

// The first piece of a range that none of `count` parts holds; what follows it is left in *rest.
static bool take_piece(const struct vec *parts, size_t count, struct range *rest, struct range *ret)
{
    for (size_t i = 0; rest->size && i < count; i++) {
        const struct snapshot_part *part = vec_at(parts, i);

        if (is_inside(part, rest->address)) {
            uint64_t size = part->size - (rest->address - part->address);

            size = size < rest->size ? size : rest->size;
            *rest = (struct range){rest->address + size, rest->size - size};
            i = SIZE_MAX; // parts are in no order: from the first one again
        }
    }
    *ret = *rest;
    for (size_t i = 0; i < count; i++) {
        const struct snapshot_part *part = vec_at(parts, i);

        if (part->address > ret->address && part->address - ret->address < ret->size)
            ret->size = part->address - ret->address;
    }
    *rest = (struct range){ret->address + ret->size, rest->size - ret->size};
    return ret->size > 0;
}

// Parts to add to, as long as there is room: 1 where a piece was added, 0 where not.
static int add_piece(struct vec *parts, size_t most, const struct range *piece, uint64_t *room,
                     struct mph_err *err)
{
    if (parts->len >= most || piece->size > *room)
        return 0;
    struct snapshot_part *part = vec_add(parts);
    if (!part)
        return mph_fail_no_memory(err);
    *part = (struct snapshot_part){piece->address, piece->size, SNAPSHOT_READ};
    *room -= piece->size;
    return 1;
}

int snapshot_add_read(const struct target *target, struct vec *parts, struct mph_err *err)
{
    struct vec known = VEC_OF(struct range);
    struct range piece;
    size_t count = parts->len;
    uint64_t room = READ_BYTES_MAX;
    int left_out = 0;
    int rc = target->cache ? cache_list_known(target->cache, &known, err) : 0;

    for (size_t i = 0; rc >= 0 && i < known.len; i++) {
        struct range rest = *(struct range *)vec_at(&known, i);

        while (rc >= 0 && take_piece(parts, count, &rest, &piece)) {
            rc = add_piece(parts, count + READ_PARTS_MAX, &piece, &room, err);
            left_out += rc == 0;
        }
    }
    vec_deinit(&known);
    return rc < 0 ? rc : left_out;
}

// --- how far memory goes ---

static bool is_memory(struct target *target, uint64_t address)
{
    uint8_t page[PAGE];

    return !devices_contain(target, address) &&
           target_read(target, address, page, sizeof page, NULL) == 0;
}

bool snapshot_grow(struct target *target, struct range *range, uint64_t reach)
{
    uint64_t last = range->address + range->size - 1;
    uint64_t low = range->address & ~(uint64_t)(PAGE - 1);
    uint64_t high = last & ~(uint64_t)(PAGE - 1); // the last page known to be there
    uint64_t down = 0, up = 0;

    while (low && down < reach && is_memory(target, low - PAGE)) {
        low -= PAGE;
        down += PAGE;
    }
    while (high <= UINT64_MAX - 2 * PAGE && up < reach && is_memory(target, high + PAGE)) {
        high += PAGE;
        up += PAGE;
    }
    *range = (struct range){low, high + PAGE - low};
    return down < reach && up < reach;
}
