// SPDX-License-Identifier: MIT
// Where the members of an object are, as a C compiler lays them out.
#include "object/objects.h"

size_t field_size(const struct objects *objects, enum form form)
{
    switch (form) {
    case FORM_OBJ:
    case FORM_WEAK:
    case FORM_INT:
        return objects->obj;
    case FORM_HASH:
        return objects->layout->type_form == TYPE_SLOTS ? objects->word : objects->obj;
    case FORM_HALF:
        return objects->word / 2;
    case FORM_LONG:
        return 8;
    case FORM_FLOAT:
        return objects->number;
    case FORM_MAP:
        return 3 * objects->word;
    case FORM_ITEMS:
    case FORM_REST:
        return 0;
    default:
        return objects->word;
    }
}

static size_t field_alignment(const struct objects *objects, enum form form)
{
    size_t size = form == FORM_MAP                          ? objects->word
                  : form == FORM_ITEMS || form == FORM_REST ? objects->obj
                                                            : field_size(objects, form);

    return size > objects->word ? objects->wide : size;
}

static void lay_out(struct objects *objects, const struct kind *kind, uint16_t *offsets)
{
    size_t at = kind->is_block ? 0 : objects->word;

    for (size_t i = 0; i < field_count(kind); i++) {
        size_t alignment = field_alignment(objects, kind->fields[i].form);

        at = (at + alignment - 1) / alignment * alignment;
        offsets[i] = (uint16_t)at;
        at += field_size(objects, kind->fields[i].form);
    }
}

void objects_lay_out(struct objects *objects)
{
    for (size_t i = 1; i < kind_count(); i++)
        lay_out(objects, kind_at(i), objects->offsets[i]);
}

uint64_t field_address(const struct objects *objects, const struct object *object, size_t field)
{
    (void)objects;
    return object->address + object->offsets[field];
}

bool field_get(const struct objects *objects, const struct object *object, size_t field,
               uint64_t *ret)
{
    return objects_uint(objects, field_address(objects, object, field),
                        field_size(objects, object->kind->fields[field].form), ret);
}
