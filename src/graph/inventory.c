// SPDX-License-Identifier: MIT
#include "graph/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "graph/keepers.h"
#include "object/histogram.h"

struct taking {
    struct inventory *inventory;
    const struct objects *objects;
    const struct names *names;
    struct histogram types;
    uint32_t *held_blocks; // by number of a head: blocks of what it holds
};

// --- things ---

// What counts with another is as `types` has it.
static bool is_held(const struct objects *objects, uint64_t block, uint64_t *ret_top)
{
    *ret_top = objects_top_owner(objects, block);
    return *ret_top != block && *ret_top < objects->block_count;
}

static int add_held(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct taking *taking = context;
    uint64_t top;

    (void)address;
    if (is_held(taking->objects, block, &top))
        taking->held_blocks[objects_head_number(taking->objects, top)] +=
            (uint32_t)(bytes / taking->objects->layout->block_bytes);
    return 0;
}

static bool map_length(const struct objects *objects, const struct object *object, size_t field,
                       uint64_t *ret)
{
    struct map_view map;

    if (!map_read(objects, field_address(objects, object, field), &map))
        return false;
    *ret = map.used;
    return true;
}

// Instances have no length of their own: their map is of their attributes.
static bool read_length(const struct objects *objects, const struct object *object, uint64_t *ret)
{
    const struct kind *kind = object->kind;

    if (!kind || kind->is_block || kind == &kind_instance)
        return false;
    for (size_t i = 0; i < field_count(kind); i++) {
        const struct field *field = &kind->fields[i];

        if (field->form == FORM_MAP)
            return map_length(objects, object, i, ret);
        if (!strcmp(field->name, "len") || !strcmp(field->name, "used"))
            return field_get(objects, object, i, ret);
    }
    return false;
}

static int add_thing(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct taking *taking = context;
    const struct objects *objects = taking->objects;
    struct object object;
    uint64_t top;

    if (is_held(objects, block, &top))
        return 0;
    const struct histogram_row *row = histogram_row_for(&taking->types, block);
    struct thing *thing = row ? vec_add(&taking->inventory->things) : NULL;
    if (!thing)
        return MPH_ERR_NO_MEMORY;
    objects_get_block(objects, block, &object);
    *thing = (struct thing){
        .address = address,
        .own_bytes = bytes,
        .held_bytes = (uint64_t)taking->held_blocks[objects_head_number(objects, block)] *
                      objects->layout->block_bytes,
        .is_block = !object.kind || object.kind->is_block,
        .keeper = THING_NONE,
        .type = (uint32_t)(row - histogram_at(&taking->types, 0)),
        .name = names_place(taking->names, block),
    };
    thing->has_length = thing->held_bytes && read_length(objects, &object, &thing->length);
    return 0;
}

static int by_address(const void *left, const void *right)
{
    uint64_t a = ((const struct thing *)left)->address, b = ((const struct thing *)right)->address;

    return a < b ? -1 : a > b;
}

// Areas may stand in any order in memory.
static int add_things(struct taking *taking, struct mph_err *err)
{
    struct vec *things = &taking->inventory->things;

    objects_each_head(taking->objects, &(struct head_walk){add_held, taking});
    if (objects_each_head(taking->objects, &(struct head_walk){add_thing, taking}) < 0)
        return mph_fail_no_memory(err);
    if (things->len)
        qsort(things->data, things->len, things->element_size, by_address);
    return 0;
}

// --- types and names ---

static int add_types(struct taking *taking, struct mph_err *err)
{
    for (size_t i = 0; i < taking->types.rows.len; i++) {
        const struct histogram_row *row = histogram_at(&taking->types, i);
        struct thing_type *type = vec_add(&taking->inventory->types);

        if (!type)
            return mph_fail_no_memory(err);
        *type = (struct thing_type){strdup(row->name), row->class ? row->class->address : 0};
        if (!type->name)
            return mph_fail_no_memory(err);
    }
    return 0;
}

static int add_names(struct taking *taking, struct mph_err *err)
{
    const struct names *names = taking->names;

    for (size_t i = 0; i < names->list.len; i++) {
        struct thing_name *name = vec_add(&taking->inventory->names);
        uint32_t place = (uint32_t)i;

        if (!name)
            return mph_fail_no_memory(err);
        *name = (struct thing_name){names_address(names, place), names_parent(names, place)};
    }
    return 0;
}

// --- the whole ---

static int add_areas(struct inventory *inventory, const struct heap *heap, struct mph_err *err)
{
    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);
        struct range *range = vec_add(&inventory->areas);

        if (!range)
            return mph_fail_no_memory(err);
        *range = (struct range){area->pool_start, area->pool_end - area->pool_start};
    }
    return 0;
}

static void measure(struct inventory *inventory, const struct objects *objects)
{
    uint64_t bytes = 0;

    gc_numbers(objects->heap, &inventory->numbers);
    free_runs_measure(objects, NULL, MOMENT_NOW, &inventory->runs);
    for (size_t i = 0; i < inventory->things.len; i++)
        bytes += thing_bytes(inventory_thing(inventory, i));
    inventory->loose_bytes = inventory->numbers.used_bytes - bytes;
}

int inventory_take(struct inventory *ret, const struct objects *objects, const struct names *names,
                   struct mph_err *err)
{
    const struct layout *layout = objects->layout;
    struct taking taking = {ret, objects, names, {0}, NULL};

    *ret = (struct inventory){.word_bytes = layout->word_bytes,
                              .block_bytes = layout->block_bytes,
                              .big_endian = layout->big_endian,
                              .metatype = layout->metatype,
                              .areas = VEC_OF(struct range),
                              .things = VEC_OF(struct thing),
                              .types = VEC_OF(struct thing_type),
                              .names = VEC_OF(struct thing_name),
                              .notes = NOTES};
    taking.held_blocks = calloc(objects->head_count + 1, sizeof *taking.held_blocks);
    histogram_init(&taking.types, objects);
    int rc = taking.held_blocks ? add_areas(ret, objects->heap, err) : mph_fail_no_memory(err);
    if (rc == 0)
        rc = add_things(&taking, err);
    if (rc == 0)
        rc = add_types(&taking, err);
    if (rc == 0)
        rc = add_names(&taking, err);
    if (rc == 0)
        rc = inventory_find_keepers(ret, objects, err);
    histogram_deinit(&taking.types);
    free(taking.held_blocks);
    if (rc < 0)
        inventory_deinit(ret);
    else
        measure(ret, objects);
    return rc;
}

void inventory_deinit(struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->types.len; i++)
        free(inventory_type(inventory, i)->name);
    vec_deinit(&inventory->areas);
    vec_deinit(&inventory->things);
    vec_deinit(&inventory->types);
    vec_deinit(&inventory->names);
    vec_deinit(&inventory->notes);
    *inventory = (struct inventory){0};
}

// --- finding ---

bool inventory_find(const struct inventory *inventory, uint64_t address, uint32_t *ret_place)
{
    size_t low = 0, high = inventory->things.len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (inventory_thing(inventory, middle)->address < address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == inventory->things.len || inventory_thing(inventory, low)->address != address)
        return false;
    *ret_place = (uint32_t)low;
    return true;
}

bool inventory_contains(const struct inventory *inventory, uint64_t address)
{
    for (size_t i = 0; i < inventory->areas.len; i++) {
        const struct range *pool = vec_at(&inventory->areas, i);

        if (address >= pool->address && address - pool->address < pool->size)
            return true;
    }
    return false;
}
