// SPDX-License-Identifier: MIT
// Types that are known by nothing but their own memory.
#ifndef MPH_LAYOUT_TYPES_H
#define MPH_LAYOUT_TYPES_H

#include "layout/layout.h"

struct type_info {
    char name[QSTR_TEXT_MAX + 1];
    bool has_print;
    bool has_make_new;
};

// Which form the metatype is in; TYPE_FORM_UNKNOWN when it is none.
enum type_form type_form_of(struct target *target, const struct qstrs *qstrs, size_t word_bytes,
                            uint64_t metatype);

// Name and slots of the type at an address. Fails when it is no type.
int type_info_read(const struct layout *layout, struct target *target, uint64_t type,
                   struct type_info *ret, struct mph_err *err);

enum { TYPE_SAMPLES = 4 };

// The first word of some heads: a type, if they are objects.
struct type_use {
    uint64_t type;
    uint64_t objects[TYPE_SAMPLES]; // some of the heads that begin with it
    size_t object_count;
};

// Learn the addresses of the builtin types from the names of the types in use.
// Types on the heap are classes made by the program, whatever their name.
int builtins_by_name(struct layout *layout, struct target *target, const struct type_use *uses,
                     size_t count, bool (*is_on_heap)(const void *context, uint64_t address),
                     const void *context, struct mph_err *err);

#endif
