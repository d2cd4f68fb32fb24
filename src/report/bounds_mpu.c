// SPDX-License-Identifier: MIT
// What the memory protection unit forbids where heap, stack and variables are.
#include <inttypes.h>

#include "report/bounds.h"

int bounds_gather_mpu(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    int rc = mpu_read(&session->target, &bounds->mpu, err);

    return rc < 0 ? rc : 0;
}

int bounds_list_protected(const struct bounds *bounds, struct vec *ret, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && bounds->mpu.is_on && i < bounds->mpu.count; i++) {
        const struct mpu_region *region = &bounds->mpu.regions[i];
        char text[MPU_TEXT_MAX];

        mpu_region_text(region, text);
        if (region->is_on)
            rc = bounds_name(ret, region->extent, err, "region %u: %s", region->number, text);
    }
    return rc;
}

// A region with a higher number has its way where two overlap (DDI 0403E, B3.5.1); in ARMv8-M
// that is a fault. What cannot be read may allow what this one forbids.
static void judge_use(struct bounds *bounds, const struct mpu_region *region, struct extent use,
                      const char *name)
{
    bool is_last = region->number + 1 == bounds->mpu.region_count;
    struct extent common;

    if (!region->is_on || region->access == MPU_WRITE || !mpu_region_covers(region, use, &common))
        return;
    verdict_add(bounds, is_last ? VERDICT_WRONG : VERDICT_UNSURE, extent_bytes(common),
                "MPU region %u forbids %s 0x%08" PRIX64 ", where %s is%s", region->number,
                region->access == MPU_NONE ? "all access to" : "writing", common.first, name,
                is_last ? "" : ", unless a later region allows it");
}

static void judge_uses(struct bounds *bounds, const struct mpu_region *region)
{
    struct extent use;

    for (size_t i = 0; i < bounds->areas.len; i++)
        judge_use(bounds, region, ((const struct bounds_area *)vec_at(&bounds->areas, i))->whole,
                  "the heap");
    if (!bounds->areas.len && bounds_heap(bounds, &use))
        judge_use(bounds, region, use, "the heap");
    for (size_t i = 0; i < bounds->sections.len; i++) {
        const struct named_extent *section = vec_at(&bounds->sections, i);

        judge_use(bounds, region, section->extent, section->name);
    }
}

static bool was_read(const struct mpu *mpu, unsigned number)
{
    for (size_t i = 0; i < mpu->count; i++)
        if (mpu->regions[i].number == number)
            return true;
    return false;
}

static unsigned last_unread(const struct mpu *mpu, unsigned first)
{
    while (first + 1 < mpu->region_count && !was_read(mpu, first + 1))
        first++;
    return first;
}

// "0 to 2, 4"
static void list_unread(const struct mpu *mpu, struct text *ret)
{
    for (unsigned i = 0; i < mpu->region_count; i++) {
        unsigned last = last_unread(mpu, i);

        if (was_read(mpu, i))
            continue;
        text_printf(ret, "%s%u", ret->len ? ", " : "", i);
        if (last > i)
            text_printf(ret, " to %u", last);
        i = last;
    }
}

// A guard at the end of a stack is what an MPU is for: a stack is not judged.
void bounds_judge_mpu(struct bounds *bounds)
{
    const struct mpu *mpu = &bounds->mpu;
    struct text unread;

    if (!mpu->region_count)
        return;
    if (!mpu->is_on) {
        verdict_add(bounds, VERDICT_RIGHT, 0, "the MPU is off");
        return;
    }
    for (size_t i = 0; i < mpu->count; i++)
        judge_uses(bounds, &mpu->regions[i]);
    text_init(&unread, NULL);
    list_unread(mpu, &unread);
    if (unread.len)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "the MPU is on: what its regions %s forbid cannot be read, because its "
                    "register MPU_RNR would have to be written to select them",
                    unread.bytes);
    else
        verdict_add(bounds, VERDICT_RIGHT, 0, "the MPU is on, and all its regions could be read");
    text_deinit(&unread);
}
