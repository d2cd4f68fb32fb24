// SPDX-License-Identifier: MIT
// Iterators. Several share the type name "iterator"; where their container is tells
// them apart.
#include <inttypes.h>

#include "object/value.h"

static void decode_at(const struct objects *objects, const struct object *object, size_t at,
                      struct word *ret)
{
    uint64_t bits;

    *ret = (struct word){.kind = WORD_BAD};
    if (objects_uint(objects, object->address + at, objects->obj, &bits))
        word_decode(objects->layout, bits, ret);
}

static bool is_object_at(const struct objects *objects, const struct object *object, size_t at)
{
    struct word word;

    decode_at(objects, object, at, &word);
    return word.kind == WORD_POINTER && objects_is_object(objects, word.pointer);
}

static size_t aligned(const struct objects *objects, size_t at)
{
    size_t to = objects->obj > objects->word ? objects->wide : objects->word;

    return (at + to - 1) / to * to;
}

// py/objgetitemiter.c mp_obj_getitem_iter_t: __getitem__, the object, the next index
static bool has_method_first(const struct objects *objects, const struct object *object)
{
    size_t first = aligned(objects, objects->word);

    return is_object_at(objects, object, first) &&
           is_object_at(objects, object, first + objects->obj);
}

static const struct kind kind_getitem_iterator = {
    .name = "iterator",
    .letter = 'i',
    .meaning = "iterator",
    .type_names = (const char *const[]){"iterator", NULL},
    .is_for = has_method_first,
    .fields = {{"getitem", FORM_OBJ}, {"container", FORM_OBJ}, {"index", FORM_OBJ}},
};

// py/objarray.c mp_obj_array_it_t
static bool has_container_first(const struct objects *objects, const struct object *object)
{
    uint64_t array;

    return objects_word(objects, object->address + objects->word, &array) &&
           objects_is_object(objects, array);
}

static const struct kind kind_container_iterator = {
    .name = "iterator",
    .letter = 'i',
    .type_names = (const char *const[]){"iterator", NULL},
    .is_for = has_container_first,
    .fields = {{"container", FORM_REF}, {"offset", FORM_SIZE}, {"cur", FORM_SIZE}},
};

// py/objpolyiter.c mp_obj_polymorph_iter_t, py/objdict.c mp_obj_dict_view_it_t
static bool has_container_second(const struct objects *objects, const struct object *object)
{
    return is_object_at(objects, object, aligned(objects, 2 * objects->word));
}

static const struct kind kind_function_iterator = {
    .name = "iterator",
    .letter = 'i',
    .type_names = (const char *const[]){"iterator", NULL},
    .is_for = has_container_second,
    .fields = {{"iternext or kind", FORM_POINTER}, {"container", FORM_OBJ}, {"cur", FORM_SIZE}},
};

// The same over an interned string, whose word may be the number where a range stops:
// nothing tells the two apart.
static bool may_have_qstr_second(const struct objects *objects, const struct object *object)
{
    char text[QSTR_TEXT_MAX + 1];
    struct word word;

    decode_at(objects, object, aligned(objects, 2 * objects->word), &word);
    return word.kind == WORD_QSTR && qstr_text(&objects->layout->qstrs, objects->target,
                                               objects->word, word.id, text, NULL) == 0;
}

static void print_ambiguous(struct printer *printer, const struct object *object)
{
    const struct objects *objects = printer->objects;
    uint64_t values[3];
    int64_t numbers[3];
    int unused = 64 - 8 * (int)objects->obj;

    for (size_t i = 0; i < 3; i++) {
        if (!print_get(printer, object, i, &values[i]))
            return;
        numbers[i] = (int64_t)(values[i] << unused) >> unused;
    }
    if (!print_enter(printer, object->address, "<iterator ...>"))
        return;
    text_printf(printer->text, "<iterator object at 0x%" PRIx64 ", over ", object->address);
    print_word(printer, values[1]);
    text_printf(printer->text, " at %" PRId64 ", or over numbers at %" PRId64 " up to %" PRId64 ">",
                numbers[2], numbers[0], numbers[1]);
    print_leave(printer);
}

static const struct kind kind_ambiguous_iterator = {
    .name = "iterator",
    .letter = 'i',
    .type_names = (const char *const[]){"iterator", NULL},
    .is_for = may_have_qstr_second,
    .fields = {{"iternext or cur", FORM_INT},
               {"container, if not stop", FORM_OBJ},
               {"cur or step", FORM_INT}},
    .print = print_ambiguous,
};

// py/objrange.c mp_obj_range_it_t
static const struct kind kind_range_iterator = {
    .name = "iterator",
    .letter = 'i',
    .type_names = (const char *const[]){"iterator", NULL},
    .fields = {{"cur", FORM_INT}, {"stop", FORM_INT}, {"step", FORM_INT}},
};

// py/objenumerate.c
static const struct kind kind_enumerate = {
    .name = "enumerate",
    .letter = 'i',
    .type_names = (const char *const[]){"enumerate", NULL},
    .fields = {{"iter", FORM_OBJ}, {"cur", FORM_INT}},
};

// py/objzip.c
static const struct kind kind_zip = {
    .name = "zip",
    .letter = 'i',
    .type_names = (const char *const[]){"zip", NULL},
    .fields = {{"n_iters", FORM_SIZE}, {"iters", FORM_ITEMS, NULL, 0, 1}},
};

// py/objmap.c
static const struct kind kind_map = {
    .name = "map",
    .letter = 'i',
    .type_names = (const char *const[]){"map", NULL},
    .fields = {{"n_iters", FORM_SIZE}, {"fun", FORM_OBJ}, {"iters", FORM_ITEMS, NULL, 0, 1}},
};

// py/objfilter.c
static const struct kind kind_filter = {
    .name = "filter",
    .letter = 'i',
    .type_names = (const char *const[]){"filter", NULL},
    .fields = {{"fun", FORM_OBJ}, {"iter", FORM_OBJ}},
};

// py/objreversed.c
static const struct kind kind_reversed = {
    .name = "reversed",
    .letter = 'i',
    .type_names = (const char *const[]){"reversed", NULL},
    .fields = {{"seq", FORM_OBJ}, {"cur_index", FORM_SIZE}},
};

const struct kind *const iterator_family[] = {&kind_getitem_iterator,
                                              &kind_container_iterator,
                                              &kind_function_iterator,
                                              &kind_ambiguous_iterator,
                                              &kind_range_iterator,
                                              &kind_enumerate,
                                              &kind_zip,
                                              &kind_map,
                                              &kind_filter,
                                              &kind_reversed,
                                              NULL};
