// SPDX-License-Identifier: MIT
// Iterators. Several share the type name "iterator"; where their container is tells
// them apart.
#include "object/value.h"

static bool is_object_at(const struct objects *objects, const struct object *object, size_t at)
{
    uint64_t bits;
    struct word word;
    struct object found;

    if (!objects_uint(objects, object->address + at, objects->obj, &bits))
        return false;
    word_decode(objects->layout, bits, &word);
    return word.kind == WORD_QSTR ||
           (word.kind == WORD_POINTER && objects_get(objects, word.pointer, &found));
}

static size_t aligned(const struct objects *objects, size_t at)
{
    size_t to = objects->obj > objects->word ? objects->wide : objects->word;

    return (at + to - 1) / to * to;
}

// py/objarray.c mp_obj_array_it_t, py/objgetitemiter.c
static bool has_container_first(const struct objects *objects, const struct object *object)
{
    return is_object_at(objects, object, aligned(objects, objects->word));
}

static const struct kind kind_container_iterator = {
    .name = "iterator",
    .letter = 'i',
    .meaning = "iterator",
    .type_names = (const char *const[]){"iterator", NULL},
    .is_for = has_container_first,
    .fields = {{"container", FORM_OBJ}, {"offset", FORM_SIZE}, {"cur", FORM_SIZE}},
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
    .fields = {{"iternext", FORM_POINTER}, {"container", FORM_OBJ}, {"cur", FORM_SIZE}},
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

const struct kind *const iterator_family[] = {&kind_container_iterator,
                                              &kind_function_iterator,
                                              &kind_range_iterator,
                                              &kind_enumerate,
                                              &kind_zip,
                                              &kind_map,
                                              &kind_filter,
                                              &kind_reversed,
                                              NULL};
