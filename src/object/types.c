// SPDX-License-Identifier: MIT
#include "object/types.h"

#include <stdlib.h>
#include <string.h>

#include "layout/types.h"

// Open addressing over addresses, types and words that are none alike. Words that
// are no types are data of the target's choosing: beyond a bound they are looked at
// again each time instead of being kept.
struct entry {
    uint64_t address;  // 0: empty
    struct type *type; // NULL: no type
};

struct type_table {
    struct entry *entries;
    size_t capacity; // a power of two
    size_t count;
};

enum { CAPACITY_FIRST = 1 << 10, NO_TYPES_MAX = 1 << 16 };

struct type_table *type_table_create(void)
{
    struct type_table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->capacity = CAPACITY_FIRST;
    table->entries = calloc(table->capacity, sizeof *table->entries);
    if (!table->entries) {
        free(table);
        return NULL;
    }
    return table;
}

void type_table_destroy(struct type_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->capacity; i++)
        free(table->entries[i].type);
    free(table->entries);
    free(table);
}

static struct entry *slot_of(const struct type_table *table, uint64_t address)
{
    size_t slot = (size_t)(address * 0x9e3779b97f4a7c15u >> 32) & (table->capacity - 1);

    while (table->entries[slot].address && table->entries[slot].address != address)
        slot = (slot + 1) & (table->capacity - 1);
    return &table->entries[slot];
}

static bool grow(struct type_table *table)
{
    struct type_table larger = {.capacity = table->capacity * 2, .count = table->count};

    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].address)
            *slot_of(&larger, table->entries[i].address) = table->entries[i];
    free(table->entries);
    *table = larger;
    return true;
}

static void remember(struct type_table *table, uint64_t address, struct type *type)
{
    if (!type && table->count >= NO_TYPES_MAX)
        return;
    if (2 * table->count >= table->capacity && !grow(table)) {
        free(type);
        return;
    }
    *slot_of(table, address) = (struct entry){address, type};
    table->count++;
}

bool type_is_possible(const struct objects *objects, uint64_t address)
{
    uint64_t block;

    if (!objects->layout->metatype || !address || address % 4)
        return false;
    if (heap_area_of(objects->heap, address))
        return objects_head_at(objects, address, &block);
    return type_may_be_at(objects->layout, objects->target, address);
}

// Classes can be called (mp_obj_instance_call), types made by namedtuple() can make
// tuples but not be called through their instances: py/objtype.c mp_obj_new_type,
// py/objnamedtuple.c.
static struct type *read_type(const struct objects *objects, uint64_t address)
{
    struct type_info info;
    uint64_t metatype;

    if (!objects_word(objects, address, &metatype) || metatype != objects->layout->metatype ||
        type_info_read(objects->layout, objects->target, address, &info, NULL) < 0)
        return NULL;
    size_t length = strlen(info.name);
    struct type *type = malloc(sizeof *type + length + 1);
    if (!type)
        return NULL;
    char *name = (char *)(type + 1);
    memcpy(name, info.name, length + 1);
    bool is_on_heap = heap_area_of(objects->heap, address) != NULL;
    *type = (struct type){.address = address,
                          .name = name,
                          .slots = info.slots,
                          .is_on_heap = is_on_heap,
                          .is_class = is_on_heap && type_has(&info, SLOT_CALL),
                          .is_namedtuple = is_on_heap && !type_has(&info, SLOT_CALL)};
    type->kind = kind_of_type(objects, type);
    return type;
}

const struct type *type_table_find(struct type_table *table, const struct objects *objects,
                                   uint64_t address)
{
    struct entry *entry;

    if (!address)
        return NULL;
    entry = slot_of(table, address);
    if (entry->address)
        return entry->type;
    if (!type_is_possible(objects, address))
        return NULL;
    struct type *type = read_type(objects, address);
    remember(table, address, type);
    return slot_of(table, address)->type;
}
