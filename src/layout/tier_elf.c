// SPDX-License-Identifier: MIT
#include "layout/tiers.h"

#include <string.h>

#include "layout/era.h"
#include "layout/learn.h"
#include "layout/members.h"
#include "layout/version.h"

// Where the ELF gives mp_state_ctx no size, it is searched up to here; the largest
// one seen in a real build has 1,900 bytes.
enum { CTX_BYTES_MAX = 4096 };

// --- symbols ---

static void builtins_from_symbols(struct layout *layout, const struct firmware *firmware)
{
    static const char *const names[BUILTIN_COUNT] = {
        "mp_type_tuple",     "mp_type_list",  "mp_type_dict",  "mp_type_str",    "mp_type_bytes",
        "mp_type_bytearray", "mp_type_array", "mp_type_float", "mp_type_fun_bc", "mp_type_module"};

    for (enum builtin i = 0; i < BUILTIN_COUNT; i++) {
        const struct symbol *symbol = symbols_find(&firmware->symbols, names[i]);

        if (symbol) {
            layout->builtins[i] = symbol->address;
            layout->builtins_how = HOW_SYMBOL;
        }
    }
    const struct symbol *metatype = symbols_find(&firmware->symbols, "mp_type_type");
    if (metatype) {
        layout->metatype = metatype->address;
        layout->metatype_how = HOW_SYMBOL;
    }
}

// --- tiers: an ELF ---

static bool is_all_zero(struct target *target, uint64_t address, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += 8) {
        uint8_t bytes[8], any = 0;
        size_t step = size - at < 8 ? (size_t)(size - at) : 8;

        if (target_read(target, address + at, bytes, step, NULL) < 0)
            return false;
        for (size_t i = 0; i < step; i++)
            any |= bytes[i];
        if (any)
            return false;
    }
    return true;
}

static int check_readable(struct target *target, uint64_t address, uint64_t size,
                          struct mph_err *err)
{
    int rc = 0;

    for (uint64_t at = 0; rc == 0 && at < size; at += 64) {
        uint8_t bytes[64];

        rc = target_read(target, address + at, bytes, size - at < 64 ? (size_t)(size - at) : 64,
                         err);
    }
    return rc;
}

// The ELF's mp_state_ctx holds no area. Say which of the possible reasons it is.
static int explain_no_area(const struct layout *layout, struct target *target, uint64_t address,
                           uint64_t size, const struct firmware *firmware,
                           const struct layout_options *options, struct mph_err *err)
{
    struct tier_found other = {0};
    uint8_t byte;
    int rc = target_read(target, address, &byte, 1, err);

    if (rc < 0)
        return rc;
    if (tier_search_ram(layout, target, options, &other, NULL) == 0)
        return mph_fail_at(err, MPH_ERR_WRONG_ELF, address,
                           "ELF: no heap area at 0x%llx, where it has one, but at 0x%llx (%s)",
                           (unsigned long long)address, (unsigned long long)other.area.address,
                           firmware->path);
    if (is_all_zero(target, address, size))
        return mph_fail_at(err, MPH_ERR_NO_HEAP, address,
                           "heap: all zeros at 0x%llx: not initialised, or memory that reads "
                           "as zeros",
                           (unsigned long long)address);
    rc = check_readable(target, address, size, err);
    if (rc < 0)
        return rc;
    return mph_fail_at(err, MPH_ERR_NO_HEAP, address,
                       "heap: no valid heap area at 0x%llx (corrupt, or another firmware's ELF)",
                       (unsigned long long)address);
}

static int from_symbols(struct layout *layout, struct target *target,
                        const struct firmware *firmware, uint64_t ctx_size,
                        const struct layout_options *options, struct mph_err *err)
{
    struct range ctx = {layout->ctx, ctx_size ? ctx_size : CTX_BYTES_MAX};
    struct tier_found found = {0};
    struct mph_err why = {0};
    int rc = tier_find_head(target, layout->word_bytes, &ctx, 1, &found, &why);

    layout->tier = TIER_SYMBOLS;
    if (rc == MPH_ERR_NO_HEAP)
        return explain_no_area(layout, target, ctx.address, ctx.size, firmware, options, err);
    if (rc < 0)
        return mph_fail_again(err, &why);

    struct area_match area = found.area;
    bool is_split = area_leads_on(target, layout->word_bytes, &area);
    tier_adopt_area(layout, target, &area, is_split);
    era_from_area(layout, &area);
    if (layout->version_number) {
        era_reconcile(layout);
        members_from_version(layout, target);
    } else {
        rc = learn_structures(layout, target, err);
    }
    members_from_area(layout, target, &area, is_split);
    return rc;
}

// Whether the area that debug information leads to satisfies the invariants.
static bool check_area(struct layout *layout, struct target *target, struct area_match *ret)
{
    uint8_t words[AREA_WORDS_MAX * 8];
    uint64_t address = layout->area + (uint64_t)layout->members[MEMBER_AREA_TABLE].offset;

    return target_read(target, address, words, AREA_WORDS_MAX * layout->word_bytes, NULL) == 0 &&
           area_match_words(words, layout->word_bytes, layout->big_endian, address, ret);
}

// The invariants leave no freedom: where debug information has the pool elsewhere
// than they do, it is not this firmware's.
static int compare_pools(const struct layout *layout, struct target *target,
                         const struct area_match *area, const struct firmware *firmware,
                         struct mph_err *err)
{
    static const enum member ends[] = {MEMBER_AREA_POOL_START, MEMBER_AREA_POOL_END};
    uint64_t pool[2];

    for (size_t i = 0; i < 2; i++) {
        uint64_t address = layout->area + (uint64_t)layout->members[ends[i]].offset;
        int rc = layout_read_word(layout, target, address, &pool[i], err);

        if (rc < 0)
            return rc;
    }
    if (pool[0] == area->pool_start && pool[1] == area->pool_end)
        return 0;
    return mph_fail_at(err, MPH_ERR_WRONG_ELF, layout->area,
                       "ELF: its debug info has the pool at 0x%llx..0x%llx, memory at "
                       "0x%llx..0x%llx (%s)",
                       (unsigned long long)pool[0], (unsigned long long)pool[1],
                       (unsigned long long)area->pool_start, (unsigned long long)area->pool_end,
                       firmware->path);
}

static int from_dwarf(struct layout *layout, struct target *target, const struct firmware *firmware,
                      const struct layout_options *options, struct mph_err *err)
{
    struct area_match area;
    int rc = members_from_dwarf(layout, firmware, err);

    if (rc < 0)
        return rc;
    layout->tier = TIER_DWARF;
    layout->tables = (uint8_t)((layout->members[MEMBER_AREA_FINALISERS].how != HOW_UNKNOWN) +
                               (layout->members[MEMBER_AREA_WEAKREFS].how != HOW_UNKNOWN));
    era_reconcile(layout);
    rc = target_fetch(target, &(struct range){layout->area, layout_area_bytes(layout)}, 1, err);
    if (rc < 0)
        return rc;
    if (!check_area(layout, target, &area))
        return explain_no_area(layout, target, layout->area, 6 * layout->word_bytes, firmware,
                               options, err);
    if (area.tables != layout->tables)
        notes_add(&layout->notes,
                  "heap: debug info has %u one-bit tables, the invariants say %u; debug info "
                  "is used",
                  layout->tables, area.tables);
    layout->block_bytes = area.block_bytes;
    layout->block_how = HOW_MEASURED;
    layout->gap = area.gap;
    return compare_pools(layout, target, &area, firmware, err);
}

// A version string in a dump that is not the ELF's is proof of a wrong ELF.
static int check_version(const struct layout *layout, const struct target *target,
                         const struct firmware *firmware, struct mph_err *err)
{
    struct layout dump = {0};

    if (!layout->version_number || !version_of_dump(&dump, target, firmware->path) ||
        !strcmp(dump.version, layout->version))
        return 0;
    return mph_fail(err, MPH_ERR_WRONG_ELF, "ELF: is of MicroPython %s, the memory of %s (%s)",
                    layout->version, dump.version, firmware->path);
}

int tier_from_firmware(struct layout *layout, struct target *target,
                       const struct firmware *firmware, const struct layout_options *options,
                       struct mph_err *err)
{
    const struct symbol *ctx = symbols_find(&firmware->symbols, "mp_state_ctx");

    version_of_elf(layout, firmware);
    int rc = check_version(layout, target, firmware, err);
    if (rc < 0)
        return rc;
    builtins_from_symbols(layout, firmware);
    if (!ctx) {
        notes_add(&layout->notes,
                  "ELF: has no symbol mp_state_ctx; everything is found in memory (%s)",
                  firmware->path);
        struct mph_err why = {0};
        rc = tier_from_memory(layout, target, options, &why);
        if (rc == MPH_ERR_NO_HEAP)
            return mph_fail(err, rc, "ELF: has no mp_state_ctx, and memory no heap that fits (%s)",
                            firmware->path);
        return rc < 0 ? mph_fail_again(err, &why) : 0;
    }
    layout->ctx = ctx->address;
    layout->ctx_how = HOW_SYMBOL;
    if (!firmware->dwarf)
        return from_symbols(layout, target, firmware, ctx->size, options, err);
    return from_dwarf(layout, target, firmware, options, err);
}
