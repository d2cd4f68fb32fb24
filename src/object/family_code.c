// SPDX-License-Identifier: MIT
// What functions are made of: bytecode, raw code, and the tables between them.
#include "object/code.h"
#include "object/function.h"

const struct kind kind_bytecode = {
    .name = "bytecode", .letter = 'k', .meaning = "bytecode", .is_block = true};

const struct kind kind_native_code = {.name = "machine code", .letter = 'k', .is_block = true};

static const struct field code_field = {"bytecode", FORM_BLOCK, &kind_bytecode, 0, 0, false};
static const struct field children_field = {"children", FORM_BLOCK, &kind_child_table, 0, 0, false};
static const struct field constants_field = {"constants", FORM_BLOCK, &kind_constant_table,
                                             0,           0,          false};
static const struct field raw_field = {"raw code", FORM_BLOCK, &kind_raw_code, 0, 0, false};

// py/emitglue.h mp_raw_code_t: the code, and behind it, at a place that options of the
// build move, the table of what it refers to. Before v1.23 the first word has the kind
// of code in its low bits, since then (e2ff00e811) its first two bytes are zero.
enum { RAW_BYTECODE = 2 }; // MP_CODE_BYTECODE, all releases

static bool has_bytecode(const struct objects *objects, uint64_t raw_code)
{
    uint64_t bits;

    if (!objects_uint(objects, raw_code, 4, &bits))
        return false;
    return ((bits & 0xffff) ? bits & 7 : bits >> 16 & 0xff) == RAW_BYTECODE;
}

static void visit_raw_code(struct visitor *visitor, const struct object *object)
{
    const struct objects *objects = visitor->objects;
    const struct field *rest = objects->has_contexts ? &children_field : &constants_field;
    uint64_t value, block;

    if (objects_word(objects, object->address + objects->word, &value))
        visitor->block(visitor,
                       has_bytecode(objects, object->address) ? &kind_bytecode : &kind_native_code,
                       value & ~(uint64_t)1, 2, &code_field);
    for (size_t i = 2; (i + 1) * objects->word <= object->bytes && i < 5; i++)
        if (objects_word(objects, object->address + i * objects->word, &value) &&
            objects_head_at(objects, value, &block))
            visitor->block(visitor, rest->block, value, objects->word, rest);
}

const struct kind kind_raw_code = {.name = "raw code",
                                   .letter = 'W',
                                   .meaning = "raw code: what a function is made from",
                                   .is_block = true,
                                   .content = CONTENT_WORDS,
                                   .visit = visit_raw_code};

// Since v1.23 a function without children is made from its bytecode alone: what is no
// raw code begins with a prelude, whose first two bytes are not both zero.
static bool is_raw_code(const struct objects *objects, uint64_t address)
{
    uint64_t first, code;
    struct code read;

    if (!objects_uint(objects, address, 2, &first) ||
        !objects_word(objects, address + objects->word, &code))
        return false;
    if (first == 0)
        return true;
    return !objects->has_contexts ||
           (code && code_read(objects->layout, objects->target, address, 0, 0, &read, NULL) < 0);
}

bool is_raw_code_block(const struct objects *objects, uint64_t address, uint64_t bytes)
{
    uint64_t code, block;
    struct code read;

    return bytes >= 3 * objects->word && has_bytecode(objects, address) &&
           objects_word(objects, address + objects->word, &code) &&
           objects_head_at(objects, code, &block) &&
           (objects_kind(objects, block) == &kind_bytecode ||
            code_read(objects->layout, objects->target, code, 0, 0, &read, NULL) == 0);
}

static bool is_object(const struct objects *objects, uint64_t address)
{
    uint64_t type;

    return objects_word(objects, address, &type) && objects_type(objects, type);
}

static void visit_code_pointers(struct visitor *visitor, const struct object *object)
{
    const struct objects *objects = visitor->objects;

    if (visitor->only)
        return;
    for (uint64_t at = 0; at + objects->word <= object->bytes; at += objects->word) {
        uint64_t value, block;

        if (!objects_word(objects, object->address + at, &value) ||
            !objects_head_at(objects, value, &block) || is_object(objects, value))
            continue;
        if (is_raw_code(objects, value))
            visitor->block(visitor, &kind_raw_code, value, 2 * objects->word, &raw_field);
        else
            visitor->block(visitor, &kind_bytecode, value, 2, &code_field);
    }
}

const struct kind kind_child_table = {.name = "child table",
                                      .letter = 't',
                                      .meaning = "table of inner functions",
                                      .is_block = true,
                                      .content = CONTENT_WORDS,
                                      .visit = visit_code_pointers};

static void visit_constants(struct visitor *visitor, const struct object *object)
{
    if (visitor->wants_slots)
        visit_items(visitor, object->address, object->bytes / visitor->objects->obj, NULL);
    visit_code_pointers(visitor, object);
}

// py/bc.h up to v1.18: names of arguments, constants, raw code of inner functions.
const struct kind kind_constant_table = {.name = "constant table",
                                         .letter = 'j',
                                         .meaning = "table of constants",
                                         .is_block = true,
                                         .content = CONTENT_OBJECTS,
                                         .visit = visit_constants};

// --- code: py/objcode.c mp_obj_code_t, made by compile() ---

enum { CODE_NAMES = 1, CODE_CONSTANTS, CODE_PROTO };

// A context that no module object is: its type is null, its globals are a dict.
static bool is_context(const struct objects *objects, uint64_t address)
{
    uint64_t type, globals;

    return objects_word(objects, address, &type) && type == 0 &&
           objects_word(objects, address + objects->word, &globals) && is_object(objects, globals);
}

static const struct field *code_member(const struct objects *objects, unsigned index,
                                       uint64_t address)
{
    static const struct field constants = {"constants", FORM_BLOCK, &kind_constants, 0, 0, false};
    static const struct field context = {"context", FORM_BLOCK, &kind_module_context, 0, 0, false};

    if (is_context(objects, address))
        return &context;
    if (index == CODE_PROTO)
        return is_raw_code(objects, address) ? &raw_field : &code_field;
    return is_raw_code_block(objects, address, 3 * objects->word) ? &raw_field : &constants;
}

// {qstr_table, obj_table, proto_fun} since v1.25, before that the module's function; in
// builds with MICROPY_PY_SYS_SETTRACE {context, rc, ...}.
static void visit_code(struct visitor *visitor, const struct object *object)
{
    const struct objects *objects = visitor->objects;
    uint64_t value, block;

    for (unsigned i = CODE_NAMES; i <= CODE_PROTO; i++) {
        if (!objects_word(objects, object->address + i * objects->word, &value) ||
            !objects_head_at(objects, value, &block) || is_object(objects, value))
            continue;
        const struct field *member = code_member(objects, i, value);
        visitor->block(visitor, member->block, value, 2, member);
    }
}

static const struct kind kind_code = {
    .name = "code",
    .letter = 'o',
    .type_names = (const char *const[]){"code", NULL},
    .is_open = true,
    .visit = visit_code,
};

const struct kind *const code_family[] = {&kind_bytecode,
                                          &kind_native_code,
                                          &kind_raw_code,
                                          &kind_child_table,
                                          &kind_constant_table,
                                          &kind_code,
                                          NULL};
