// SPDX-License-Identifier: MIT
#include "vm/pending.h"

#include <string.h>

// --- the pending exception ---

// py/mpstate.h: behind nlr_top from v1.17 on, with nlr_jump_callback_top in between from
// v1.21 on. The distance from dict_locals to last_pool tells v1.16 from v1.17.
static bool find_in_thread(const struct objects *objects, uint64_t *ret)
{
    const struct layout *layout = objects->layout;
    const struct member_at *locals = &layout->members[MEMBER_DICT_LOCALS];
    const struct member_at *pool = &layout->members[MEMBER_LAST_POOL];

    if (layout->era <= ERA_1_8_1 || !locals->how || !pool->how ||
        pool->offset - locals->offset < 5 * (int64_t)objects->word)
        return false;
    *ret = layout->ctx + (uint64_t)locals->offset +
           (layout->era >= ERA_1_21 ? 4u : 3u) * objects->word;
    return true;
}

static bool is_dict(const struct objects *objects, uint64_t address)
{
    struct object object;

    return objects_get(objects, address, &object) && object.type &&
           !strcmp(object.type->name, "dict");
}

// Up to v1.16: behind mp_loaded_modules_dict, the first dict behind last_pool.
static bool find_in_vm(const struct objects *objects, uint64_t *ret)
{
    enum { WORDS_BETWEEN_MAX = 64 }; // exception objects, and a buffer for one more
    const struct layout *layout = objects->layout;
    const struct member_at *pool = &layout->members[MEMBER_LAST_POOL];
    uint64_t at = layout->ctx + (uint64_t)pool->offset;

    if (layout->era >= ERA_1_19 || !pool->how)
        return false;
    for (int i = 0; i < WORDS_BETWEEN_MAX; i++) {
        at += objects->word;
        if (is_dict(objects, at)) {
            uint64_t end = at + 4 * objects->word;

            *ret = (end + objects->obj - 1) / objects->obj * objects->obj;
            return true;
        }
    }
    return false;
}

static void read_exception(const struct objects *objects, struct pending *pending)
{
    const struct layout *layout = objects->layout;
    const struct member_at *member = &layout->members[MEMBER_PENDING];
    bool is_found = true;

    if (member->how)
        pending->exception_address = layout->ctx + (uint64_t)member->offset;
    else
        is_found = find_in_thread(objects, &pending->exception_address) ||
                   find_in_vm(objects, &pending->exception_address);
    pending->has_exception = is_found && objects_uint(objects, pending->exception_address,
                                                      objects->obj, &pending->exception);
}

// --- the scheduler ---

static void read_scheduler(const struct objects *objects, struct pending *pending)
{
    const struct layout *layout = objects->layout;
    const struct member_at *state = &layout->members[MEMBER_SCHED_STATE];
    const struct member_at *queue = &layout->members[MEMBER_SCHED_QUEUE];
    uint64_t value;

    if (!state->how || !layout_read_member(layout, objects->target, MEMBER_SCHED_STATE, &value))
        return;
    pending->has_scheduler = true;
    pending->state_address = layout->ctx + (uint64_t)state->offset;
    pending->state = (int16_t)value;
    pending->has_length =
        layout->members[MEMBER_SCHED_LEN].how &&
        layout_read_member(layout, objects->target, MEMBER_SCHED_LEN, &pending->length);
    pending->depth = queue->how ? queue->size / (2 * objects->obj) : 0; // of {function, argument}
}

void pending_read(const struct objects *objects, struct pending *ret)
{
    *ret = (struct pending){0};
    read_exception(objects, ret);
    read_scheduler(objects, ret);
}
