// SPDX-License-Identifier: MIT
// Types that are known by nothing but their own memory.
#ifndef MPH_LAYOUT_TYPES_H
#define MPH_LAYOUT_TYPES_H

#include "layout/layout.h"

// Members of a type that not every type has: slots since v1.20, before that fixed
// members of which those a type has not are null (py/obj.h mp_obj_type_t).
enum type_slot {
    SLOT_MAKE_NEW,
    SLOT_PRINT,
    SLOT_CALL,
    SLOT_UNARY_OP,
    SLOT_BINARY_OP,
    SLOT_ATTR,
    SLOT_SUBSCR,
    SLOT_ITER, // before v1.20 getiter or iternext
    SLOT_BUFFER,
    SLOT_PROTOCOL,
    SLOT_PARENT, // the base type, or a tuple of them
    SLOT_LOCALS_DICT,
    SLOT_COUNT
};

struct type_info {
    char name[QSTR_TEXT_MAX + 1];
    uint16_t flags; // 0 in eras without them
    uint16_t slots; // bit `1 << enum type_slot`: the type has it
};

static inline bool type_has(const struct type_info *info, enum type_slot slot)
{
    return info->slots >> slot & 1;
}

// Which form the metatype is in; TYPE_FORM_UNKNOWN when it is none.
enum type_form type_form_of(struct target *target, const struct qstrs *qstrs, size_t word_bytes,
                            uint64_t metatype);

// Name and slots of the type at an address. Fails when it is no type.
int type_info_read(const struct layout *layout, struct target *target, uint64_t type,
                   struct type_info *ret, struct mph_err *err);

// What a type's slot holds, 0 when it has none.
int type_slot_read(const struct layout *layout, struct target *target, uint64_t type,
                   enum type_slot slot, uint64_t *ret, struct mph_err *err);

// Where that is; false when the type has no such slot. And what it is called.
bool type_slot_find(const struct layout *layout, struct target *target, uint64_t type,
                    enum type_slot slot, uint64_t *ret_address);
const char *type_slot_name(enum type_slot slot);

// Whether a word may be the address of a builtin type: those lie in one piece of
// read-only memory; what points elsewhere is data, and following it over a link
// could read a device's registers.
bool type_may_be_at(const struct layout *layout, struct target *target, uint64_t word);

// Declare that those of the words that are types will be read, with their names.
// words[] is used up.
int types_fetch(const struct layout *layout, struct target *target, uint64_t *words, size_t count,
                struct mph_err *err);

// Bytes from the start of a type that hold its name and which slots it has.
size_t type_header_bytes(const struct layout *layout);

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
