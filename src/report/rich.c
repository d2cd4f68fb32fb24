// SPDX-License-Identifier: MIT
#include "report/rich.h"

#include <stdlib.h>

enum { BATCH = 1 << 16 };

static const struct object_area *find_area(const struct objects *objects,
                                           const struct gc_area *area)
{
    size_t i = 0;

    while (objects->areas[i].area != area)
        i++;
    return &objects->areas[i];
}

static char letter_of(const struct objects *objects, const struct object_area *area, uint64_t index)
{
    switch (area_block(area->area, index)) {
    case BLOCK_FREE:
        return '.';
    case BLOCK_TAIL:
        return '=';
    default: {
        const struct kind *kind = objects_kind(objects, area->first + index);

        return kind ? kind->letter : '?';
    }
    }
}

int rich_walk(const struct objects *objects, const struct gc_area *gc_area, struct letters *letters,
              struct mph_err *err)
{
    const struct object_area *area = find_area(objects, gc_area);
    char *batch = malloc(BATCH);
    int rc = batch ? 0 : mph_fail_no_memory(err);

    for (uint64_t first = 0; rc == 0 && first < gc_area->block_count; first += BATCH) {
        size_t count =
            gc_area->block_count - first < BATCH ? (size_t)(gc_area->block_count - first) : BATCH;

        for (size_t i = 0; i < count; i++)
            batch[i] = letter_of(objects, area, first + i);
        rc = letters->emit(letters->context, first, batch, count);
    }
    free(batch);
    return rc;
}

static void add_kinds(void *context, bool is_block,
                      void (*add)(void *context, char letter, const char *meaning))
{
    size_t count = kind_count();

    for (size_t i = 1; i < count; i++) {
        const struct kind *kind = kind_at(i);

        if (kind->meaning && kind->is_block == is_block)
            add(context, kind->letter, kind->meaning);
    }
}

void rich_each_letter(void *context, void (*add)(void *context, char letter, const char *meaning))
{
    add(context, '.', "free");
    add(context, '=', "tail of the head before it");
    add_kinds(context, false, add);
    add_kinds(context, true, add);
    add(context, '?', "not known, and held by nobody");
}
