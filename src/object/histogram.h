// SPDX-License-Identifier: MIT
// Objects of each type: how many, and their bytes.
#ifndef MPH_OBJECT_HISTOGRAM_H
#define MPH_OBJECT_HISTOGRAM_H

#include "base/vec.h"
#include "object/objects.h"

// Classes of the program are counted each, whatever their names; everything else by
// what it is called.
struct histogram_row {
    const struct type *class; // NULL: no class of the program's
    const struct kind *kind;  // of the first; NULL: not known
    const char *name;         // unescaped; lives as long as the objects
    uint64_t count, own_bytes, helper_bytes;
};

struct histogram {
    const struct objects *objects;
    struct vec rows; // of struct histogram_row
    uint32_t *slots; // 1 + place in rows, open addressing over class and name
    size_t capacity; // a power of two
    // By number: 1 + place in rows of a kind whose objects are all called the same.
    uint32_t by_kind[KINDS_MAX];
};

// Empty. `objects` are named and outlive it.
void histogram_init(struct histogram *histogram, const struct objects *objects);
void histogram_deinit(struct histogram *histogram);

// Count every allocation: objects, and the blocks that they hold with them.
int histogram_count(struct histogram *histogram, struct mph_err *err);

// The row that an object's block counts in, to be counted up; NULL: out of memory.
struct histogram_row *histogram_row_for(struct histogram *histogram, uint64_t block);

// The largest first.
void histogram_sort(struct histogram *histogram);

static inline const struct histogram_row *histogram_at(const struct histogram *histogram,
                                                       size_t index)
{
    return vec_at(&histogram->rows, index);
}

static inline uint64_t histogram_bytes(const struct histogram_row *row)
{
    return row->own_bytes + row->helper_bytes;
}

#endif
