// SPDX-License-Identifier: MIT
// A growable array of elements of one size.
//
//     struct vec areas = VEC_OF(struct gc_area);
//     struct gc_area *area = vec_add(&areas);       // zeroed, NULL if out of memory
//     for (size_t i = 0; i < areas.len; i++) use(vec_at(&areas, i));
//     vec_deinit(&areas);
//
// Element pointers live until the next vec_add or vec_deinit.
#ifndef MPH_BASE_VEC_H
#define MPH_BASE_VEC_H

#include <stddef.h>

struct vec {
    void *data;
    size_t len;
    size_t capacity;
    size_t element_size;
};

#define VEC_OF(type) ((struct vec){.element_size = sizeof(type)})

// A new zeroed element at the end, or NULL when the host has no memory left.
void *vec_add(struct vec *vec);

// Element `index`, which must be below vec->len.
static inline void *vec_at(const struct vec *vec, size_t index)
{
    return (char *)vec->data + index * vec->element_size;
}

void vec_deinit(struct vec *vec);

#endif
