// SPDX-License-Identifier: MIT
// str and bytes: py/objstr.h mp_obj_str_t.
#include "object/value.h"

enum { STR_HASH, STR_LEN, STR_DATA };

static const struct kind kind_string_data = {
    .name = "string data", .letter = 's', .meaning = "data of a str or bytes", .is_block = true};

static void print_text(struct printer *printer, const struct object *object, bool is_bytes)
{
    uint64_t length, data;

    if (print_get(printer, object, STR_LEN, &length) && print_get(printer, object, STR_DATA, &data))
        print_quoted(printer, data, length, is_bytes);
}

static void print_str(struct printer *printer, const struct object *object)
{
    print_text(printer, object, false);
}

static void print_bytes(struct printer *printer, const struct object *object)
{
    print_text(printer, object, true);
}

#define STR_FIELDS                                             \
    {                                                          \
        {"hash", FORM_HASH}, {"len", FORM_SIZE},               \
        {                                                      \
            "data", FORM_BLOCK, &kind_string_data, STR_LEN + 1 \
        }                                                      \
    }

static const struct kind kind_str = {
    .name = "str",
    .letter = 'S',
    .meaning = "str or bytes",
    .type_names = (const char *const[]){"str", NULL},
    .fields = STR_FIELDS,
    .print = print_str,
};

static const struct kind kind_bytes = {
    .name = "bytes",
    .letter = 'S',
    .type_names = (const char *const[]){"bytes", NULL},
    .fields = STR_FIELDS,
    .print = print_bytes,
};

const struct kind *const text_family[] = {&kind_str, &kind_bytes, &kind_string_data, NULL};
