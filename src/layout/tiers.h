// SPDX-License-Identifier: MIT
// The ways in which a layout comes to be, by what there is: an ELF, or memory alone.
#ifndef MPH_LAYOUT_TIERS_H
#define MPH_LAYOUT_TIERS_H

#include "layout/area.h"
#include "layout/layout.h"

// What a search for the heap found.
struct tier_found {
    struct area_match area; // the first one
    size_t further;         // structures of further areas, linked or not
    uint64_t read_bytes;
};

// The first area of the one heap in `ram`.
int tier_find_head(struct target *target, size_t word_bytes, const struct range *ram,
                   size_t ram_count, struct tier_found *ret, struct mph_err *err);

// The same wherever RAM may be.
int tier_search_ram(const struct layout *layout, struct target *target,
                    const struct layout_options *options, struct tier_found *ret,
                    struct mph_err *err);

// What the first area says of blocks, tables and members.
void tier_adopt_area(struct layout *layout, struct target *target, const struct area_match *area,
                     bool is_split);

// Everything found in memory, whose words are as wide as layout->word_bytes says, or as a
// heap is found in.
int tier_from_memory(struct layout *layout, struct target *target,
                     const struct layout_options *options, struct mph_err *err);
int tier_from_memory_any_word(struct layout *layout, struct target *target,
                              const struct layout_options *options, struct mph_err *err);

// By symbols, and by debug information where the ELF has it.
int tier_from_firmware(struct layout *layout, struct target *target,
                       const struct firmware *firmware, const struct layout_options *options,
                       struct mph_err *err);

#endif
