// SPDX-License-Identifier: MIT
#include "vm/task_object.h"

#include <string.h>

#include "object/lookup.h"

static const char *const attributes[] = {
    [TASK_CHILD] = "ph_child", [TASK_CHILD_LAST] = "ph_child_last",
    [TASK_NEXT] = "ph_next",   [TASK_CORO] = "coro",
    [TASK_DATA] = "data",      [TASK_STATE] = "state",
    [TASK_PH_KEY] = "ph_key",
};

static bool is_named(const struct objects *objects, uint64_t address, const char *name,
                     struct object *ret)
{
    return address && objects_get(objects, address, ret) && ret->type &&
           !strcmp(ret->type->name, name);
}

// py/objnone.c, py/objbool.c: a bool's value is the byte behind the type.
enum word_kind word_kind_of(const struct objects *objects, uint64_t word)
{
    struct word decoded;
    struct object object;
    uint8_t value;

    word_decode(objects->layout, word, &decoded);
    if (decoded.kind != WORD_POINTER)
        return decoded.kind;
    if (is_named(objects, decoded.pointer, "NoneType", &object))
        return WORD_NONE;
    if (is_named(objects, decoded.pointer, "bool", &object) &&
        objects_read(objects, decoded.pointer + objects->word, &value, 1))
        return value ? WORD_TRUE : WORD_FALSE;
    return WORD_POINTER;
}

uint64_t pointer_in(const struct objects *objects, uint64_t word)
{
    struct word decoded;

    word_decode(objects->layout, word, &decoded);
    return word_kind_of(objects, word) == WORD_POINTER ? decoded.pointer : 0;
}

bool is_instance_of(const struct objects *objects, uint64_t address, const char *class_name)
{
    struct object object;

    return is_named(objects, address, class_name, &object) && object.type->is_class;
}

// An instance's map begins where a dict's does: behind the type.
bool instance_get(const struct objects *objects, uint64_t instance, const char *name, uint64_t *ret)
{
    struct object object;

    return instance && objects_get(objects, instance, &object) && object.type &&
           object.type->is_class && dict_find(objects, instance, name, ret);
}

// A class of that name which is no part of asyncio has other attributes.
static bool is_one(const struct objects *objects, uint64_t address, const char *name,
                   const char *attribute)
{
    struct object object;
    uint64_t word;

    return is_named(objects, address, name, &object) &&
           (!object.type->is_class || dict_find(objects, address, attribute, &word));
}

bool task_at(const struct objects *objects, uint64_t address)
{
    return is_one(objects, address, "Task", attributes[TASK_PH_KEY]);
}

bool task_queue_at(const struct objects *objects, uint64_t address)
{
    return is_one(objects, address, "TaskQueue", "heap");
}

// --- members ---

bool task_get(const struct objects *objects, uint64_t task, enum task_member member, uint64_t *ret)
{
    struct object object;

    if (!objects_get(objects, task, &object))
        return false;
    if (!object.type->is_class)
        return field_get(objects, &object, member, ret);
    return dict_find(objects, task, attributes[member], ret) ||
           (member == TASK_STATE && dict_find(objects, task, "waiting", ret));
}

// Of classes: None, or another instance.
static bool link_of_instance(const struct objects *objects, uint64_t instance, const char *name,
                             uint64_t *ret)
{
    uint64_t word;

    if (!dict_find(objects, instance, name, &word))
        return false;
    *ret = pointer_in(objects, word);
    return *ret || word_kind_of(objects, word) == WORD_NONE;
}

// py/pairheap.h: the last sibling's `next` is its parent with the low bit set.
static bool link_of_builtin(const struct objects *objects, const struct object *object,
                            enum task_member member, uint64_t *ret)
{
    if (!field_get(objects, object, member, ret))
        return false;
    if (member == TASK_NEXT && *ret & 1)
        *ret = 0;
    return true;
}

bool task_link(const struct objects *objects, uint64_t task, enum task_member member, uint64_t *ret)
{
    struct object object;

    if (!objects_get(objects, task, &object))
        return false;
    return object.type->is_class ? link_of_instance(objects, task, attributes[member], ret)
                                 : link_of_builtin(objects, &object, member, ret);
}

bool task_queue_first(const struct objects *objects, uint64_t queue, uint64_t *ret)
{
    struct object object;

    if (!objects_get(objects, queue, &object))
        return false;
    return object.type->is_class ? link_of_instance(objects, queue, "heap", ret)
                                 : field_get(objects, &object, 0, ret);
}
