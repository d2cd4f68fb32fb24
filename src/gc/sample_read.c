// SPDX-License-Identifier: MIT
// Reading tables until they stand still.
#include <string.h>

#include "gc/sample_parts.h"

// Tables are compared by lines, so that what changed is few reads; and beyond the tables a
// sample may read their length by EXTRA_PART.
enum { LINE_BYTES = 16, EXTRA_PART = 20 };

// --- what is read ---

static int add_read(struct sampler *sampler, uint64_t address, uint64_t size, uint8_t *bytes,
                    struct mph_err *err)
{
    struct link_read *read = vec_add(&sampler->reads);

    if (!read)
        return mph_fail_no_memory(err);
    *read = (struct link_read){address, (size_t)size, bytes, 0};
    return 0;
}

static int add_tables(struct sampler *sampler, uint8_t *bytes, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(&sampler->now); i++) {
        const struct gc_area *area = heap_area(&sampler->now, i);

        rc = add_read(sampler, area->table, sampler_table_bytes(area), bytes, err);
        bytes += sampler_table_bytes(area);
    }
    return rc;
}

static int add_witnesses(struct sampler *sampler, uint8_t *bytes, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sampler->witnesses.len; i++) {
        const struct range *range = vec_at(&sampler->witnesses, i);

        rc = add_read(sampler, range->address, range->size, bytes, err);
        bytes += range->size;
    }
    return rc;
}

// Links read whole words.
static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 3) & ~(uint64_t)3;
}

// What was saved up by samples that read less than they may pays for the landmarks; where
// tables are too short for that, they have their turn all the same.
static bool can_pay_landmarks(struct sampler *sampler)
{
    uint64_t extra = 2 * sampler->witness_bytes + round_up(sampler->lock_word.size) +
                     round_up(sampler->table_bytes) - sampler->table_bytes;
    uint64_t may = sampler->table_bytes / EXTRA_PART, price = sampler->landmarks.bytes;
    uint64_t saved = may > extra ? (may - extra) * LANDMARKS_TURN : 0;

    sampler->savings += saved > price ? saved : price;
    if (sampler->savings < price * LANDMARKS_TURN)
        return false;
    sampler->savings = 0;
    return true;
}

int sampler_add_landmarks(struct sampler *sampler, struct mph_err *err)
{
    sampler->has_looked = true;
    return landmarks_add_reads(&sampler->landmarks, &sampler->reads, err);
}

int sampler_make_reads(struct sampler *sampler, struct mph_err *err)
{
    return sampler->reads.len
               ? target_read_anew(sampler->target, sampler->reads.data, sampler->reads.len, err)
               : 0;
}

static int read_all(struct sampler *sampler, bool wants_landmarks, struct mph_err *err)
{
    int rc;

    sampler->reads.len = 0;
    rc = add_witnesses(sampler, sampler->witness[0], err);
    if (rc == 0)
        rc = add_tables(sampler, sampler->tables, err);
    if (rc == 0 && sampler->verifies)
        rc = add_tables(sampler, sampler->again, err);
    if (rc == 0)
        rc = add_witnesses(sampler, sampler->witness[1], err);
    if (rc == 0 && sampler->lock_word.size)
        rc = add_read(sampler, sampler->lock_word.address, sampler->lock_word.size, sampler->lock,
                      err);
    if (rc == 0 && wants_landmarks)
        rc = sampler_add_landmarks(sampler, err);
    return rc < 0 ? rc : sampler_make_reads(sampler, err);
}

// --- whether it moved under the read ---

static bool has_line_changed(const uint8_t *a, const uint8_t *b, uint64_t at, uint64_t size)
{
    uint64_t left = size - at;

    return memcmp(a + at, b + at, left < LINE_BYTES ? (size_t)left : LINE_BYTES) != 0;
}

// The run of changed lines at `*at` or behind it; its length, 0 at the end.
static uint64_t changed_run(const uint8_t *a, const uint8_t *b, uint64_t size, uint64_t *at)
{
    uint64_t end;

    while (*at < size && !has_line_changed(a, b, *at, size))
        *at += LINE_BYTES;
    for (end = *at; end < size && has_line_changed(a, b, end, size);)
        end += LINE_BYTES;
    return end <= *at ? 0 : (end < size ? end : size) - *at;
}

// Read the lines of the tables again that are not as in `reference`.
static int recheck(struct sampler *sampler, const uint8_t *reference, bool *ret_same,
                   struct mph_err *err)
{
    uint64_t base = 0;
    int rc = 0;

    memcpy(sampler->again, sampler->tables, (size_t)sampler->table_bytes);
    sampler->reads.len = 0;
    for (size_t i = 0; rc == 0 && i < heap_area_count(&sampler->now); i++) {
        const struct gc_area *area = heap_area(&sampler->now, i);
        uint64_t size = sampler_table_bytes(area), at = 0, run;

        while (rc == 0 &&
               (run = changed_run(sampler->tables + base, reference + base, size, &at))) {
            rc = add_read(sampler, area->table + at, run, sampler->again + base + at, err);
            at += run;
        }
        base += size;
    }
    if (rc == 0)
        rc = sampler_make_reads(sampler, err);
    *ret_same = !memcmp(sampler->again, sampler->tables, (size_t)sampler->table_bytes);
    return rc;
}

static int try_once(struct sampler *sampler, const uint8_t *reference, bool wants_landmarks,
                    bool *ret_steady, struct mph_err *err)
{
    int rc = read_all(sampler, wants_landmarks, err);
    bool has_moved =
        memcmp(sampler->witness[0], sampler->witness[1], (size_t)sampler->witness_bytes) != 0;

    *ret_steady = false;
    if (rc < 0 || has_moved)
        return rc;
    if (!sampler->verifies)
        return recheck(sampler, reference, ret_steady, err);
    *ret_steady = !memcmp(sampler->again, sampler->tables, (size_t)sampler->table_bytes);
    return 0;
}

// A heap that never stands still is not worth all tries each time.
int sampler_read_steady(struct sampler *sampler, struct sample *sample, struct mph_err *err)
{
    unsigned tries = sampler->was_torn && sampler->tries > 2 ? 2 : sampler->tries;
    bool is_steady = false, wants_landmarks = can_pay_landmarks(sampler);
    int rc = try_once(sampler, sampler->before, wants_landmarks, &is_steady, err);

    while (rc == 0 && !is_steady && sample->retaken + 1 < tries) {
        sample->retaken++;
        sampler_swap(&sampler->tables, &sampler->try);
        rc = try_once(sampler, sampler->try, false, &is_steady, err);
    }
    sample->is_torn = sampler->was_torn = !is_steady;
    return rc;
}
