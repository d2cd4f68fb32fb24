// SPDX-License-Identifier: MIT
// What an object refers to, from its kind's description.
#include "object/objects.h"

// More elements than any heap holds: what a damaged length claims is cut here.
static uint64_t bounded(const struct objects *objects, uint64_t count)
{
    uint64_t most = objects->block_count * objects->layout->block_bytes / objects->word;

    return count < most ? count : most;
}

bool map_read(const struct objects *objects, uint64_t map, struct map_view *ret)
{
    uint64_t bits;

    if (!objects_word(objects, map, &bits) ||
        !objects_word(objects, map + objects->word, &ret->alloc) ||
        !objects_word(objects, map + 2 * objects->word, &ret->table))
        return false;
    ret->is_fixed = bits >> 1 & 1;
    ret->is_ordered = bits >> 2 & 1;
    ret->used = bits >> 3;
    return true;
}

static const struct field map_field = {"table", FORM_BLOCK, &kind_map_table, 0, 0, false};

// Elements that may really be there: none lies behind the end of its block, and those
// outside the heap are as few as `bounded` says.
static uint64_t real_count(const struct objects *objects, uint64_t at, uint64_t count, size_t size)
{
    uint64_t room = objects_room(objects, at) / size;

    return bounded(objects, count < room ? count : room);
}

// Tables that many objects share, which only damaged ones do, would else be gone through
// once for each.
bool visit_spend(struct visitor *visitor)
{
    if (!visitor->budget)
        return true;
    if (!*visitor->budget)
        return false;
    --*visitor->budget;
    return true;
}

// The first element to look at, of `count` at an address; *count becomes where to stop.
static uint64_t first_wanted(const struct visitor *visitor, uint64_t at, size_t size,
                             uint64_t *count)
{
    uint64_t index = (visitor->only - at) / size;

    if (!visitor->only)
        return 0;
    if (visitor->only < at || index >= *count)
        return *count;
    *count = index + 1;
    return index;
}

// py/map.c: slots in use are those with a key; ordered maps fill the first `used`.
static void visit_entries(struct visitor *visitor, const struct map_view *map, enum step_kind step)
{
    const struct objects *objects = visitor->objects;
    size_t size = objects->obj;
    uint64_t count =
        real_count(objects, map->table, map->is_ordered ? map->used : map->alloc, 2 * size);

    for (uint64_t i = first_wanted(visitor, map->table, 2 * size, &count);
         i < count && visit_spend(visitor); i++) {
        uint64_t at = map->table + 2 * i * size, key, value;

        if (!objects_uint(objects, at, size, &key))
            return;
        if (key == 0 || key == 4 || !objects_uint(objects, at + size, size, &value))
            continue;
        visitor->slot(visitor, at, key, &(struct step){STEP_KEY_ITSELF, NULL, i, key});
        visitor->slot(visitor, at + size, value, &(struct step){step, NULL, i, key});
    }
}

void visit_map(struct visitor *visitor, uint64_t map, enum step_kind step)
{
    struct map_view view;

    if (!map_read(visitor->objects, map, &view) || !view.table)
        return;
    visitor->block(visitor, &kind_map_table, view.table,
                   bounded(visitor->objects, view.alloc) * 2 * visitor->objects->obj, &map_field);
    if (visitor->wants_slots)
        visit_entries(visitor, &view, step);
}

void visit_items(struct visitor *visitor, uint64_t at, uint64_t count, const char *name)
{
    const struct objects *objects = visitor->objects;
    uint64_t value;

    count = real_count(objects, at, count, objects->obj);
    for (uint64_t i = first_wanted(visitor, at, objects->obj, &count);
         i < count && visit_spend(visitor); i++) {
        if (!objects_uint(objects, at + i * objects->obj, objects->obj, &value))
            return;
        if (value != 0 && value != 4)
            visitor->slot(visitor, at + i * objects->obj, value,
                          &(struct step){STEP_INDEX, name, i, 0});
    }
}

static uint64_t count_of(const struct objects *objects, const struct object *object,
                         unsigned member)
{
    uint64_t count;

    return member && field_get(objects, object, member - 1, &count) ? bounded(objects, count) : 0;
}

static void visit_block(struct visitor *visitor, const struct object *object,
                        const struct field *field, uint64_t address)
{
    const struct objects *objects = visitor->objects;
    uint64_t room = count_of(objects, object, field->room);
    uint64_t count = field->count ? count_of(objects, object, field->count) : room;
    bool has_objects = field->block->content == CONTENT_OBJECTS;

    if (!address)
        return;
    visitor->block(visitor, field->block, address, room * (has_objects ? objects->obj : 1), field);
    if (visitor->wants_slots && has_objects)
        visit_items(visitor, address, count, NULL);
}

// Words behind the last member up to the end of the allocation, on the heap only.
static void visit_rest(struct visitor *visitor, const struct object *object, uint64_t at,
                       const char *name)
{
    uint64_t used = at - object->address;

    if (object->bytes > used)
        visit_items(visitor, at, (object->bytes - used) / visitor->objects->obj, name);
}

static void visit_field(struct visitor *visitor, const struct object *object, size_t index)
{
    const struct objects *objects = visitor->objects;
    const struct field *field = &object->kind->fields[index];
    uint64_t at = field_address(objects, object, index), value;
    struct step step = {STEP_FIELD, field->name, 0, 0};

    switch (field->form) {
    case FORM_OBJ:
    case FORM_REF:
    case FORM_BLOCK:
        if (!field_get(objects, object, index, &value))
            return;
        if (field->form == FORM_BLOCK)
            visit_block(visitor, object, field, value);
        else if (visitor->wants_slots)
            visitor->slot(visitor, at, value, &step);
        return;
    case FORM_MAP:
        visit_map(visitor, at, object->kind == &kind_instance ? STEP_ATTR : STEP_KEY);
        return;
    case FORM_ITEMS:
        if (visitor->wants_slots)
            visit_items(visitor, at,
                        field->count ? count_of(objects, object, field->count) : field->room,
                        field->is_element ? NULL : field->name);
        return;
    case FORM_REST:
        if (visitor->wants_slots)
            visit_rest(visitor, object, at, field->name);
        return;
    default:
        return;
    }
}

void objects_visit(struct visitor *visitor, const struct object *object)
{
    for (size_t i = 0; i < FIELDS_MAX && object->kind->fields[i].name; i++)
        visit_field(visitor, object, i);
    if (object->kind->visit)
        object->kind->visit(visitor, object);
}
