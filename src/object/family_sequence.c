// SPDX-License-Identifier: MIT
// list, tuple and its relatives, deque, range, slice.
#include <inttypes.h>
#include <string.h>

#include "object/value.h"

// --- list: py/objlist.h mp_obj_list_t ---

enum { LIST_ALLOC, LIST_LEN, LIST_ITEMS };

const struct kind kind_list_items = {.name = "list items",
                                     .letter = 'l',
                                     .meaning = "items of a list or deque",
                                     .is_block = true,
                                     .content = CONTENT_OBJECTS};

static void print_list(struct printer *printer, const struct object *object)
{
    uint64_t count, items;

    if (!print_get(printer, object, LIST_LEN, &count) ||
        !print_get(printer, object, LIST_ITEMS, &items) ||
        !print_enter(printer, object->address, "[...]"))
        return;
    print_items(printer, items, count, "[", "]", "");
    print_leave(printer);
}

static const struct kind kind_list = {
    .name = "list",
    .letter = 'L',
    .meaning = "list",
    .type_names = (const char *const[]){"list", NULL},
    .fields = {{"alloc", FORM_SIZE},
               {"len", FORM_SIZE},
               {"items", FORM_BLOCK, &kind_list_items, LIST_ALLOC + 1, LIST_LEN + 1}},
    .print = print_list,
};

// --- tuple: py/objtuple.h mp_obj_tuple_t ---

enum { TUPLE_LEN, TUPLE_ITEMS };

static void print_tuple(struct printer *printer, const struct object *object)
{
    uint64_t count;

    if (!print_get(printer, object, TUPLE_LEN, &count) ||
        !print_enter(printer, object->address, "(...)"))
        return;
    print_items(printer, field_address(printer->objects, object, TUPLE_ITEMS), count, "(", ")",
                ",");
    print_leave(printer);
}

#define TUPLE_FIELDS                                                 \
    {                                                                \
        {"len", FORM_SIZE},                                          \
        {                                                            \
            "items", FORM_ITEMS, NULL, 0, TUPLE_LEN + 1, false, true \
        }                                                            \
    }

static bool is_plain_tuple(const struct objects *objects, const struct object *object)
{
    uint64_t tuple = objects->layout->builtins[BUILTIN_TUPLE];

    return !tuple || tuple == object->type->address;
}

static const struct kind kind_tuple = {
    .name = "tuple",
    .letter = 'T',
    .meaning = "tuple",
    .type_names = (const char *const[]){"tuple", NULL},
    .is_for = is_plain_tuple,
    .fields = TUPLE_FIELDS,
    .print = print_tuple,
};

// Names of elements in a table of qstr ids, each as wide as a pointer.
static void print_named(struct printer *printer, const struct object *object, const char *name,
                        uint64_t names)
{
    const struct objects *objects = printer->objects;
    uint64_t count, items = field_address(objects, object, TUPLE_ITEMS);

    if (!print_get(printer, object, TUPLE_LEN, &count) ||
        !print_enter(printer, object->address, "(...)"))
        return;
    text_escaped(printer->text, name, strlen(name));
    text_putc(printer->text, '(');
    if (!print_fits(printer, items, count, objects->obj) ||
        !print_fits(printer, names, count, objects->word))
        count = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id, word;

        text_puts(printer->text, i ? ", " : "");
        if (i == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            break;
        }
        if (!objects_word(objects, names + i * objects->word, &id) ||
            !objects_uint(objects, items + i * objects->obj, objects->obj, &word)) {
            print_bad(printer, names + i * objects->word, "unreadable");
            break;
        }
        value_add_qstr(objects, id, printer->text);
        text_putc(printer->text, '=');
        print_word(printer, word);
    }
    text_putc(printer->text, ')');
    print_leave(printer);
}

// py/objattrtuple.c: the table of names follows the items.
static void print_attrtuple(struct printer *printer, const struct object *object)
{
    uint64_t count, names;
    const struct objects *objects = printer->objects;

    if (!print_get(printer, object, TUPLE_LEN, &count))
        return;
    uint64_t at = field_address(objects, object, TUPLE_ITEMS) + count * objects->obj;
    if (objects_word(objects, at, &names))
        print_named(printer, object, "", names);
    else
        print_bad(printer, at, "unreadable");
}

static const struct kind kind_attrtuple = {
    .name = "attrtuple",
    .letter = 'N',
    .meaning = "tuple with named fields",
    .type_names = (const char *const[]){"tuple", NULL},
    .fields = TUPLE_FIELDS,
    .print = print_attrtuple,
};

// py/objnamedtuple.h mp_obj_namedtuple_type_t: {type, n_fields, fields[]}; the type is
// 15 words up to v1.19, from v1.20 on its header and eight slots.
static uint64_t field_names_of(const struct objects *objects, uint64_t type)
{
    size_t word = objects->word;

    return type + (objects->layout->type_form == TYPE_SLOTS ? 16 + 10 * word : 16 * word);
}

static void print_namedtuple(struct printer *printer, const struct object *object)
{
    print_named(printer, object, object->type->name,
                field_names_of(printer->objects, object->type->address));
}

const struct kind kind_namedtuple = {
    .name = "namedtuple", .letter = 'N', .fields = TUPLE_FIELDS, .print = print_namedtuple};

// --- deque: py/objdeque.c mp_obj_deque_t, a ring with one place always empty ---

enum { DEQUE_ALLOC, DEQUE_GET, DEQUE_PUT, DEQUE_ITEMS };

static const struct field ring_field = {"items", FORM_BLOCK, &kind_list_items, 0, 0, false};

struct ring {
    uint64_t alloc, get, put, items;
};

static bool read_ring(const struct objects *objects, const struct object *object, struct ring *ret)
{
    return field_get(objects, object, DEQUE_ALLOC, &ret->alloc) &&
           field_get(objects, object, DEQUE_GET, &ret->get) &&
           field_get(objects, object, DEQUE_PUT, &ret->put) &&
           field_get(objects, object, DEQUE_ITEMS, &ret->items) && ret->get < ret->alloc &&
           ret->put < ret->alloc;
}

// The elements in the order in which they would be taken out.
static void visit_deque(struct visitor *visitor, const struct object *object)
{
    const struct objects *objects = visitor->objects;
    struct ring ring;
    uint64_t block, value;

    if (!read_ring(objects, object, &ring) || !objects_head_at(objects, ring.items, &block) ||
        ring.alloc > objects_block_bytes(objects, block) / objects->obj)
        return;
    visitor->block(visitor, &kind_list_items, ring.items, ring.alloc * objects->obj, &ring_field);
    for (uint64_t i = 0; visitor->wants_slots && ring.get != ring.put && visit_spend(visitor);
         i++, ring.get = (ring.get + 1) % ring.alloc) {
        uint64_t at = ring.items + ring.get * objects->obj;

        if (!objects_uint(objects, at, objects->obj, &value))
            return;
        visitor->slot(visitor, at, value, &(struct step){STEP_INDEX, NULL, i, 0});
    }
}

static void print_deque(struct printer *printer, const struct object *object)
{
    const struct objects *objects = printer->objects;
    struct ring ring;
    uint64_t word;

    if (!read_ring(objects, object, &ring)) {
        print_bad(printer, object->address, "positions of a deque");
        return;
    }
    if (!print_enter(printer, object->address, "deque(...)"))
        return;
    text_puts(printer->text, "deque([");
    if (!print_fits(printer, ring.items, ring.alloc, objects->obj))
        ring.get = ring.put;
    for (uint64_t i = 0; ring.get != ring.put; i++, ring.get = (ring.get + 1) % ring.alloc) {
        text_puts(printer->text, i ? ", " : "");
        if (i == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            break;
        }
        if (!objects_uint(objects, ring.items + ring.get * objects->obj, objects->obj, &word)) {
            print_bad(printer, ring.items + ring.get * objects->obj, "unreadable");
            break;
        }
        print_word(printer, word);
    }
    text_printf(printer->text, "], maxlen=%" PRIu64 ")", ring.alloc - 1);
    print_leave(printer);
}

static const struct kind kind_deque = {
    .name = "deque",
    .letter = 'Q',
    .meaning = "deque",
    .type_names = (const char *const[]){"deque", NULL},
    .fields = {{"alloc", FORM_SIZE},
               {"i_get", FORM_SIZE},
               {"i_put", FORM_SIZE},
               {"items", FORM_POINTER},
               {"flags", FORM_SIZE}},
    .visit = visit_deque,
    .print = print_deque,
};

// --- range and slice: py/objrange.c, py/objslice.c ---

enum { RANGE_START, RANGE_STOP, RANGE_STEP };

static void print_range(struct printer *printer, const struct object *object)
{
    size_t size = printer->objects->obj;
    uint64_t values[3];
    int64_t numbers[3];

    for (size_t i = 0; i < 3; i++) {
        if (!print_get(printer, object, i, &values[i]))
            return;
        numbers[i] = (int64_t)(values[i] << (64 - 8 * size)) >> (64 - 8 * size);
    }
    text_printf(printer->text, "range(%" PRId64 ", %" PRId64, numbers[0], numbers[1]);
    if (numbers[2] != 1)
        text_printf(printer->text, ", %" PRId64, numbers[2]);
    text_putc(printer->text, ')');
}

static const struct kind kind_range = {
    .name = "range",
    .letter = 'r',
    .meaning = "range or slice",
    .type_names = (const char *const[]){"range", NULL},
    .fields = {{"start", FORM_INT}, {"stop", FORM_INT}, {"step", FORM_INT}},
    .print = print_range,
};

static void print_slice(struct printer *printer, const struct object *object)
{
    if (!print_enter(printer, object->address, "slice(...)"))
        return;
    print_items(printer, field_address(printer->objects, object, 0), 3, "slice(", ")", "");
    print_leave(printer);
}

static const struct kind kind_slice = {
    .name = "slice",
    .letter = 'r',
    .type_names = (const char *const[]){"slice", NULL},
    .fields = {{"start", FORM_OBJ}, {"stop", FORM_OBJ}, {"step", FORM_OBJ}},
    .print = print_slice,
};

const struct kind *const sequence_family[] = {&kind_list,      &kind_list_items, &kind_tuple,
                                              &kind_attrtuple, &kind_namedtuple, &kind_deque,
                                              &kind_range,     &kind_slice,      NULL};
