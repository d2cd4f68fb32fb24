// SPDX-License-Identifier: MIT
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

static int grow(struct vec *vec)
{
    size_t capacity = vec->capacity ? vec->capacity * 2 : 8;
    void *data = reallocarray(vec->data, capacity, vec->element_size);

    if (!data)
        return -1;
    vec->data = data;
    vec->capacity = capacity;
    return 0;
}

void *vec_add(struct vec *vec)
{
    if (vec->len == vec->capacity && grow(vec) < 0)
        return NULL;

    void *element = vec_at(vec, vec->len++);

    return memset(element, 0, vec->element_size);
}

void vec_deinit(struct vec *vec)
{
    free(vec->data);
    vec->data = NULL;
    vec->len = 0;
    vec->capacity = 0;
}
