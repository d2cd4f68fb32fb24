// SPDX-License-Identifier: MIT
// Exceptions and their tracebacks: py/objexcept.h mp_obj_exception_t.
#include "object/exception.h"

#include <string.h>

#include "layout/types.h"

enum { EXC_TRACE_ALLOC, EXC_TRACE_LEN, EXC_TRACE, EXC_ARGS };

static const struct kind kind_traceback = {
    .name = "traceback", .letter = 'J', .meaning = "traceback of an exception", .is_block = true};

static const struct field trace_field = {
    "traceback_data", FORM_BLOCK, &kind_traceback, 0, 0, false};

// Entries of {file, line, function}, a word each.
static void visit_exception(struct visitor *visitor, const struct object *object)
{
    uint64_t alloc, data;

    if (field_get(visitor->objects, object, EXC_TRACE_ALLOC, &alloc) &&
        field_get(visitor->objects, object, EXC_TRACE, &data) && data)
        visitor->block(visitor, &kind_traceback, data, (alloc & 0xffff) * visitor->objects->word,
                       &trace_field);
}

enum { TYPE_DEPTH_MAX = 8 };

// The type that another derives from, 0 for none: up to v1.8.7 the first of a tuple.
static uint64_t base_of(const struct objects *objects, uint64_t type)
{
    uint64_t base, metatype, count, first;

    if (type_slot_read(objects->layout, objects->target, type, SLOT_PARENT, &base, NULL) < 0 ||
        !base || !objects_word(objects, base, &metatype))
        return 0;
    if (metatype == objects->layout->metatype)
        return base;
    return objects_word(objects, base + objects->word, &count) && count > 0 &&
                   objects_word(objects, base + 2 * objects->word, &first)
               ? first
               : 0;
}

// Every exception derives from BaseException.
static bool is_exception_type(const struct objects *objects, const struct type *type)
{
    uint64_t address = type->address;

    for (int depth = 0; depth < TYPE_DEPTH_MAX && address; depth++) {
        struct type_info info;

        if (type_info_read(objects->layout, objects->target, address, &info, NULL) < 0)
            return false;
        if (!strcmp(info.name, "BaseException"))
            return true;
        address = base_of(objects, address);
    }
    return false;
}

void print_exception_as(struct printer *printer, const struct object *object, const char *name)
{
    uint64_t args;

    text_escaped(printer->text, name, strlen(name));
    if (!print_get(printer, object, EXC_ARGS, &args))
        return;
    if (!args) {
        text_puts(printer->text, "()");
    } else if (print_enter(printer, object->address, "(...)")) {
        print_pointer(printer, args);
        print_leave(printer);
    }
}

static void print_exception(struct printer *printer, const struct object *object)
{
    print_exception_as(printer, object, object->type ? object->type->name : "exception");
}

const struct kind kind_exception = {
    .name = "exception",
    .letter = 'x',
    .meaning = "exception",
    .is_for_type = is_exception_type,
    .fields = {{"traceback_alloc", FORM_HALF},
               {"traceback_len", FORM_HALF},
               {"traceback_data", FORM_POINTER},
               {"args", FORM_REF}},
    .visit = visit_exception,
    .print = print_exception,
};

const struct kind *const exception_family[] = {&kind_exception, &kind_traceback, NULL};
