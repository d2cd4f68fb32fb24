// SPDX-License-Identifier: MIT
// Kinds of heap blocks: objects, and the blocks they hold. One description a kind,
// in its family's file (family_*.c); kinds.c lists the families.
//
// A description names the members behind the type pointer, in order. Their offsets
// follow from their forms, as a C compiler lays them out, for each word size and
// representation. What a list of members cannot say, `visit` and `print` do.
#ifndef MPH_OBJECT_KIND_H
#define MPH_OBJECT_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct objects;
struct object;
struct type;
struct visitor;
struct printer;
struct kind;
struct text;

enum form {
    FORM_OBJ,     // mp_obj_t
    FORM_REF,     // pointer to an object
    FORM_WEAK,    // pointer to an object, disguised as a small int (ptr | 1)
    FORM_SIZE,    // size_t
    FORM_INT,     // mp_int_t
    FORM_HASH,    // mp_uint_t up to v1.19, size_t later
    FORM_HALF,    // unsigned, half a pointer
    FORM_LONG,    // 64-bit integer, as a C compiler aligns it
    FORM_FLOAT,   // mp_float_t
    FORM_QSTR,    // qstr id in a size_t
    FORM_POINTER, // pointer that is not followed: to code, or to a structure in ROM
    FORM_MAP,     // embedded mp_map_t
    FORM_BLOCK,   // pointer to a block of kind `block`
    FORM_ITEMS,   // mp_obj_t[] in place; as many as member `count` says
    FORM_REST,    // mp_obj_t[] in place, up to the end of the allocation
};

struct field {
    const char *name;
    enum form form;
    // FORM_BLOCK: what is pointed at; `room` is 1 + the index of the member that
    // says how many elements are allocated, and `count` of the one that says how
    // many are in use (0: room). FORM_ITEMS: `count`, or 0 and `room` is the number.
    const struct kind *block;
    uint8_t room, count;
    bool is_shared;  // the block belongs to another object, or may lie inside one
    bool is_element; // FORM_ITEMS: what a program gets by an index
};

enum { FIELDS_MAX = 8 };

// What a block that is not an object consists of.
enum content {
    CONTENT_BYTES,
    CONTENT_OBJECTS, // mp_obj_t each
    CONTENT_WORDS,   // words that may point at other blocks
};

struct kind {
    const char *name;     // "list", "list items"
    char letter;          // in map --rich
    const char *meaning;  // the letter's line in the legend, of the first kind that has it
    bool is_block;        // held by an object, and none itself
    enum content content; // of a block
    bool is_link;         // a name that leads through it says little
    bool is_open;         // may hold blocks that its members do not say

    // How objects are recognised: the name of their type; and where several kinds
    // share a name, or a name is not enough, `is_for` with one of the objects.
    const char *const *type_names; // NULL-ended; NULL: never by name
    bool (*is_for)(const struct objects *objects, const struct object *object);
    // For types that are recognised otherwise, when no name is theirs.
    bool (*is_for_type)(const struct objects *objects, const struct type *type);

    struct field fields[FIELDS_MAX]; // up to the first without a name

    // Blocks and object words that the members do not say. May be NULL.
    void (*visit)(struct visitor *visitor, const struct object *object);
    // What the word `offset` bytes into an object is, where members are not enough;
    // true when it refers to something. May be NULL.
    bool (*add_member)(const struct objects *objects, const struct object *object, uint64_t offset,
                       struct text *text);
    // The value as text; NULL prints <NAME object at 0xADDRESS>.
    void (*print)(struct printer *printer, const struct object *object);
};

// --- the table ---

enum { KINDS_MAX = 128 };

// Kinds are numbered from 1 on; 0 is none. The number lives as long as the program.
size_t kind_count(void);
const struct kind *kind_at(size_t number);
size_t kind_number(const struct kind *kind);

// Whether an object or block of a kind may hold blocks: of its own, or shared ones.
bool kind_holds(size_t number);
bool kind_holds_shared(size_t number);

// Whether words of it may point at any block: frames, and objects of a kind that nobody
// described.
bool kind_may_hold_anything(size_t number);

// The number of an object's kind, by the name of its type and by itself; never 0.
uint8_t kind_of(const struct objects *objects, const struct object *object);

// The number of the kind that all objects of a type have; 0 when it takes a look
// at each of them.
uint8_t kind_of_type(const struct objects *objects, const struct type *type);

static inline size_t field_count(const struct kind *kind)
{
    size_t count = 0;

    while (count < FIELDS_MAX && kind->fields[count].name)
        count++;
    return count;
}

// Kinds that others refer to.
extern const struct kind kind_other, kind_instance, kind_class, kind_namedtuple, kind_frame;
extern const struct kind kind_data, kind_map_table, kind_list_items, kind_bytecode,
    kind_constant_table, kind_child_table, kind_raw_code, kind_module_context, kind_constants,
    kind_qstr_pool, kind_qstr_chunk, kind_vstr, kind_vstr_buffer, kind_native_code;

#endif
