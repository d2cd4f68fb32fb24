// SPDX-License-Identifier: MIT
// Verdicts about RAM: what the chip has, what the linker takes for it, and who says so.
#include <inttypes.h>

#include "report/bounds.h"
#include "target/chip.h"

static const struct bounds_bank *bank_at(const struct bounds *bounds, size_t index)
{
    return vec_at(&bounds->banks, index);
}

// --- those who know of RAM do not agree ---

// The last address of RAM in one piece from `address` on, as a source has it. Banks may lie side
// by side.
static bool find_end(const struct bounds *bounds, enum ram_source source, uint64_t address,
                     uint64_t *ret)
{
    bool is_found = false;

    for (size_t i = 0; i < bounds->banks.len; i++) {
        const struct bounds_bank *bank = bank_at(bounds, i);

        if (bank->source != source || !extent_has(bank->extent, address))
            continue;
        is_found = true;
        *ret = bank->extent.last;
        if (bank->extent.last == UINT64_MAX)
            return true;
        address = bank->extent.last + 1;
        i = (size_t)-1; // once more from the front; each round gets further up
    }
    return is_found;
}

static void judge_sources(struct bounds *bounds)
{
    static const char *const names[RAM_SOURCES] = {"--ram", "--chip", "what the chip says itself",
                                                   "--probe-ram"};
    enum ram_source trusted = bounds_trusted(bounds);

    for (size_t i = 0; i < bounds->banks.len; i++) {
        const struct bounds_bank *other = bank_at(bounds, i);
        uint64_t ours, theirs;

        if (other->source == trusted || !find_end(bounds, trusted, other->extent.first, &ours) ||
            !find_end(bounds, other->source, other->extent.first, &theirs) || ours == theirs)
            continue;
        verdict_add(bounds, VERDICT_UNSURE, ours > theirs ? ours - theirs : theirs - ours,
                    "RAM at 0x%08" PRIX64 " has %" PRIu64 " bytes by %s, but %" PRIu64 " by %s",
                    other->extent.first, ours - other->extent.first + 1, names[trusted],
                    theirs - other->extent.first + 1, names[other->source]);
    }
}

// --- memory the chip does not have ---

// The first address of a range that no bank answers for. Banks may lie side by side.
static bool find_outside(const struct bounds *bounds, struct extent range, uint64_t *ret)
{
    uint64_t at = range.first;

    for (;;) {
        const struct bounds_bank *bank = bounds_bank_at(bounds, at);

        if (!bank) {
            *ret = at;
            return true;
        }
        if (bank->extent.last >= range.last)
            return false;
        at = bank->extent.last + 1;
    }
}

static enum verdict_level level_of(const struct bounds *bounds)
{
    return bounds_are_assumed(bounds) ? VERDICT_UNSURE : VERDICT_WRONG;
}

static void judge_inside(struct bounds *bounds, struct extent range, const char *name)
{
    uint64_t at;

    if (bounds_trusted(bounds) == RAM_SOURCES || !find_outside(bounds, range, &at) ||
        (bounds_trusted(bounds) == RAM_PROBED && !extent_has(bounds->probed, at)))
        return;
    uint64_t bytes = extent_bytes((struct extent){at, range.last});
    if (at == range.first && chip_may_extend(at)) {
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "%s at 0x%08" PRIX64 " lies in memory outside of the chip, whose size is not "
                    "known (--ram)",
                    name, at);
        return;
    }
    if (at == range.first)
        verdict_add(bounds, level_of(bounds), bytes,
                    "%s at 0x%08" PRIX64 " lies outside of the RAM "
                    "there is, by %" PRIu64 " bytes",
                    name, at, bytes);
    else
        verdict_add(bounds, level_of(bounds), bytes,
                    "%s at 0x%08" PRIX64 " goes %" PRIu64
                    " bytes beyond the end of RAM, 0x%08" PRIX64,
                    name, range.first, bytes, at);
}

// Sections may also lie where nobody named RAM: in flash that is written, in backup memory.
// Only those beside the heap are told.
static void judge_users(struct bounds *bounds)
{
    struct extent extent;

    for (size_t i = 0; i < bounds->areas.len; i++)
        judge_inside(bounds, ((const struct bounds_area *)vec_at(&bounds->areas, i))->whole,
                     "the heap");
    if (!bounds->areas.len && bounds_heap(bounds, &extent))
        judge_inside(bounds, extent, "the heap");
    if (bounds_stack(bounds, &extent))
        judge_inside(bounds, extent, "the stack");
    for (size_t i = 0; i < bounds->sections.len; i++) {
        const struct named_extent *section = vec_at(&bounds->sections, i);

        if (bounds_bank_at(bounds, section->extent.first))
            judge_inside(bounds, section->extent, section->name);
    }
}

// --- memory the linker takes for RAM ---

static void judge_claim(struct bounds *bounds, struct extent claim, const char *name)
{
    uint64_t at;

    if (!bounds_bank_at(bounds, claim.first) || !find_outside(bounds, claim, &at))
        return;
    uint64_t bytes = extent_bytes((struct extent){at, claim.last});
    verdict_add(bounds, level_of(bounds), bytes,
                "%s says that RAM goes %" PRIu64 " bytes further than the chip's, which ends at "
                "0x%08" PRIX64,
                name, bytes, at);
}

static void judge_linker(struct bounds *bounds)
{
    struct extent claim;

    if (bounds->ram.has_end &&
        extent_between(&claim, bounds->ram.has_start ? bounds->ram.start : bounds->ram.end - 1,
                       bounds->ram.end))
        judge_claim(bounds, claim, bounds->ram.end_name);
    for (size_t i = 0; i < bounds->regions.len; i++) {
        const struct named_extent *region = vec_at(&bounds->regions, i);

        judge_claim(bounds, region->extent, region->name);
    }
}

void bounds_judge_ram(struct bounds *bounds)
{
    if (bounds_trusted(bounds) == RAM_SOURCES)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "what RAM the chip has is not known (--chip, --ram or --probe-ram)");
    judge_sources(bounds);
    judge_users(bounds);
    judge_linker(bounds);
}
