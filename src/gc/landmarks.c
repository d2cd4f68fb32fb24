// SPDX-License-Identifier: MIT
#include "gc/landmarks.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static int add_range(struct landmarks *landmarks, uint64_t address, uint64_t size,
                     struct mph_err *err)
{
    struct range *range = vec_add(&landmarks->ranges);

    if (!range)
        return mph_fail_no_memory(err);
    *range = (struct range){address, size};
    landmarks->bytes += size;
    return 0;
}

// The last members of an area structure move with each allocation; they end it.
static uint64_t steady_bytes(const struct layout *layout)
{
    const struct member_at *end = &layout->members[MEMBER_AREA_POOL_END];

    return (uint64_t)end->offset + end->size;
}

// A place that was only guessed may hold anything.
static bool knows_pool(const struct layout *layout)
{
    const struct member_at *pool = &layout->members[MEMBER_LAST_POOL];

    return (pool->how == HOW_DWARF || pool->how == HOW_MEASURED) &&
           pool->size == layout->word_bytes;
}

static int add_ranges(struct landmarks *landmarks, const struct heap *heap, struct mph_err *err)
{
    const struct layout *layout = heap->layout;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(heap); i++)
        rc = add_range(landmarks, heap_area(heap, i)->address, steady_bytes(layout), err);
    if (rc == 0 && knows_pool(layout)) {
        uint64_t offset = (uint64_t)layout->members[MEMBER_LAST_POOL].offset;

        landmarks->has_pool = true;
        rc = add_range(landmarks, layout->ctx + offset, layout->word_bytes, err);
    }
    return rc;
}

int landmarks_init(struct landmarks *landmarks, struct target *target, const struct heap *heap,
                   struct mph_err *err)
{
    uint64_t done = 0;

    *landmarks = (struct landmarks){.layout = heap->layout, .ranges = VEC_OF(struct range)};
    int rc = add_ranges(landmarks, heap, err);

    if (rc == 0) {
        landmarks->known = calloc(1, (size_t)landmarks->bytes);
        landmarks->now = calloc(1, (size_t)landmarks->bytes);
        rc = landmarks->known && landmarks->now ? 0 : mph_fail_no_memory(err);
    }
    for (size_t i = 0; rc == 0 && i < landmarks->ranges.len; i++) {
        const struct range *range = vec_at(&landmarks->ranges, i);

        rc = target_read(target, range->address, landmarks->known + done, (size_t)range->size, err);
        done += range->size;
    }
    if (rc < 0)
        landmarks_deinit(landmarks);
    return rc;
}

void landmarks_deinit(struct landmarks *landmarks)
{
    free(landmarks->known);
    free(landmarks->now);
    vec_deinit(&landmarks->ranges);
    *landmarks = (struct landmarks){0};
}

int landmarks_add_reads(struct landmarks *landmarks, struct vec *reads, struct mph_err *err)
{
    uint64_t done = 0;

    for (size_t i = 0; i < landmarks->ranges.len; i++) {
        const struct range *range = vec_at(&landmarks->ranges, i);
        struct link_read *read = vec_add(reads);

        if (!read)
            return mph_fail_no_memory(err);
        *read = (struct link_read){range->address, (size_t)range->size, landmarks->now + done, 0};
        done += range->size;
    }
    return 0;
}

// Whether the chain of pools that begins at `newest` leads to `known`; a pool begins with
// the pointer to the one before it (py/qstr.h, all eras). One that cannot be read ends it.
static int leads_to(const struct landmarks *landmarks, struct target *target, uint64_t newest,
                    uint64_t known, bool *ret, struct mph_err *err)
{
    uint8_t word[8];
    uint64_t pool = newest;

    for (size_t i = 0; pool && pool != known && i < QSTR_POOLS_MAX; i++) {
        struct link_read read = {pool, landmarks->layout->word_bytes, word, 0};
        int rc = target_read_anew(target, &read, 1, err);

        if (rc < 0)
            return rc;
        pool = bytes_get(word, landmarks->layout->word_bytes, landmarks->layout->big_endian);
    }
    *ret = pool == known;
    return 0;
}

// Whether the newest pool is another one than before, and does not lead to that.
static int has_restarted(struct landmarks *landmarks, struct target *target, size_t at, bool *ret,
                         struct mph_err *err)
{
    size_t word = landmarks->layout->word_bytes;
    bool big_endian = landmarks->layout->big_endian, leads = true;
    struct mph_err why = {0};
    int rc = 0;

    if (memcmp(landmarks->now + at, landmarks->known + at, word))
        rc = leads_to(landmarks, target, bytes_get(landmarks->now + at, word, big_endian),
                      bytes_get(landmarks->known + at, word, big_endian), &leads, &why);
    if (rc < 0 && rc != MPH_ERR_READ)
        return mph_fail_again(err, &why);
    *ret = rc < 0 || !leads;
    return 0;
}

int landmarks_judge(struct landmarks *landmarks, struct target *target, enum landmarks_change *ret,
                    struct mph_err *err)
{
    size_t areas =
        (size_t)landmarks->bytes - (landmarks->has_pool ? landmarks->layout->word_bytes : 0);
    bool restarted = false;
    int rc = landmarks->has_pool ? has_restarted(landmarks, target, areas, &restarted, err) : 0;

    if (rc < 0)
        return rc;
    *ret = restarted                                              ? LANDMARKS_RESTARTED
           : memcmp(landmarks->now, landmarks->known, areas) != 0 ? LANDMARKS_MOVED
                                                                  : LANDMARKS_SAME;
    memcpy(landmarks->known, landmarks->now, (size_t)landmarks->bytes);
    return 0;
}
