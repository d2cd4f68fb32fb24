// SPDX-License-Identifier: MIT
#include "object/slot.h"

bool slot_holder(const struct objects *objects, uint64_t block, struct object *ret)
{
    uint64_t top = objects_top_owner(objects, block);
    const struct outside *outside = objects_outside(objects, top);

    if (outside)
        return objects_get(objects, outside->address, ret);
    objects_get_block(objects, top < objects->block_count ? top : block, ret);
    return ret->kind != NULL;
}

struct search {
    uint64_t at;
    struct step step;
    bool is_found;
};

static void match_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                       const struct step *step)
{
    struct search *search = visitor->context;

    (void)value;
    if (search->is_found || search->at < at || search->at - at >= visitor->objects->obj)
        return;
    search->is_found = true;
    search->step = *step;
}

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

enum { OWNERS_MAX = 64 }; // as for objects_top_owner

bool slot_find(const struct objects *objects, uint64_t block, uint64_t at, struct step *ret)
{
    struct search search = {.at = at};
    struct visitor visitor = {objects, &search, true, match_slot, ignore_block, NULL, at};
    struct object object;

    for (int i = 0; i < OWNERS_MAX && block < objects->block_count && !search.is_found; i++) {
        objects_get_block(objects, block, &object);
        if (object.kind)
            objects_visit(&visitor, &object);
        block = objects_owner(objects, block);
    }
    if (!search.is_found && objects_outside(objects, block) &&
        objects_get(objects, objects_outside(objects, block)->address, &object))
        objects_visit(&visitor, &object);
    if (search.is_found)
        *ret = search.step;
    return search.is_found;
}
