// SPDX-License-Identifier: MIT
// bytearray, array and memoryview: py/objarray.h mp_obj_array_t.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "object/value.h"

enum { ARRAY_BITS, ARRAY_LEN, ARRAY_ITEMS };

struct array {
    char typecode; // 'B' for bytearray, whose own mark is 0 or 1
    uint64_t free, len, items;
    size_t size; // bytes of an element
};

// py/binary.c mp_binary_get_size with native sizes and alignment. 0: no typecode.
static size_t size_of(const struct objects *objects, char typecode)
{
    switch (typecode) {
    case 'b':
    case 'B':
        return 1;
    case 'h':
    case 'H':
        return 2;
    case 'i':
    case 'I':
    case 'f':
        return 4;
    case 'l':
    case 'L':
    case 'P':
    case 'S':
        return objects->word;
    case 'O':
        return objects->obj;
    case 'q':
    case 'Q':
    case 'd':
        return 8;
    default:
        return 0;
    }
}

// Eight bits of typecode (the top one: a writable memoryview), the rest is `free`.
static bool read_array(const struct objects *objects, const struct object *object,
                       struct array *ret)
{
    uint64_t bits;

    if (!field_get(objects, object, ARRAY_BITS, &bits) ||
        !field_get(objects, object, ARRAY_LEN, &ret->len) ||
        !field_get(objects, object, ARRAY_ITEMS, &ret->items))
        return false;
    ret->typecode = (char)(bits & 0x7f);
    if (ret->typecode < 2) // BYTEARRAY_TYPECODE: 0 up to v1.9.1, then 1 (025e5f2b33)
        ret->typecode = 'B';
    ret->free = bits >> 8;
    ret->size = size_of(objects, ret->typecode);
    return true;
}

static const struct kind kind_array_data = {.name = "array data",
                                            .letter = 'a',
                                            .meaning = "data of an array or bytearray",
                                            .is_block = true};

static const struct field items_field = {"items", FORM_BLOCK, &kind_array_data, 0, 0, false};
static const struct field base_field = {"items", FORM_BLOCK, &kind_array_data, 0, 0, true};

static void visit_array(struct visitor *visitor, const struct object *object)
{
    struct array array;

    if (read_array(visitor->objects, object, &array) && array.items && array.len < UINT32_MAX &&
        array.free < UINT32_MAX)
        visitor->block(visitor, &kind_array_data, array.items,
                       (array.len + array.free) * array.size, &items_field);
}

// The data belongs to what the view was made of, unless that is gone.
static void visit_view(struct visitor *visitor, const struct object *object)
{
    struct array array;

    if (read_array(visitor->objects, object, &array) && array.items)
        visitor->block(visitor, &kind_array_data, array.items, 1, &base_field);
}

static int64_t signed_of(uint64_t value, size_t size)
{
    return (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

static void print_element(struct printer *printer, const struct array *array, uint64_t bits)
{
    float single;
    double number;
    uint32_t low = (uint32_t)bits;

    switch (array->typecode) {
    case 'f':
    case 'd':
        memcpy(&single, &low, sizeof single);
        memcpy(&number, &bits, sizeof number);
        print_float(printer, array->typecode == 'f' ? (double)single : number, array->size);
        break;
    case 'O':
        print_word(printer, bits);
        break;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
        text_printf(printer->text, "%" PRId64, signed_of(bits, array->size));
        break;
    default:
        text_printf(printer->text, "%" PRIu64, bits);
    }
}

static void print_elements(struct printer *printer, const struct array *array)
{
    if (!print_fits(printer, array->items, array->len, array->size))
        return;
    for (uint64_t i = 0; i < array->len; i++) {
        uint64_t bits;

        text_puts(printer->text, i ? ", " : "");
        if (i == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            return;
        }
        if (!objects_uint(printer->objects, array->items + i * array->size, array->size, &bits)) {
            print_bad(printer, array->items + i * array->size, "unreadable");
            return;
        }
        print_element(printer, array, bits);
    }
}

static void print_array(struct printer *printer, const struct object *object)
{
    struct array array;

    if (!read_array(printer->objects, object, &array) || !array.size) {
        print_bad(printer, object->address, "typecode of an array");
        return;
    }
    text_printf(printer->text, "array('%c'", array.typecode);
    if (array.len > 0 && print_enter(printer, object->address, "[...]")) {
        text_puts(printer->text, ", [");
        print_elements(printer, &array);
        text_putc(printer->text, ']');
        print_leave(printer);
    }
    text_putc(printer->text, ')');
}

static void print_bytearray(struct printer *printer, const struct object *object)
{
    struct array array;

    if (!read_array(printer->objects, object, &array)) {
        print_bad(printer, object->address, "unreadable");
        return;
    }
    text_puts(printer->text, "bytearray(");
    print_quoted(printer, array.items, array.len, true);
    text_putc(printer->text, ')');
}

static void print_memoryview(struct printer *printer, const struct object *object)
{
    struct array array;

    if (!read_array(printer->objects, object, &array) || !array.size) {
        print_bad(printer, object->address, "typecode of a memoryview");
        return;
    }
    text_printf(printer->text,
                "<memoryview of %" PRIu64 " '%c' from item %" PRIu64 " at 0x%" PRIx64 ">",
                array.len, array.typecode, array.free, array.items);
}

#define ARRAY_FIELDS                                       \
    {                                                      \
        {"typecode, free", FORM_SIZE}, {"len", FORM_SIZE}, \
        {                                                  \
            "items", FORM_POINTER                          \
        }                                                  \
    }

static const struct kind kind_bytearray = {
    .name = "bytearray",
    .letter = 'A',
    .meaning = "bytearray or array",
    .type_names = (const char *const[]){"bytearray", NULL},
    .fields = ARRAY_FIELDS,
    .visit = visit_array,
    .print = print_bytearray,
};

static const struct kind kind_array = {
    .name = "array",
    .letter = 'A',
    .type_names = (const char *const[]){"array", NULL},
    .fields = ARRAY_FIELDS,
    .visit = visit_array,
    .print = print_array,
};

static const struct kind kind_memoryview = {
    .name = "memoryview",
    .letter = 'V',
    .meaning = "memoryview",
    .type_names = (const char *const[]){"memoryview", NULL},
    .fields = ARRAY_FIELDS,
    .visit = visit_view,
    .print = print_memoryview,
};

const struct kind *const array_family[] = {&kind_bytearray, &kind_array, &kind_memoryview,
                                           &kind_array_data, NULL};
