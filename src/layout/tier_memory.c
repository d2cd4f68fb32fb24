// SPDX-License-Identifier: MIT
#include "layout/tiers.h"

#include "layout/era.h"
#include "layout/learn.h"
#include "layout/members.h"
#include "layout/ram.h"
#include "layout/version.h"

// --- the area, measured ---

void tier_adopt_area(struct layout *layout, struct target *target, const struct area_match *area,
                     bool is_split)
{
    layout->block_bytes = area->block_bytes;
    layout->block_how = HOW_MEASURED;
    layout->tables = area->tables;
    layout->gap = area->gap;
    members_from_area(layout, target, area, is_split);
}

// The first area of the one heap in `ram`.
int tier_find_head(struct target *target, size_t word_bytes, const struct range *ram,
                   size_t ram_count, struct tier_found *ret, struct mph_err *err)
{
    struct vec matches = VEC_OF(struct area_match);
    int rc = area_scan(target, word_bytes, ram, ram_count, &matches, &ret->read_bytes, err);

    if (rc == 0)
        rc = area_head(&matches, word_bytes, &ret->area, &ret->further, err);
    vec_deinit(&matches);
    return rc;
}

// Over a link one place of RAM after the other, so that the search ends early.
static int find_head_in_turn(struct target *target, size_t word_bytes, const struct vec *ranges,
                             struct tier_found *ret, struct mph_err *err)
{
    uint64_t read_bytes = 0;

    for (size_t i = 0; i < ranges->len; i++) {
        struct mph_err tried = {0};
        int rc = tier_find_head(target, word_bytes, vec_at(ranges, i), 1, ret, &tried);

        if (rc != MPH_ERR_NO_HEAP)
            return rc == 0 ? 0 : mph_fail_again(err, &tried);
        read_bytes += ret->read_bytes;
    }
    if (!read_bytes)
        return mph_fail(err, MPH_ERR_READ,
                        "memory: nothing can be read where RAM may be (--ram tells where it is)");
    return mph_fail(err, MPH_ERR_NO_HEAP,
                    "heap: no MicroPython heap found in the RAM of this target "
                    "(--ram tells where)");
}

int tier_search_ram(const struct layout *layout, struct target *target,
                    const struct layout_options *options, struct tier_found *ret,
                    struct mph_err *err)
{
    struct vec ranges = VEC_OF(struct range);
    int rc = ram_candidates(target, options->ram, options->ram_count, &ranges, err);

    if (rc == 0 && target->link.ops)
        rc = find_head_in_turn(target, layout->word_bytes, &ranges, ret, err);
    else if (rc == 0)
        rc = tier_find_head(target, layout->word_bytes, ranges.data, ranges.len, ret, err);
    vec_deinit(&ranges);
    return rc;
}

// Whether a heap that seems to have one area has lost the way to others: without
// MICROPY_GC_SPLIT_HEAP there are no such structures, and at the end of a list, where
// structures of freed areas may remain, the link is 0.
static void note_unlinked(struct layout *layout, struct target *target,
                          const struct tier_found *found)
{
    uint64_t next;

    if (found->further &&
        layout_read_word(layout, target, found->area.address - layout->word_bytes, &next, NULL) ==
            0 &&
        next)
        notes_add(&layout->notes,
                  "heap: %zu structures of further areas, but the first area's link is 0x%llx",
                  found->further, (unsigned long long)next);
}

// --- tier: memory alone ---

int tier_from_memory(struct layout *layout, struct target *target,
                     const struct layout_options *options, struct mph_err *err)
{
    struct tier_found found = {0};
    int rc = tier_search_ram(layout, target, options, &found, err);

    if (rc < 0)
        return rc;
    struct area_match area = found.area;
    bool is_split = area_leads_on(target, layout->word_bytes, &area);
    if (!is_split)
        note_unlinked(layout, target, &found);
    tier_adopt_area(layout, target, &area, is_split);
    era_from_area(layout, &area);
    rc = learn_structures(layout, target, err);
    if (rc == 0)
        rc = version_search(layout, target, options->wants_version, err);
    if (rc == 0) {
        era_reconcile(layout);
        members_from_area(layout, target, &area, is_split); // now that the era is known
    }
    return rc;
}

// Without a file that says so, the word size is the one in which a heap is found.
int tier_from_memory_any_word(struct layout *layout, struct target *target,
                              const struct layout_options *options, struct mph_err *err)
{
    static const struct {
        uint8_t word_bytes;
        bool big_endian;
    } tries[] = {{4, false}, {8, false}, {4, true}, {8, true}};
    struct mph_err first = {0};
    bool was_big_endian = target->big_endian;

    if (layout->word_how != HOW_UNKNOWN)
        return tier_from_memory(layout, target, options, err);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct mph_err tried = {0};

        if (target->link.ops && i > 1)
            break; // what a search over a link costs; no big-endian port of MicroPython is known
        layout->word_bytes = tries[i].word_bytes;
        layout->big_endian = target->big_endian = tries[i].big_endian;
        layout->word_how = HOW_MEASURED;
        int rc = tier_from_memory(layout, target, options, &tried);
        if (rc == 0)
            return 0;
        if (i == 0 || (first.code == MPH_ERR_NO_HEAP && rc != MPH_ERR_NO_HEAP))
            first = tried;
    }
    target->big_endian = was_big_endian;
    return mph_fail_again(err, &first);
}
