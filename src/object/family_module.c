// SPDX-License-Identifier: MIT
// Modules, and the contexts that functions share: py/obj.h mp_obj_module_t, py/bc.h
// mp_module_context_t.
#include <string.h>

#include "object/lookup.h"
#include "object/value.h"

enum { CONTEXT_TYPE, CONTEXT_GLOBALS, CONTEXT_QSTRS, CONTEXT_OBJECTS };

// Names as 16-bit ids, rounded up to whole words, and the constants behind them.
const struct kind kind_constants = {
    .name = "constants", .letter = 'j', .is_block = true, .content = CONTENT_WORDS};

static const struct field constants_field = {"qstr_table", FORM_BLOCK, &kind_constants, 0, 0,
                                             false};

// {type, globals, qstr_table, obj_table}: the two tables share a block or have one each.
static void visit_tables(struct visitor *visitor, const struct object *object)
{
    const struct objects *objects = visitor->objects;
    uint64_t at = object->address + 2 * objects->word, names, constants, block, offset;

    if (!objects_word(objects, at, &names) ||
        !objects_word(objects, at + objects->word, &constants))
        return;
    visitor->block(visitor, &kind_constants, names, 2, &constants_field);
    visitor->block(visitor, &kind_constants, constants, 2, &constants_field);
    if (visitor->wants_slots && objects_find_head(objects, constants, &block, &offset))
        visit_items(visitor, constants,
                    (objects_block_bytes(objects, block) - offset) / objects->obj, "constants");
}

static void visit_context_block(struct visitor *visitor, const struct object *object)
{
    visit_tables(visitor, object);
}

const struct kind kind_module_context = {.name = "module context",
                                         .letter = 'U',
                                         .meaning = "module context of functions",
                                         .is_block = true,
                                         .fields = {{"type", FORM_SIZE},
                                                    {"globals", FORM_REF},
                                                    {"qstr_table", FORM_POINTER},
                                                    {"obj_table", FORM_POINTER}},
                                         .visit = visit_context_block};

// Modules that were loaded have a context's tables behind their globals, since v1.19.
static void visit_module(struct visitor *visitor, const struct object *object)
{
    if (visitor->objects->has_contexts && object->bytes >= 4 * visitor->objects->word)
        visit_tables(visitor, object);
}

static void print_module(struct printer *printer, const struct object *object)
{
    uint64_t globals;
    char name[QSTR_TEXT_MAX + 1];

    if (!module_globals(printer->objects, object, &globals) ||
        !module_name(printer->objects, globals, name)) {
        print_plain(printer, object, "module");
        return;
    }
    text_puts(printer->text, "<module '");
    text_escaped(printer->text, name, strlen(name));
    text_puts(printer->text, "'>");
}

// Up to v1.8.4 its name stands in front of its globals (93c4a6a3f7).
static bool has_name(const struct objects *objects, const struct object *object)
{
    uint64_t first;

    return objects->layout->type_form == TYPE_WORD_NAME &&
           objects_word(objects, object->address + objects->word, &first) &&
           !objects_is_object(objects, first);
}

static const struct kind kind_named_module = {
    .name = "module",
    .letter = 'M',
    .type_names = (const char *const[]){"module", NULL},
    .is_for = has_name,
    .fields = {{"name", FORM_QSTR}, {"globals", FORM_REF}},
    .print = print_module,
};

static const struct kind kind_module = {
    .name = "module",
    .letter = 'M',
    .meaning = "module",
    .type_names = (const char *const[]){"module", NULL},
    .fields = {{"globals", FORM_REF}},
    .visit = visit_module,
    .print = print_module,
};

const struct kind *const module_family[] = {&kind_named_module, &kind_module, &kind_module_context,
                                            &kind_constants, NULL};
