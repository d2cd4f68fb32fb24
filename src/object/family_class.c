// SPDX-License-Identifier: MIT
// Classes, their instances, and what hangs on classes.
#include <inttypes.h>
#include <string.h>

#include "layout/types.h"
#include "object/exception.h"
#include "object/value.h"

// --- types: py/obj.h mp_obj_type_t ---

static void visit_type(struct visitor *visitor, const struct object *object)
{
    static const struct {
        enum type_slot slot;
        const char *name;
    } slots[] = {{SLOT_PARENT, "parent"}, {SLOT_LOCALS_DICT, "locals_dict"}};
    const struct objects *objects = visitor->objects;

    for (size_t i = 0; visitor->wants_slots && i < sizeof slots / sizeof *slots; i++) {
        uint64_t at, value;

        if (type_slot_find(objects->layout, objects->target, object->address, slots[i].slot, &at) &&
            objects_word(objects, at, &value) && value)
            visitor->slot(visitor, at, value, &(struct step){STEP_FIELD, slots[i].name, 0, 0});
    }
}

// Behind the type: flags and name, then which slots there are, then the slots; or up to
// v1.19 one fixed member after the other.
static bool add_type_member(const struct objects *objects, const struct object *object,
                            uint64_t offset, struct text *text)
{
    const struct layout *layout = objects->layout;
    uint64_t at = object->address + offset;

    for (enum type_slot slot = 0; slot < SLOT_COUNT; slot++) {
        uint64_t slot_at;

        if (type_slot_find(layout, objects->target, object->address, slot, &slot_at) &&
            slot_at == at) {
            text_puts(text, type_slot_name(slot));
            return true;
        }
    }
    if (offset < 2u * objects->word)
        text_puts(text, layout->type_form == TYPE_WORD_NAME ? "name" : "flags, name");
    else if (layout->type_form == TYPE_SLOTS && offset < type_header_bytes(layout))
        text_puts(text, "slot indices");
    return false;
}

static void print_class(struct printer *printer, const struct object *object)
{
    const struct type *type = objects_type(printer->objects, object->address);

    if (!type) {
        print_bad(printer, object->address, "type");
        return;
    }
    text_puts(printer->text, "<class '");
    text_escaped(printer->text, type->name, strlen(type->name));
    text_puts(printer->text, "'>");
}

const struct kind kind_class = {
    .name = "type",
    .letter = 'C',
    .meaning = "class",
    .visit = visit_type,
    .add_member = add_type_member,
    .print = print_class,
};

// --- instances: py/objtype.h mp_obj_instance_t ---

enum { INSTANCE_MEMBERS, INSTANCE_SUBOBJ };

// What an instance of a builtin's subclass has of that builtin; 0: nothing. Until its
// __init__ has run that is a function in ROM.
static uint64_t base_of(const struct objects *objects, const struct object *object)
{
    uint64_t at = field_address(objects, object, INSTANCE_SUBOBJ), bits;
    struct object base;
    struct word word;

    if (object->bytes < at - object->address + objects->obj ||
        !objects_uint(objects, at, objects->obj, &bits))
        return 0;
    word_decode(objects->layout, bits, &word);
    if (word.kind == WORD_POINTER &&
        (!objects_get(objects, word.pointer, &base) || !strcmp(base.type->name, "function")))
        return 0;
    return bits;
}

// py/objtype.c instance_print: an instance of a builtin's subclass prints as that
// builtin does, an exception with its own name.
static void print_instance(struct printer *printer, const struct object *object)
{
    uint64_t bits = base_of(printer->objects, object);
    struct object base;

    if (!bits || !print_enter(printer, object->address, "...")) {
        print_plain(printer, object, object->type ? object->type->name : "instance");
        return;
    }
    if (objects_get(printer->objects, bits, &base) && base.kind == &kind_exception)
        print_exception_as(printer, &base, object->type->name);
    else
        print_word(printer, bits);
    print_leave(printer);
}

const struct kind kind_instance = {
    .name = "instance",
    .letter = 'I',
    .meaning = "instance of a class",
    .fields = {{"members", FORM_MAP}, {"subobj", FORM_REST}},
    .print = print_instance,
};

// --- py/objproperty.c, py/objtype.c mp_obj_static_class_method_t, mp_obj_super_t ---

static const struct kind kind_property = {
    .name = "property",
    .letter = 'p',
    .meaning = "property, staticmethod, classmethod, super",
    .type_names = (const char *const[]){"property", NULL},
    .fields = {{"get", FORM_OBJ}, {"set", FORM_OBJ}, {"del", FORM_OBJ}},
};

static const struct kind kind_staticmethod = {
    .name = "staticmethod",
    .letter = 'p',
    .type_names = (const char *const[]){"staticmethod", NULL},
    .fields = {{"fun", FORM_OBJ}},
};

static const struct kind kind_classmethod = {
    .name = "classmethod",
    .letter = 'p',
    .type_names = (const char *const[]){"classmethod", NULL},
    .fields = {{"fun", FORM_OBJ}},
};

static const struct kind kind_super = {
    .name = "super",
    .letter = 'p',
    .type_names = (const char *const[]){"super", NULL},
    .fields = {{"type", FORM_OBJ}, {"obj", FORM_OBJ}},
};

const struct kind *const class_family[] = {
    &kind_class, &kind_instance, &kind_property, &kind_staticmethod, &kind_classmethod, &kind_super,
    NULL};
