// SPDX-License-Identifier: MIT
#include "gc/heads.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BLOCKS = 32, GROUP = 64, GROUP_WORDS = GROUP / WORD_BLOCKS };

// Allocations of more blocks are looked up, since counting their tails would take long.
enum { SHORT_MAX = 128 };

struct long_run {
    uint64_t index, length;
};

// --- counting in the table ---

// The lower bit of each of 32 blocks from a multiple of 32 on: set for heads.
static uint64_t heads_of_word(const struct gc_area *area, uint64_t index)
{
    uint64_t left = area->block_count - index, word = 0;

    if (left >= WORD_BLOCKS) {
        memcpy(&word, area->bits + index / 4, sizeof word);
        return le64toh(word) & 0x5555555555555555u;
    }
    memcpy(&word, area->bits + index / 4, (size_t)(left + 3) / 4);
    return le64toh(word) & 0x5555555555555555u & ~(UINT64_MAX << 2 * left);
}

// Odd bits are zero, so that pairs are sums of one already.
static unsigned count_bits(uint64_t bits)
{
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(bits * 0x0101010101010101u >> 56);
}

uint64_t heads_before(const struct heads *heads, uint64_t index)
{
    uint64_t at = index / GROUP * GROUP, count = heads->before[index / GROUP];

    for (; at + WORD_BLOCKS <= index; at += WORD_BLOCKS)
        count += count_bits(heads_of_word(heads->area, at));
    return at == index ? count
                       : count + count_bits(heads_of_word(heads->area, at) &
                                            ~(UINT64_MAX << 2 * (index - at)));
}

// --- from number to block ---

static uint64_t group_of(const struct heads *heads, uint64_t number)
{
    uint64_t low = heads->samples[number / GROUP], high = heads->samples[number / GROUP + 1] + 1;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        if (heads->before[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t heads_block(const struct heads *heads, uint64_t number)
{
    uint64_t group = group_of(heads, number), left = number - heads->before[group];
    uint64_t index = group * GROUP, bits = heads_of_word(heads->area, index);

    for (unsigned count; (count = count_bits(bits)) <= left; left -= count) {
        index += WORD_BLOCKS;
        bits = heads_of_word(heads->area, index);
    }
    for (; left; left--)
        bits &= bits - 1;
    return index + (uint64_t)__builtin_ctzll(bits) / 2;
}

// --- lengths ---

static uint64_t long_length(const struct heads *heads, uint64_t index)
{
    const struct long_run *runs = heads->longs.data;
    size_t low = 0, high = heads->longs.len;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (runs[middle].index <= index)
            low = middle;
        else
            high = middle;
    }
    return runs[low].length;
}

uint64_t heads_length(const struct heads *heads, uint64_t index)
{
    uint64_t tails = area_run_within(heads->area, index + 1, BLOCK_TAIL, SHORT_MAX);

    return tails < SHORT_MAX ? 1 + tails : long_length(heads, index);
}

bool heads_of_tail(const struct heads *heads, uint64_t index, uint64_t *ret_index)
{
    uint64_t number = heads_before(heads, index);

    if (!number)
        return false;
    *ret_index = heads_block(heads, number - 1);
    return index - *ret_index < heads_length(heads, *ret_index);
}

// --- building ---

static void count_groups(struct heads *heads, uint64_t groups)
{
    uint64_t count = 0;

    for (uint64_t group = 0; group < groups; group++) {
        heads->before[group] = (uint32_t)count;
        for (unsigned i = 0; i < GROUP_WORDS; i++) {
            uint64_t at = group * GROUP + (uint64_t)i * WORD_BLOCKS;

            if (at < heads->area->block_count)
                count += count_bits(heads_of_word(heads->area, at));
        }
    }
    heads->before[groups] = (uint32_t)count;
    heads->count = count;
}

static void sample_groups(struct heads *heads, uint64_t groups)
{
    uint64_t sample = 0;

    for (uint64_t group = 0; group < groups; group++)
        for (; sample * GROUP < heads->before[group + 1]; sample++)
            heads->samples[sample] = (uint32_t)group;
    heads->samples[sample] = groups ? (uint32_t)(groups - 1) : 0;
}

// Runs of tails that no head begins are passed over.
static int find_longs(struct heads *heads, struct mph_err *err)
{
    const struct gc_area *area = heads->area;

    for (uint64_t index = 0; index < area->block_count;) {
        enum block kind = area_block(area, index);
        uint64_t length = block_is_head(kind) ? 1 + area_run(area, index + 1, BLOCK_TAIL)
                                              : area_run(area, index, kind);

        if (block_is_head(kind) && length > SHORT_MAX) {
            struct long_run *run = vec_add(&heads->longs);

            if (!run)
                return mph_fail_no_memory(err);
            *run = (struct long_run){index, length};
        }
        index += length;
    }
    return 0;
}

int heads_init(struct heads *heads, const struct gc_area *area, struct mph_err *err)
{
    uint64_t groups = (area->block_count + GROUP - 1) / GROUP;

    *heads = (struct heads){.area = area, .longs = VEC_OF(struct long_run)};
    heads->before = calloc((size_t)groups + 1, sizeof *heads->before);
    if (!heads->before)
        return mph_fail_no_memory(err);
    count_groups(heads, groups);
    heads->samples = calloc((size_t)(heads->count / GROUP) + 2, sizeof *heads->samples);
    if (!heads->samples)
        return mph_fail_no_memory(err);
    sample_groups(heads, groups);
    return find_longs(heads, err);
}

void heads_deinit(struct heads *heads)
{
    free(heads->before);
    free(heads->samples);
    vec_deinit(&heads->longs);
    *heads = (struct heads){0};
}
