// SPDX-License-Identifier: MIT
// What the linker says: symbols by the spellings of the ports, and sections.
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "layout/spellings.h"
#include "report/bounds.h"

// --- pairs of symbols ---

static void set_side(const struct symbol *symbol, bool *has, uint64_t *value, char *name)
{
    *has = symbol != NULL;
    if (!symbol)
        return;
    *value = symbol->address;
    snprintf(name, BOUNDS_NAME_MAX, "%s", symbol->name);
}

static bool find_pair(const struct symbols *symbols, const struct spelling *spelling,
                      struct bounds_pair *ret)
{
    const struct symbol *start = *spelling->start ? symbols_find(symbols, spelling->start) : NULL;
    const struct symbol *end = symbols_find(symbols, spelling->end);

    if (!end || (*spelling->start && !start))
        return false;
    *ret = (struct bounds_pair){0};
    set_side(start, &ret->has_start, &ret->start, ret->start_name);
    set_side(end, &ret->has_end, &ret->end, ret->end_name);
    return true;
}

static bool find_first(const struct symbols *symbols, const struct spelling *spellings,
                       struct bounds_pair *ret)
{
    for (const struct spelling *at = spellings; at->start; at++)
        if (find_pair(symbols, at, ret))
            return true;
    return false;
}

// --- the heap ---

static bool set_array(const struct symbol *symbol, struct bounds_pair *ret)
{
    if (!symbol || !symbol->size || symbol->is_function ||
        symbol->size > UINT64_MAX - symbol->address)
        return false;
    *ret = (struct bounds_pair){.has_start = true,
                                .has_end = true,
                                .start = symbol->address,
                                .end = symbol->address + symbol->size,
                                .is_array = true};
    snprintf(ret->start_name, sizeof ret->start_name, "%s", symbol->name);
    snprintf(ret->end_name, sizeof ret->end_name, "the end of %s", symbol->name);
    return true;
}

static bool find_array_by_name(const struct symbols *symbols, struct bounds_pair *ret)
{
    for (const struct spelling *at = spellings_array; at->start; at++)
        if (set_array(symbols_find(symbols, at->start), ret))
            return true;
    return false;
}

// A pair that the live heap lies in, or at least touches, so that a second one of another purpose
// (the C library's heap, which the linker script of esp8266 calls _heap_start) is not taken for it.
static bool find_pair_around(const struct symbols *symbols, struct extent heap, bool is_whole,
                             struct bounds_pair *ret)
{
    struct extent linkers, common;

    for (const struct spelling *at = spellings_heap; at->start; at++)
        if (find_pair(symbols, at, ret) && extent_between(&linkers, ret->start, ret->end) &&
            (is_whole ? extent_covers(linkers, heap) : extent_common(linkers, heap, &common)))
            return true;
    return false;
}

static bool find_array_around(const struct symbols *symbols, struct extent heap,
                              struct bounds_pair *ret)
{
    const struct symbol *symbol = symbols_at(symbols, heap.first);

    return symbol && symbol->size && heap.last - symbol->address < symbol->size &&
           set_array(symbol, ret);
}

static bool is_listed(const struct spelling *spellings, const char *name)
{
    for (const struct spelling *at = spellings; at->start; at++)
        if (!strcmp(at->start, name) || !strcmp(at->end, name))
            return true;
    return false;
}

// The better name of two for a bound of the heap; a stack may begin just where it ends.
static const struct symbol *better(const struct symbol *old, const struct symbol *new)
{
    if (is_listed(spellings_stack, new->name) || is_listed(spellings_ram, new->name))
        return old;
    return !old || (!strcasestr(old->name, "heap") && strcasestr(new->name, "heap")) ? new : old;
}

// Symbols nobody has listed that are just where the live heap begins and ends.
static bool find_by_values(const struct symbols *symbols, const struct bounds_area *area,
                           struct bounds_pair *ret)
{
    const struct symbol *start = NULL, *end = NULL;

    for (size_t i = 0; i < symbols->list.len; i++) {
        const struct symbol *symbol = vec_at(&symbols->list, i);

        if (symbol->size || symbol->is_function)
            continue;
        if (symbol->address == area->whole.first)
            start = better(start, symbol);
        if (symbol->address > area->whole.last &&
            symbol->address - 1 - area->whole.last < area->block_bytes)
            end = better(end, symbol);
    }
    if (!start || !end)
        return false;
    *ret = (struct bounds_pair){.is_unlisted = true};
    set_side(start, &ret->has_start, &ret->start, ret->start_name);
    set_side(end, &ret->has_end, &ret->end, ret->end_name);
    return true;
}

static void find_heap(struct bounds *bounds, const struct symbols *symbols, uint16_t machine)
{
    const struct bounds_area *area = bounds->areas.len ? vec_at(&bounds->areas, 0) : NULL;
    struct bounds_pair pair;

    if ((area && (find_pair_around(symbols, area->whole, true, &pair) ||
                  find_array_around(symbols, area->whole, &pair) ||
                  find_pair_around(symbols, area->whole, false, &pair) ||
                  find_by_values(symbols, area, &pair))) ||
        (machine == EM_XTENSA && find_array_by_name(symbols, &pair)) ||
        find_first(symbols, spellings_heap, &pair) || (!area && find_array_by_name(symbols, &pair)))
        bounds->heap = pair;
}

// --- all symbols, for the table ---

static int add_symbol(struct bounds *bounds, const struct symbols *symbols, const char *name,
                      struct mph_err *err)
{
    const struct symbol *symbol = *name ? symbols_find(symbols, name) : NULL;

    for (size_t i = 0; symbol && i < bounds->symbols.len; i++)
        if (!strcmp(((const struct named_extent *)vec_at(&bounds->symbols, i))->name, name))
            symbol = NULL;
    return symbol ? bounds_name(&bounds->symbols, (struct extent){symbol->address, symbol->address},
                                err, "%s", name)
                  : 0;
}

static int add_symbols(struct bounds *bounds, const struct symbols *symbols, struct mph_err *err)
{
    const struct spelling *const tables[] = {spellings_heap, spellings_stack, spellings_ram};
    int rc = 0;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct spelling *at = tables[i]; rc == 0 && at->start; at++) {
            rc = add_symbol(bounds, symbols, at->start, err);
            if (rc == 0)
                rc = add_symbol(bounds, symbols, at->end, err);
        }
    if (rc == 0 && bounds->heap.is_unlisted)
        rc = add_symbol(bounds, symbols, bounds->heap.start_name, err);
    if (rc == 0 && bounds->heap.is_unlisted)
        rc = add_symbol(bounds, symbols, bounds->heap.end_name, err);
    return rc;
}

static int add_reserved(struct bounds *bounds, const struct symbols *symbols, struct mph_err *err)
{
    struct bounds_pair pair;
    struct extent extent;
    int rc = 0;

    for (const struct spelling *at = spellings_reserved; rc == 0 && at->start; at++)
        if (find_pair(symbols, at, &pair) && extent_between(&extent, pair.start, pair.end))
            rc = bounds_name(&bounds->reserved, extent, err, "%s", pair.start_name);
    for (const struct spelling *at = spellings_c_heap; rc == 0 && at->start; at++)
        if (find_pair(symbols, at, &pair) && bounds->heap.has_start &&
            pair.end <= bounds->heap.start && extent_between(&extent, pair.start, pair.end))
            return bounds_name(&bounds->reserved, extent, err, "the C library's heap");
    return rc;
}

// --- sections ---

static bool is_dummy(const char *name)
{
    for (const char *const *at = spellings_dummy_sections; *at; at++)
        if (!strncmp(name, *at, strlen(*at)))
            return true;
    return false;
}

// ".bss.gc_heap" and ".sbss" belong to .bss.
static void family_of(const char *name, char *ret, size_t size)
{
    size_t length = 1 + strcspn(*name ? name + 1 : name, ".");

    if (!strncmp(name, ".sdata", 6) || !strncmp(name, ".sbss", 5))
        snprintf(ret, size, ".%.*s", (int)(length - 2), name + 2);
    else
        snprintf(ret, size, "%.*s", (int)length, name);
}

// A section that follows one of its family is one with it: there may be thousands.
static bool extend_last(struct vec *list, struct extent extent, const char *family)
{
    enum { APART = 4096 };
    struct named_extent *last = list->len ? vec_at(list, list->len - 1) : NULL;

    if (!last || strcmp(last->name, family) || extent.first <= last->extent.last ||
        extent.first - last->extent.last > APART)
        return false;
    last->extent.last = extent.last;
    return true;
}

static int add_section(struct vec *list, const char *name, struct extent extent,
                       struct mph_err *err)
{
    char family[BOUNDS_NAME_MAX];

    family_of(name, family, sizeof family);
    return extend_last(list, extent, family) ? 0 : bounds_name(list, extent, err, "%s", family);
}

static int add_sections(struct bounds *bounds, const struct firmware *firmware, struct mph_err *err)
{
    struct elf_section section;
    int rc = 0;

    for (size_t i = 0; rc == 0 && elf_file_section(&firmware->file, i, &section); i++) {
        bool is_writable = section.flags & SHF_WRITE;
        struct extent extent;

        if ((section.flags & (SHF_ALLOC | SHF_TLS)) == SHF_ALLOC && !is_dummy(section.name) &&
            extent_set(&extent, section.address + firmware->bias, section.size))
            rc = add_section(is_writable ? &bounds->sections : &bounds->constants, section.name,
                             extent, err);
    }
    return rc;
}

int bounds_gather_linker(struct bounds *bounds, const struct session *session, struct mph_err *err)
{
    const struct firmware *firmware = session->has_firmware ? &session->firmware : NULL;

    if (!firmware)
        return 0;
    const struct symbols *symbols = &firmware->symbols;
    bounds->has_linker = symbols->list.len != 0;
    find_heap(bounds, symbols, firmware->file.machine);
    find_first(symbols, spellings_stack, &bounds->stack);
    find_first(symbols, spellings_ram, &bounds->ram);
    int rc = add_symbols(bounds, symbols, err);
    if (rc == 0)
        rc = add_reserved(bounds, symbols, err);
    return rc == 0 ? add_sections(bounds, firmware, err) : rc;
}
