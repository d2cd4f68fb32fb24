// SPDX-License-Identifier: MIT
#include "object/tally.h"

#include <stdlib.h>

#include "gc/numbers.h"

struct counting {
    struct tally *tally;
    const struct objects *objects;
};

static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct counting *counting = context;
    struct tally *tally = counting->tally;
    const struct objects *objects = counting->objects;
    const struct kind *kind = objects_kind(objects, block);

    (void)address;
    if (kind && !kind->is_block) {
        tally->objects++;
        tally->object_bytes += bytes;
    } else if (objects_owner(objects, block) == BLOCK_NOBODY) {
        tally->unowned++;
        tally->unowned_bytes += bytes;
    } else {
        uint64_t top = objects_top_owner(objects, block);

        tally->helpers++;
        tally->helper_bytes += bytes;
        if (top < objects->block_count)
            tally->held_blocks[objects_head_number(objects, top)] +=
                (uint32_t)(bytes / objects->layout->block_bytes);
    }
    return 0;
}

int tally_init(struct tally *tally, const struct objects *objects, struct mph_err *err)
{
    struct gc_numbers numbers = {0};
    struct counting counting = {tally, objects};

    *tally = (struct tally){.held_blocks = calloc(objects->head_count + 1, sizeof(uint32_t))};
    if (!tally->held_blocks)
        return mph_fail_no_memory(err);
    objects_each_head(objects, &(struct head_walk){count_head, &counting});
    gc_numbers(objects->heap, &numbers);
    tally->pool_bytes = numbers.total_bytes;
    tally->free_bytes = numbers.free_bytes;
    tally->loose_bytes = numbers.total_bytes - numbers.free_bytes - tally->object_bytes -
                         tally->helper_bytes - tally->unowned_bytes;
    return 0;
}

void tally_deinit(struct tally *tally)
{
    free(tally->held_blocks);
    *tally = (struct tally){0};
}

bool kind_is_named_by_type(const struct kind *kind)
{
    return kind == &kind_instance || kind == &kind_namedtuple || kind->is_for_type || kind->is_open;
}

const char *block_type_name(const struct objects *objects, uint64_t block)
{
    struct object object;

    objects_get_block(objects, block, &object);
    if (!object.kind)
        return "?";
    return object.type && kind_is_named_by_type(object.kind) ? object.type->name
                                                             : object.kind->name;
}
