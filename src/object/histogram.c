// SPDX-License-Identifier: MIT
#include "object/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "object/tally.h"

static uint64_t hash_of(const struct type *class, const char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t) class;

    for (; !class && *name; name++)
        hash = hash * 33 ^ (unsigned char)*name;
    return hash * 0x9e3779b97f4a7c15u >> 32;
}

static size_t slot_of(const struct histogram *histogram, const struct type *class, const char *name)
{
    size_t slot = (size_t)hash_of(class, name) & (histogram->capacity - 1);

    while (histogram->slots[slot]) {
        const struct histogram_row *row = vec_at(&histogram->rows, histogram->slots[slot] - 1);

        if (row->class == class && (class || !strcmp(row->name, name)))
            break;
        slot = (slot + 1) & (histogram->capacity - 1);
    }
    return slot;
}

static bool grow(struct histogram *histogram)
{
    size_t capacity = histogram->capacity ? 2 * histogram->capacity : 256;
    uint32_t *slots = calloc(capacity, sizeof *slots);

    if (!slots)
        return false;
    free(histogram->slots);
    histogram->slots = slots;
    histogram->capacity = capacity;
    for (size_t i = 0; i < histogram->rows.len; i++) {
        const struct histogram_row *row = vec_at(&histogram->rows, i);

        slots[slot_of(histogram, row->class, row->name)] = (uint32_t)i + 1;
    }
    return true;
}

static struct histogram_row *find_row(struct histogram *histogram, uint64_t block)
{
    struct object object;

    if (2 * histogram->rows.len >= histogram->capacity && !grow(histogram))
        return NULL;
    objects_get_block(histogram->objects, block, &object);
    const struct type *class = object.type && object.type->is_on_heap ? object.type : NULL;
    const char *name = block_type_name(histogram->objects, block);
    size_t slot = slot_of(histogram, class, name);
    if (histogram->slots[slot])
        return vec_at(&histogram->rows, histogram->slots[slot] - 1);
    struct histogram_row *row = vec_add(&histogram->rows);
    if (!row)
        return NULL;
    *row = (struct histogram_row){.class = class, .kind = object.kind, .name = name};
    histogram->slots[slot] = (uint32_t)histogram->rows.len;
    return row;
}

struct histogram_row *histogram_row_for(struct histogram *histogram, uint64_t block)
{
    uint8_t number = objects_kind_number(histogram->objects, block);
    uint32_t *place = &histogram->by_kind[number];

    if (number && kind_is_named_by_type(kind_at(number)))
        return find_row(histogram, block);
    if (*place)
        return vec_at(&histogram->rows, *place - 1);
    struct histogram_row *row = find_row(histogram, block);
    if (row)
        *place = 1 + (uint32_t)(row - (const struct histogram_row *)histogram->rows.data);
    return row;
}

// A block that an object holds counts with the object.
static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct histogram *histogram = context;
    uint64_t top = objects_top_owner(histogram->objects, block);
    bool is_helper = top != block && top < histogram->objects->block_count;
    struct histogram_row *row = histogram_row_for(histogram, is_helper ? top : block);

    (void)address;
    if (!row)
        return MPH_ERR_NO_MEMORY;
    row->count += !is_helper;
    *(is_helper ? &row->helper_bytes : &row->own_bytes) += bytes;
    return 0;
}

static int by_bytes(const void *left, const void *right)
{
    uint64_t a = histogram_bytes(left), b = histogram_bytes(right);

    if (a != b)
        return a > b ? -1 : 1;
    return strcmp(((const struct histogram_row *)left)->name,
                  ((const struct histogram_row *)right)->name);
}

// --- the whole ---

void histogram_init(struct histogram *histogram, const struct objects *objects)
{
    *histogram = (struct histogram){.objects = objects, .rows = VEC_OF(struct histogram_row)};
}

void histogram_deinit(struct histogram *histogram)
{
    free(histogram->slots);
    vec_deinit(&histogram->rows);
}

int histogram_count(struct histogram *histogram, struct mph_err *err)
{
    if (objects_each_head(histogram->objects, &(struct head_walk){count_head, histogram}) < 0)
        return mph_fail_no_memory(err);
    return 0;
}

void histogram_sort(struct histogram *histogram)
{
    if (histogram->rows.len)
        qsort(histogram->rows.data, histogram->rows.len, sizeof(struct histogram_row), by_bytes);
}
