// SPDX-License-Identifier: MIT
#include "gc/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "gc/sample_parts.h"

// --- what it says ---

static void point_areas(struct sampler *sampler)
{
    const uint8_t *bytes = sampler->tables;

    for (size_t i = 0; i < heap_area_count(&sampler->now); i++) {
        struct gc_area *area = vec_at(&sampler->now.areas, i);

        area->bits = bytes;
        bytes += sampler_table_bytes(area);
    }
}

static bool is_head(const uint8_t *table, uint64_t block)
{
    return block_is_head(table[block / 4] >> block % 4 * 2 & 3);
}

static uint64_t count_gone(const struct sampler *sampler)
{
    uint64_t gone = 0;

    for (uint64_t at = 0; at < sampler->table_bytes; at++)
        for (uint64_t block = 4 * at;
             sampler->tables[at] != sampler->before[at] && block < 4 * at + 4; block++)
            gone += is_head(sampler->before, block) && !is_head(sampler->tables, block);
    return gone;
}

static void describe(const struct sampler *sampler, struct sample *sample)
{
    const struct layout *layout = sampler->now.layout;
    size_t size = (size_t)sampler->lock_word.size;
    uint64_t lock = size ? bytes_get(sampler->lock, size, layout->big_endian) : 0;

    gc_numbers(&sampler->now, &sample->numbers);
    gc_state_from(layout, &sample->numbers, size, lock, &sample->state);
}

// Whether so much has gone that it may be another heap.
static bool is_suspicious(const struct sampler *sampler, const struct sample *sample)
{
    return sample->numbers.used_bytes < sampler->used_bytes - sampler->used_bytes / 4;
}

static int judge(struct sampler *sampler, struct sample *sample, struct mph_err *err)
{
    int rc = 0;

    if (!sampler->has_looked && is_suspicious(sampler, sample)) {
        sampler->reads.len = 0;
        rc = sampler_add_landmarks(sampler, err);
        if (rc == 0)
            rc = sampler_make_reads(sampler, err);
    }
    if (rc == 0 && sampler->has_looked)
        rc = landmarks_judge(&sampler->landmarks, sampler->target, &sample->change, err);
    if (rc == 0 && !sample->numbers.heads)
        sample->change = LANDMARKS_RESTARTED; // no program lets go of all it has
    return rc;
}

int sampler_take(struct sampler *sampler, struct sample *ret, struct mph_err *err)
{
    const struct link_stats *stats = sampler->target->link.stats;
    uint64_t bytes = stats->bytes;
    double seconds = stats->seconds;
    struct sample sample = {.change = LANDMARKS_SAME};

    sampler_swap(&sampler->tables, &sampler->before);
    sampler->has_looked = false;
    int rc = sampler_read_steady(sampler, &sample, err);
    point_areas(sampler);
    if (rc == 0) {
        describe(sampler, &sample);
        sample.gone_heads = count_gone(sampler);
        rc = judge(sampler, &sample, err);
    }
    if (rc < 0)
        return rc;
    sampler->used_bytes = sample.numbers.used_bytes;
    sample.link_bytes = stats->bytes - bytes;
    sample.link_seconds = stats->seconds - seconds;
    *ret = sample;
    return 0;
}

void sampler_first(const struct sampler *sampler, const struct heap *heap, struct sample *ret)
{
    const struct target *target = sampler->target;

    *ret = (struct sample){.is_torn = heap->is_torn, .retaken = heap->rereads};
    if (target->link.ops) {
        ret->link_bytes = target->link.stats->bytes;
        ret->link_seconds = target->link.stats->seconds;
    }
    describe(sampler, ret);
}

bool sampler_has_changed(const struct sampler *sampler, size_t area, uint64_t first, uint64_t count)
{
    uint64_t base = 0;

    for (size_t i = 0; i < area; i++)
        base += sampler_table_bytes(heap_area(&sampler->now, i));
    for (uint64_t block = first; block < first + count; block++) {
        uint64_t at = base + block / 4;

        if ((sampler->tables[at] ^ sampler->before[at]) >> block % 4 * 2 & 3)
            return true;
    }
    return false;
}

// --- setting up ---

static int add_witness(struct sampler *sampler, const struct gc_area *area, struct mph_err *err)
{
    const struct member_at *members = sampler->now.layout->members;
    const struct member_at *first = &members[MEMBER_AREA_LAST_FREE];
    const struct member_at *last = &members[MEMBER_AREA_LAST_USED];
    bool has_both = last->how != HOW_UNKNOWN && last->offset > first->offset;
    int64_t end = has_both ? last->offset + last->size : first->offset + first->size;

    if (first->how == HOW_UNKNOWN)
        return 0;
    struct range *range = vec_add(&sampler->witnesses);
    if (!range)
        return mph_fail_no_memory(err);
    *range =
        (struct range){area->address + (uint64_t)first->offset, (uint64_t)(end - first->offset)};
    sampler->witness_bytes += range->size;
    return 0;
}

static int copy_areas(struct sampler *sampler, const struct heap *heap, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(heap); i++) {
        struct gc_area *area = vec_add(&sampler->now.areas);

        if (!area)
            return mph_fail_no_memory(err);
        *area = *heap_area(heap, i);
        area->owned_bits = NULL;
        sampler->table_bytes += sampler_table_bytes(area);
        rc = add_witness(sampler, area, err);
    }
    return rc;
}

static uint8_t *room(uint64_t bytes)
{
    return calloc(1, (size_t)bytes + 1);
}

static int make_room(struct sampler *sampler, struct mph_err *err)
{
    sampler->witness[0] = room(sampler->witness_bytes);
    sampler->witness[1] = room(sampler->witness_bytes);
    sampler->tables = room(sampler->table_bytes);
    sampler->before = room(sampler->table_bytes);
    sampler->try = room(sampler->table_bytes);
    sampler->again = room(sampler->table_bytes);
    return sampler->witness[0] && sampler->witness[1] && sampler->tables && sampler->before &&
                   sampler->try && sampler->again
               ? 0
               : mph_fail_no_memory(err);
}

static void take_tables(struct sampler *sampler, const struct heap *heap)
{
    uint8_t *bytes = sampler->tables;
    struct gc_numbers numbers;

    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);

        if (area->bits)
            memcpy(bytes, area->bits, (size_t)sampler_table_bytes(area));
        bytes += sampler_table_bytes(area);
    }
    memcpy(sampler->before, sampler->tables, (size_t)sampler->table_bytes);
    point_areas(sampler);
    gc_numbers(&sampler->now, &numbers);
    sampler->used_bytes = numbers.used_bytes;
}

static void find_lock(struct sampler *sampler)
{
    const struct layout *layout = sampler->now.layout;
    const struct member_at *lock = &layout->members[MEMBER_LOCK_DEPTH];

    if (lock->how == HOW_UNKNOWN || lock->size < 1 || lock->size > sizeof sampler->lock)
        return;
    sampler->lock_word = (struct range){layout->ctx + (uint64_t)lock->offset, lock->size};
    if (target_read(sampler->target, sampler->lock_word.address, sampler->lock, lock->size, NULL))
        sampler->lock_word.size = 0;
}

int sampler_init(struct sampler *sampler, struct target *target, const struct heap *heap,
                 unsigned tries, bool verifies, struct mph_err *err)
{
    *sampler = (struct sampler){.target = target,
                                .now = {.layout = heap->layout, .areas = VEC_OF(struct gc_area)},
                                .reads = VEC_OF(struct link_read),
                                .witnesses = VEC_OF(struct range),
                                .tries = tries,
                                .verifies = verifies};
    int rc = copy_areas(sampler, heap, err);

    if (rc == 0)
        rc = make_room(sampler, err);
    if (rc == 0)
        rc = landmarks_init(&sampler->landmarks, target, heap, err);
    if (rc < 0) {
        sampler_deinit(sampler);
        return rc;
    }
    take_tables(sampler, heap);
    find_lock(sampler);
    return 0;
}

void sampler_deinit(struct sampler *sampler)
{
    landmarks_deinit(&sampler->landmarks);
    vec_deinit(&sampler->now.areas);
    vec_deinit(&sampler->reads);
    vec_deinit(&sampler->witnesses);
    free(sampler->witness[0]);
    free(sampler->witness[1]);
    free(sampler->tables);
    free(sampler->before);
    free(sampler->try);
    free(sampler->again);
    *sampler = (struct sampler){0};
}
