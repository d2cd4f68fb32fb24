// SPDX-License-Identifier: MIT
#include "elf/dwarf.h"

#include <dwarf.h> // constants, from elfutils
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dwarf {
    int fd;
    Dwarf *handle;
    Dwarf_Die root; // the structure that paths start from
};

// Chains of typedefs and qualifiers in a target's file are bounded by this.
enum { DEPTH_MAX = 16 };

int dwarf_open(const char *path, struct dwarf **ret, struct mph_err *err)
{
    struct dwarf *dwarf = calloc(1, sizeof *dwarf);

    if (!dwarf)
        return mph_fail_no_memory(err);
    dwarf->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (dwarf->fd < 0) {
        int rc = mph_fail(err, MPH_ERR_FILE, "ELF: %s (%s)", strerror(errno), path);
        free(dwarf);
        return rc;
    }
    dwarf->handle = dwarf_begin(dwarf->fd, DWARF_C_READ);
    if (!dwarf->handle) {
        dwarf_close(dwarf);
        return mph_fail(err, MPH_ERR_NO_SYMBOL, "ELF: no debug information (%s)", path);
    }
    *ret = dwarf;
    return 0;
}

void dwarf_close(struct dwarf *dwarf)
{
    if (!dwarf)
        return;
    if (dwarf->handle)
        dwarf_end(dwarf->handle);
    close(dwarf->fd);
    free(dwarf);
}

// Through typedefs and qualifiers to the type itself.
static bool strip(Dwarf_Die *die)
{
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        int tag = dwarf_tag(die);
        Dwarf_Attribute attribute;

        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type)
            return true;
        if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
            !dwarf_formref_die(&attribute, die))
            return false;
    }
    return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
    Dwarf_Attribute attribute;

    return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
           dwarf_formref_die(&attribute, ret) && strip(ret);
}

static bool is_complete_structure(Dwarf_Die *die)
{
    int tag = dwarf_tag(die);

    return (tag == DW_TAG_structure_type || tag == DW_TAG_union_type) && dwarf_haschildren(die) > 0;
}

static bool find_in_unit(Dwarf_Die *unit, const char *name, Dwarf_Die *ret)
{
    Dwarf_Die die;

    if (dwarf_child(unit, &die) != 0)
        return false;
    do {
        const char *die_name;

        if (dwarf_tag(&die) == DW_TAG_variable && (die_name = dwarf_diename(&die)) &&
            !strcmp(die_name, name) && type_of(&die, ret) && is_complete_structure(ret))
            return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

int dwarf_select_variable(struct dwarf *dwarf, const char *name, struct mph_err *err)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;

    while (dwarf_get_units(dwarf->handle, cu, &cu, NULL, NULL, &unit, NULL) == 0)
        if (find_in_unit(&unit, name, &dwarf->root))
            return 0;
    return mph_fail(err, MPH_ERR_NO_SYMBOL, "ELF: debug information has no variable %s", name);
}

static uint64_t size_of(Dwarf_Die *type)
{
    Dwarf_Word size;

    return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

static bool offset_of(Dwarf_Die *member, int64_t *ret)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;

    *ret = 0;
    if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute))
        return true; // members of a union, and the first one in old DWARF
    if (dwarf_formudata(&attribute, &value) == 0) {
        *ret = (int64_t)value;
        return true;
    }

    Dwarf_Op *ops; // DWARF 2: a location expression
    size_t count;
    if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count != 1 ||
        ops[0].atom != DW_OP_plus_uconst)
        return false;
    *ret = (int64_t)ops[0].number;
    return true;
}

// Member `name` of `structure`: its type and where it is.
static bool find_member(Dwarf_Die *structure, const char *name, size_t length, int depth,
                        Dwarf_Die *ret_type, int64_t *ret_offset)
{
    Dwarf_Die member, type;
    int64_t offset, inner;

    if (depth > DEPTH_MAX || dwarf_child(structure, &member) != 0)
        return false;
    do {
        const char *member_name = dwarf_diename(&member);

        if (dwarf_tag(&member) != DW_TAG_member || !type_of(&member, &type) ||
            !offset_of(&member, &offset))
            continue;
        if (!member_name) {
            if (is_complete_structure(&type) &&
                find_member(&type, name, length, depth + 1, ret_type, &inner)) {
                *ret_offset = offset + inner;
                return true;
            }
        } else if (strlen(member_name) == length && !memcmp(member_name, name, length)) {
            *ret_type = type;
            *ret_offset = offset;
            return true;
        }
    } while (dwarf_siblingof(&member, &member) == 0);
    return false;
}

bool dwarf_find_member(const struct dwarf *dwarf, const char *path, struct dwarf_member *ret)
{
    Dwarf_Die type = dwarf->root;
    int64_t offset = 0, step;

    for (;;) {
        size_t length = strcspn(path, ".");

        if (!find_member(&type, path, length, 0, &type, &step))
            return false;
        offset += step;
        if (!path[length])
            break;
        path += length + 1;
    }
    *ret = (struct dwarf_member){offset, size_of(&type)};
    return true;
}

// --- by offset ---

// The member of `structure` that spans an offset, which becomes the offset in that member.
static bool enter_member(Dwarf_Die *structure, uint64_t *offset, Dwarf_Die *ret_type,
                         struct text *text)
{
    Dwarf_Die member, type;
    int64_t at;

    if (dwarf_child(structure, &member) != 0)
        return false;
    do {
        if (dwarf_tag(&member) != DW_TAG_member || !type_of(&member, &type) ||
            !offset_of(&member, &at) || at < 0 || *offset < (uint64_t)at ||
            *offset - (uint64_t)at >= size_of(&type))
            continue;
        const char *name = dwarf_diename(&member);
        if (name)
            text_printf(text, "%s%s", text->len ? "." : "", name);
        *offset -= (uint64_t)at;
        *ret_type = type;
        return true;
    } while (dwarf_siblingof(&member, &member) == 0);
    return false;
}

static bool enter_array(Dwarf_Die *array, uint64_t *offset, Dwarf_Die *ret_type, struct text *text)
{
    uint64_t size;

    if (dwarf_tag(array) != DW_TAG_array_type || !type_of(array, ret_type))
        return false;
    size = size_of(ret_type);
    if (!size)
        return false;
    text_printf(text, "[%llu]", (unsigned long long)(*offset / size));
    *offset %= size;
    return true;
}

bool dwarf_add_member_at(const struct dwarf *dwarf, uint64_t offset, struct text *text)
{
    Dwarf_Die type = dwarf->root;
    struct text path;

    text_init(&path, NULL);
    for (int depth = 0; depth < DEPTH_MAX; depth++)
        if (!(is_complete_structure(&type) ? enter_member(&type, &offset, &type, &path)
                                           : enter_array(&type, &offset, &type, &path)))
            break;
    bool is_found = path.len > 0;
    if (is_found)
        text_escaped(text, path.bytes, path.len);
    text_deinit(&path);
    return is_found;
}
