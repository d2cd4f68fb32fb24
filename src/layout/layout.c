// SPDX-License-Identifier: MIT
#include "layout/layout.h"

#include "layout/era.h"
#include "layout/tiers.h"

// --- words for people ---

const char *how_name(enum how how)
{
    static const char *const names[] = {"not known",     "target",          "debug info",
                                        "symbol",        "found in memory", "era's layout",
                                        "version string"};

    return names[how];
}

const char *tier_name(enum tier tier)
{
    static const char *const names[] = {"memory alone", "ELF with symbols", "ELF with debug info"};

    return names[tier];
}

const char *builtin_name(enum builtin builtin)
{
    static const char *const names[] = {"tuple",     "list",  "dict",  "str",      "bytes",
                                        "bytearray", "array", "float", "function", "module"};

    return names[builtin];
}

// --- reading ---

int layout_read_word(const struct layout *layout, struct target *target, uint64_t address,
                     uint64_t *ret, struct mph_err *err)
{
    return target_read_uint(target, address, layout->word_bytes, ret, err);
}

bool layout_read_member(const struct layout *layout, struct target *target, enum member member,
                        uint64_t *ret)
{
    const struct member_at *at = &layout->members[member];

    return at->how != HOW_UNKNOWN && at->size >= 1 && at->size <= 8 &&
           target_read_uint(target, layout->ctx + (uint64_t)at->offset, at->size, ret, NULL) == 0;
}

uint64_t layout_area_bytes(const struct layout *layout)
{
    uint64_t end = 0;

    for (enum member i = MEMBER_AREA_NEXT; i < MEMBER_COUNT; i++) {
        const struct member_at *at = &layout->members[i];
        if (at->how != HOW_UNKNOWN && (uint64_t)at->offset + at->size > end)
            end = (uint64_t)at->offset + at->size;
    }
    return end;
}

// --- all of it ---

int layout_init(struct layout *layout, struct target *target, const struct firmware *firmware,
                const struct layout_options *options, struct mph_err *err)
{
    *layout = (struct layout){.word_bytes = target->word_bytes,
                              .word_how = target->word_bytes ? HOW_TARGET : HOW_UNKNOWN,
                              .big_endian = target->big_endian,
                              .notes = NOTES};

    era_set(layout, ERA_UNKNOWN, HOW_UNKNOWN, NULL);
    int rc = firmware ? tier_from_firmware(layout, target, firmware, options, err)
                      : tier_from_memory_any_word(layout, target, options, err);
    if (rc < 0)
        layout_deinit(layout);
    return rc;
}

void layout_deinit(struct layout *layout)
{
    vec_deinit(&layout->notes);
}
