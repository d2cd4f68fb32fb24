// SPDX-License-Identifier: MIT
#include <string.h>

#include "object/objects.h"

extern const struct kind *const text_family[];
extern const struct kind *const sequence_family[];
extern const struct kind *const code_family[];
extern const struct kind *const generator_family[];
extern const struct kind *const mapping_family[];
extern const struct kind *const number_family[];
extern const struct kind *const array_family[];
extern const struct kind *const function_family[];
extern const struct kind *const class_family[];
extern const struct kind *const module_family[];
extern const struct kind *const exception_family[];
extern const struct kind *const iterator_family[];
extern const struct kind *const stream_family[];
extern const struct kind *const task_family[];
extern const struct kind *const system_family[];

static const struct kind *const *const families[] = {
    text_family,    sequence_family, code_family,      generator_family,
    mapping_family, number_family,   array_family,     function_family,
    class_family,   module_family,   exception_family, iterator_family,
    stream_family,  task_family,     system_family,    NULL};

static struct {
    const struct kind *kinds[KINDS_MAX];
    bool holds[KINDS_MAX], holds_shared[KINDS_MAX];
    size_t count;                 // 1 + the highest number
    uint8_t slots[2 * KINDS_MAX]; // numbers, open addressing over kinds
} table;

static size_t slot_of(const struct kind *kind)
{
    size_t slot = (uintptr_t)kind / sizeof *kind % (2 * KINDS_MAX);

    while (table.slots[slot] && table.kinds[table.slots[slot]] != kind)
        slot = (slot + 1) % (2 * KINDS_MAX);
    return slot;
}

// What a kind's own `visit` finds, nobody knows.
static void add_kind(size_t number, const struct kind *kind)
{
    table.kinds[number] = kind;
    table.holds[number] = table.holds_shared[number] = kind->visit != NULL;
    for (size_t i = 0; i < field_count(kind); i++) {
        bool is_block = kind->fields[i].form == FORM_BLOCK;

        table.holds[number] |= is_block || kind->fields[i].form == FORM_MAP;
        table.holds_shared[number] |= is_block && kind->fields[i].is_shared;
    }
    table.slots[slot_of(kind)] = (uint8_t)number;
}

// The families never change, so that the first to come may number them for all.
static void number_kinds(void)
{
    size_t count = 1;

    if (table.count)
        return;
    for (size_t i = 0; families[i]; i++)
        for (size_t j = 0; families[i][j] && count < KINDS_MAX; j++)
            add_kind(count++, families[i][j]);
    table.count = count;
}

size_t kind_count(void)
{
    number_kinds();
    return table.count;
}

const struct kind *kind_at(size_t number)
{
    number_kinds();
    return table.kinds[number];
}

size_t kind_number(const struct kind *kind)
{
    number_kinds();
    return table.slots[slot_of(kind)];
}

bool kind_holds(size_t number)
{
    number_kinds();
    return table.holds[number];
}

bool kind_holds_shared(size_t number)
{
    number_kinds();
    return table.holds_shared[number];
}

bool kind_may_hold_anything(size_t number)
{
    return kind_at(number)->is_open;
}

static bool has_name(const struct kind *kind, const char *name)
{
    for (size_t i = 0; kind->type_names && kind->type_names[i]; i++)
        if (!strcmp(kind->type_names[i], name))
            return true;
    return false;
}

// What the type alone says, whatever the object.
static const struct kind *kind_by_maker(const struct objects *objects, const struct type *type)
{
    if (type->is_class)
        return &kind_instance;
    if (type->address == objects->layout->metatype)
        return &kind_class;
    return type->is_namedtuple ? &kind_namedtuple : NULL;
}

uint8_t kind_of_type(const struct objects *objects, const struct type *type)
{
    const struct kind *kind = kind_by_maker(objects, type);
    size_t count = kind_count();

    if (kind)
        return (uint8_t)kind_number(kind);
    for (size_t i = 1; i < count; i++)
        if (has_name(table.kinds[i], type->name))
            return table.kinds[i]->is_for ? 0 : (uint8_t)i;
    for (size_t i = 1; i < count; i++)
        if (table.kinds[i]->is_for_type && table.kinds[i]->is_for_type(objects, type))
            return (uint8_t)i;
    return (uint8_t)kind_number(&kind_other);
}

uint8_t kind_of(const struct objects *objects, const struct object *object)
{
    size_t count = kind_count();

    if (object->type->kind)
        return object->type->kind;
    for (size_t i = 1; i < count; i++)
        if (has_name(table.kinds[i], object->type->name) &&
            (!table.kinds[i]->is_for || table.kinds[i]->is_for(objects, object)))
            return (uint8_t)i;
    return (uint8_t)kind_number(&kind_other);
}
