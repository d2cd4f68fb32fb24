// SPDX-License-Identifier: MIT
// What the registers of an MPU say, and what follows for heap and variables.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/mpu.h"
#include "report/bounds.h"

enum {
    CORTEX_M0 = 0x410cc200,
    CORTEX_M0P = 0x410cc601,
    CORTEX_M4 = 0x410fc241,
    CORTEX_M33 = 0x411fd210
};
enum { WORDS = 11, ON = 1 };

// MPU_TYPE, MPU_CTRL, MPU_RNR, and the four pairs from MPU_RBAR on.
static int read_board(uint32_t cpuid, const uint32_t words[WORDS], struct mpu *ret)
{
    struct target target;

    target_init(&target);
    target_add_bytes(&target, 0xe000ed00, (const uint8_t *)&cpuid, 4, true, "CPUID", NULL);
    target_add_bytes(&target, 0xe000ed90, (const uint8_t *)words, WORDS * 4, true, "MPU", NULL);
    int rc = mpu_read(&target, ret, NULL);
    target_deinit(&target);
    return rc;
}

static struct mpu read_mpu(uint32_t cpuid, const uint32_t words[WORDS])
{
    struct mpu mpu;

    assert_int_equal(read_board(cpuid, words, &mpu), 1);
    return mpu;
}

static void assert_region(const struct mpu_region *region, unsigned number, uint64_t first,
                          uint64_t last, const char *wanted)
{
    char text[MPU_TEXT_MAX];

    assert_true(region->is_on);
    assert_int_equal(region->number, number);
    assert_int_equal(region->extent.first, first);
    assert_int_equal(region->extent.last, last);
    mpu_region_text(region, text);
    assert_string_equal(text, wanted);
}

// --- registers ---

// 8 KB at 0x20002000; the last 32 bytes there are; all of them.
static void test_one_region_of_armv7m(void **state)
{
    struct mpu mpu;

    (void)state;
    // The further pairs are the same region again.
    mpu = read_mpu(CORTEX_M4,
                   (const uint32_t[WORDS]){8 << 8, ON, 2, 0x20002002, 6 << 24 | 12 << 1 | 1,
                                           0x20002002, 6 << 24 | 12 << 1 | 1});
    assert_int_equal(mpu.region_count, 8);
    assert_true(mpu.is_on);
    assert_int_equal(mpu.count, 1);
    assert_region(&mpu.regions[0], 2, 0x20002000, 0x20003fff, "read-only");
    mpu = read_mpu(CORTEX_M4,
                   (const uint32_t[WORDS]){8 << 8, ON, 0, 0xffffffe0, 1u << 28 | 4 << 1 | 1});
    assert_region(&mpu.regions[0], 0, 0xffffffe0, 0xffffffff, "no access, no execution");
    mpu = read_mpu(CORTEX_M0P, (const uint32_t[WORDS]){8 << 8, ON, 7, 0, 3 << 24 | 31 << 1 | 1});
    assert_region(&mpu.regions[0], 7, 0, UINT32_MAX, "read and write");
}

static void test_regions_of_armv8m(void **state)
{
    struct mpu mpu;

    (void)state;
    // Region 6 is selected: 5 and 7 are beside it, 4 is not.
    mpu = read_mpu(CORTEX_M33, (const uint32_t[WORDS]){8 << 8, ON, 6, 0x20000001, 0x20000fe1,
                                                       0x10000006, 0x100fffe1, 0x20000001,
                                                       0x20000fe1, 0x30000000, 0x2fffffe1});
    assert_int_equal(mpu.count, 3);
    assert_region(&mpu.regions[0], 5, 0x10000000, 0x100fffff, "read-only");
    assert_region(&mpu.regions[1], 6, 0x20000000, 0x20000fff, "read and write, no execution");
    assert_false(mpu.regions[2].is_on); // its limit is below its base
}

static void test_parts_of_a_region(void **state)
{
    struct extent common = {0};
    struct mpu mpu;

    (void)state;
    // 2 KB without its first and its last part.
    mpu = read_mpu(CORTEX_M4,
                   (const uint32_t[WORDS]){8 << 8, ON, 0, 0x20000000, 0x81 << 8 | 10 << 1 | 1});
    assert_region(&mpu.regions[0], 0, 0x20000000, 0x200007ff, "no access, 6 of its 8 parts");
    assert_false(
        mpu_region_covers(&mpu.regions[0], (struct extent){0x20000000, 0x200000ff}, &common));
    assert_true(
        mpu_region_covers(&mpu.regions[0], (struct extent){0x200000f0, 0x20000103}, &common));
    assert_int_equal(common.first, 0x20000100);
    assert_int_equal(common.last, 0x20000103);
    assert_false(
        mpu_region_covers(&mpu.regions[0], (struct extent){0x20000700, 0x20000fff}, &common));
}

static void test_without_an_mpu(void **state)
{
    struct target target;
    struct mpu mpu;

    (void)state;
    assert_int_equal(read_board(CORTEX_M4, (const uint32_t[WORDS]){0}, &mpu), 0);
    assert_int_equal(mpu.region_count, 0);
    assert_int_equal(read_board(CORTEX_M0, (const uint32_t[WORDS]){8 << 8, ON}, &mpu), 0);
    target_init(&target);
    assert_int_equal(mpu_read(&target, &mpu, NULL), 0);
    target_deinit(&target);
}

// --- verdicts ---

static const struct extent heap = {0x20001000, 0x20008fff};

static const struct verdict *judge(struct bounds *bounds, struct mpu_region region,
                                   unsigned region_count, const char *text)
{
    struct bounds_area area = {.whole = heap, .block_bytes = 16};

    bounds_init(bounds);
    *(struct bounds_area *)vec_add(&bounds->areas) = area;
    bounds->mpu =
        (struct mpu){.region_count = region_count, .is_on = true, .regions = {region}, .count = 1};
    bounds_judge_mpu(bounds);
    for (size_t i = 0; i < bounds->verdicts.len; i++) {
        const struct verdict *verdict = vec_at(&bounds->verdicts, i);

        if (strstr(verdict->text, text))
            return verdict;
    }
    return NULL;
}

static void test_a_region_that_forbids_the_heap(void **state)
{
    struct mpu_region region = {
        .number = 3, .is_on = true, .extent = {0x20008000, 0x2000ffff}, .access = MPU_READ};
    const struct verdict *verdict;
    struct bounds bounds;

    (void)state;
    verdict = judge(&bounds, region, 4, "MPU region 3 forbids writing 0x20008000, where the heap");
    assert_int_equal(verdict->level, VERDICT_WRONG);
    assert_int_equal(verdict->bytes, 0x1000);
    bounds_deinit(&bounds);
    verdict = judge(&bounds, region, 8, "unless a later region allows it");
    assert_int_equal(verdict->level, VERDICT_UNSURE);
    bounds_deinit(&bounds);
    region.extent.first = heap.last + 1;
    assert_null(judge(&bounds, region, 4, "forbids writing"));
    bounds_deinit(&bounds);
    region.extent.first = heap.first;
    region.access = MPU_WRITE;
    assert_null(judge(&bounds, region, 4, "forbids writing"));
    bounds_deinit(&bounds);
    region.access = MPU_NONE;
    region.is_on = false;
    assert_null(judge(&bounds, region, 4, "forbids all"));
    bounds_deinit(&bounds);
}

static void test_what_cannot_be_read_is_said(void **state)
{
    struct bounds bounds;
    const struct verdict *verdict;

    (void)state;
    verdict = judge(&bounds, (struct mpu_region){.number = 2}, 4, "its regions 0 to 1, 3 forbid");
    assert_int_equal(verdict->level, VERDICT_UNSURE);
    bounds_deinit(&bounds);
    verdict = judge(&bounds, (struct mpu_region){.number = 0}, 1, "all its regions could be read");
    assert_int_equal(verdict->level, VERDICT_RIGHT);
    bounds_deinit(&bounds);

    bounds_init(&bounds);
    bounds.mpu.region_count = 8;
    bounds_judge_mpu(&bounds);
    assert_string_equal(((const struct verdict *)vec_at(&bounds.verdicts, 0))->text,
                        "the MPU is off");
    bounds_deinit(&bounds);

    bounds_init(&bounds);
    bounds_judge_mpu(&bounds);
    assert_int_equal(bounds.verdicts.len, 0);
    bounds_deinit(&bounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_region_of_armv7m),
        cmocka_unit_test(test_regions_of_armv8m),
        cmocka_unit_test(test_parts_of_a_region),
        cmocka_unit_test(test_without_an_mpu),
        cmocka_unit_test(test_a_region_that_forbids_the_heap),
        cmocka_unit_test(test_what_cannot_be_read_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
