// SPDX-License-Identifier: MIT
#include "target/elf_file.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

static int bad(const struct elf_file *file, struct mph_err *err, const char *what)
{
    return mph_fail(err, MPH_ERR_FILE, "ELF: %s (%s)", what, file->path);
}

static int read_header(struct elf_file *file, struct mph_err *err)
{
    GElf_Ehdr header;

    if (elf_kind(file->handle) != ELF_K_ELF || !gelf_getehdr(file->handle, &header))
        return bad(file, err, "not an ELF file");
    file->type = header.e_type;
    file->machine = header.e_machine;
    file->word_bytes = gelf_getclass(file->handle) == ELFCLASS64 ? 8 : 4;
    file->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
    file->entry = header.e_entry;
    return 0;
}

int elf_file_init(struct elf_file *file, const uint8_t *bytes, size_t size, const char *path,
                  struct mph_err *err)
{
    *file = (struct elf_file){.bytes = bytes, .size = size, .path = path};
    elf_version(EV_CURRENT);
    if (size < EI_NIDENT || memcmp(bytes, ELFMAG, SELFMAG))
        return bad(file, err, "not an ELF file");
    file->handle = elf_memory((char *)bytes, size);
    if (!file->handle)
        return bad(file, err, elf_errmsg(-1));

    int rc = read_header(file, err);
    if (rc < 0)
        elf_file_deinit(file);
    return rc;
}

void elf_file_deinit(struct elf_file *file)
{
    if (file->handle)
        elf_end(file->handle);
    file->handle = NULL;
}

bool elf_file_segment(const struct elf_file *file, size_t index, struct elf_segment *ret)
{
    size_t count;
    GElf_Phdr header;

    if (elf_getphdrnum(file->handle, &count) < 0 || index >= count ||
        !gelf_getphdr(file->handle, (int)index, &header))
        return false;
    *ret = (struct elf_segment){.type = header.p_type,
                                .flags = header.p_flags,
                                .address = header.p_vaddr,
                                .offset = header.p_offset,
                                .file_size = header.p_filesz,
                                .memory_size = header.p_memsz};
    return true;
}

static const char *string_at(const struct elf_file *file, size_t table, size_t offset)
{
    const char *string = elf_strptr(file->handle, table, offset);

    return string ? string : "";
}

bool elf_file_section(const struct elf_file *file, size_t index, struct elf_section *ret)
{
    Elf_Scn *section = elf_getscn(file->handle, index + 1); // section 0 is the null section
    size_t names;
    GElf_Shdr header;

    if (!section || !gelf_getshdr(section, &header))
        return false;
    *ret = (struct elf_section){.name = elf_getshdrstrndx(file->handle, &names) == 0
                                            ? string_at(file, names, header.sh_name)
                                            : "",
                                .type = header.sh_type,
                                .flags = header.sh_flags,
                                .address = header.sh_addr,
                                .offset = header.sh_offset,
                                .size = header.sh_size};
    return true;
}

static Elf_Scn *symbol_table(const struct elf_file *file, GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(file->handle, section)))
        if (gelf_getshdr(section, header) && header->sh_type == SHT_SYMTAB)
            return section;
    return NULL;
}

bool elf_file_each_symbol(const struct elf_file *file,
                          bool (*visit)(void *context, const struct elf_symbol *symbol),
                          void *context)
{
    GElf_Shdr header;
    Elf_Scn *section = symbol_table(file, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

    if (!data)
        return false;

    GElf_Sym raw;
    for (int i = 1; gelf_getsym(data, i, &raw); i++) {
        struct elf_symbol symbol = {.name = string_at(file, header.sh_link, raw.st_name),
                                    .address = raw.st_value,
                                    .size = raw.st_size,
                                    .kind = GELF_ST_TYPE(raw.st_info),
                                    .is_defined = raw.st_shndx != SHN_UNDEF};
        if (!visit(context, &symbol))
            break;
    }
    return true;
}

static void notes_of_segment(const struct elf_file *file, const struct elf_segment *segment,
                             bool (*visit)(void *context, const struct elf_note *note),
                             void *context)
{
    Elf_Data *data = elf_getdata_rawchunk(file->handle, (int64_t)segment->offset,
                                          segment->file_size, ELF_T_NHDR);
    size_t at = 0, name_at, desc_at;
    GElf_Nhdr header;

    while (data && (at = gelf_getnote(data, at, &header, &name_at, &desc_at)) > 0) {
        const char *base = data->d_buf;
        const char *name = base + name_at;
        bool has_name = header.n_namesz > 0 && memchr(name, '\0', header.n_namesz);
        struct elf_note note = {.name = has_name ? name : "",
                                .type = header.n_type,
                                .bytes = (const uint8_t *)base + desc_at,
                                .size = header.n_descsz};
        if (!visit(context, &note))
            return;
    }
}

void elf_file_each_note(const struct elf_file *file,
                        bool (*visit)(void *context, const struct elf_note *note), void *context)
{
    struct elf_segment segment;

    for (size_t i = 0; elf_file_segment(file, i, &segment); i++)
        if (segment.type == PT_NOTE && segment.offset < file->size)
            notes_of_segment(file, &segment, visit, context);
}
