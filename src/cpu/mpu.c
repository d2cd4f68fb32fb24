// SPDX-License-Identifier: MIT
#include "cpu/mpu.h"

#include <elf.h>
#include <stdio.h>

#include "cpu/cortex_m.h"
#include "target/chip.h"

enum {
    TYPE = 0xe000ed90,
    CTRL = 0xe000ed94,
    NUMBER = 0xe000ed98, // MPU_RNR
    BASE = 0xe000ed9c,   // MPU_RBAR; behind it MPU_RASR or MPU_RLAR, and three more such pairs
    PAIR_BYTES = 8,
    V6_V7_SUBREGION_MIN = 256, // smaller regions have no parts
};

struct pair {
    uint32_t base, rest;
};

// --- one region ---

// AP of ARMv6-M and ARMv7-M (DDI 0403E, table B3-15).
static enum mpu_access access_of_v7(uint32_t ap)
{
    return ap == 0 || ap == 4 ? MPU_NONE : ap < 4 ? MPU_WRITE : MPU_READ;
}

// MPU_RASR: SIZE means 2 to the power of SIZE + 1.
static void decode_v7(struct pair pair, struct mpu_region *ret)
{
    unsigned bits = (pair.rest >> 1 & 31) + 1;
    uint64_t size = (uint64_t)1 << bits;

    ret->is_on = pair.rest & 1 && bits >= 5;
    ret->extent.first = pair.base & ~(uint32_t)31 & ~(size - 1);
    ret->extent.last = ret->extent.first + (size - 1);
    ret->disabled = size >= V6_V7_SUBREGION_MIN ? pair.rest >> 8 & 0xff : 0;
    ret->access = access_of_v7(pair.rest >> 24 & 7);
    ret->is_never_executed = pair.rest >> 28 & 1;
}

// MPU_RBAR and MPU_RLAR. A limit below the base is no region.
static void decode_v8(struct pair pair, struct mpu_region *ret)
{
    ret->extent = (struct extent){pair.base & ~(uint32_t)31, pair.rest | 31};
    ret->is_on = pair.rest & 1 && ret->extent.last >= ret->extent.first;
    ret->access = pair.base >> 2 & 1 ? MPU_READ : MPU_WRITE;
    ret->is_never_executed = pair.base & 1;
}

// --- all that can be read ---

static bool read_word(struct target *target, uint32_t address, uint32_t *ret)
{
    uint64_t value;

    if (target_read_uint(target, address, 4, &value, NULL) < 0)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool read_pair(struct target *target, unsigned index, struct pair *ret)
{
    return read_word(target, BASE + index * PAIR_BYTES, &ret->base) &&
           read_word(target, BASE + index * PAIR_BYTES + 4, &ret->rest);
}

static void add_region(struct mpu *mpu, unsigned number, struct pair pair, bool is_v8)
{
    struct mpu_region region = {.number = number};

    if (number >= mpu->region_count || mpu->count == MPU_REGIONS_MAX)
        return;
    if (is_v8)
        decode_v8(pair, &region);
    else
        decode_v7(pair, &region);
    mpu->regions[mpu->count++] = region;
}

// Pair 0 is the selected region; pairs 1 to 3 are those of the same four that have such numbers.
static void read_regions(struct target *target, enum arm_profile profile, uint32_t selected,
                         struct mpu *ret)
{
    bool has_neighbours = profile == PROFILE_V8M_MAIN;
    bool is_v8 = has_neighbours || profile == PROFILE_V8M_BASE;
    struct pair pair;

    for (unsigned i = 0; i < MPU_REGIONS_MAX; i++) {
        unsigned number = (selected & ~3u) + i;

        if ((number == selected && read_pair(target, 0, &pair)) ||
            (has_neighbours && i && read_pair(target, i, &pair)))
            add_region(ret, number, pair, is_v8);
    }
}

static bool read_state(struct target *target, struct mpu *ret, uint32_t *selected)
{
    uint32_t type, control;

    if (!read_word(target, TYPE, &type) || !read_word(target, CTRL, &control) ||
        !read_word(target, NUMBER, selected))
        return false;
    ret->region_count = type >> 8 & 0xff;
    ret->is_on = control & 1;
    *selected &= 0xff;
    return ret->region_count != 0;
}

// Cortex-M0 has none (its Technical Reference Manual, DDI 0432).
static bool may_have_one(const struct scb *scb)
{
    return scb->has[SCB_CPUID] && chip_part(scb->value[SCB_CPUID]) != CHIP_PART_M0;
}

int mpu_read(struct target *target, struct mpu *ret, struct mph_err *err)
{
    struct range range = {TYPE, BASE - TYPE + MPU_REGIONS_MAX * PAIR_BYTES};
    struct mpu mpu = {0};
    uint32_t selected;
    struct scb scb;

    *ret = mpu;
    if (target->machine != EM_ARM && target->machine != EM_NONE)
        return 0;
    int rc = scb_read(target, &scb, err);
    if (rc < 0 || !may_have_one(&scb))
        return rc;
    rc = target_fetch(target, &range, 1, err);
    if (rc < 0 || !read_state(target, &mpu, &selected))
        return rc;
    read_regions(target, scb.profile, selected, &mpu);
    *ret = mpu;
    return 1;
}

// --- what a region says ---

bool mpu_region_covers(const struct mpu_region *region, struct extent range, struct extent *ret)
{
    uint64_t part = extent_bytes(region->extent) / MPU_SUBREGIONS;

    if (!region->disabled)
        return extent_common(region->extent, range, ret);
    for (unsigned i = 0; i < MPU_SUBREGIONS; i++) {
        uint64_t first = region->extent.first + i * part;

        if (!(region->disabled >> i & 1) &&
            extent_common((struct extent){first, first + (part - 1)}, range, ret))
            return true;
    }
    return false;
}

void mpu_region_text(const struct mpu_region *region, char ret[MPU_TEXT_MAX])
{
    static const char *const accesses[] = {"no access", "read-only", "read and write"};
    unsigned parts = MPU_SUBREGIONS - (unsigned)__builtin_popcount(region->disabled);
    int length = snprintf(ret, MPU_TEXT_MAX, "%s%s", accesses[region->access],
                          region->is_never_executed ? ", no execution" : "");

    if (region->disabled)
        snprintf(ret + length, MPU_TEXT_MAX - (size_t)length, ", %u of its 8 parts", parts);
}
