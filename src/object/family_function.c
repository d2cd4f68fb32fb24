// SPDX-License-Identifier: MIT
// Functions, closures and bound methods.
#include <inttypes.h>

#include "object/code.h"
#include "object/function.h"

// --- functions: py/objfun.h mp_obj_fun_bc_t ---

enum { FUN_CONTEXT, FUN_CHILDREN, FUN_BYTECODE };
enum { OLD_GLOBALS, OLD_BYTECODE, OLD_CONSTANTS };

static bool is_on_heap(const struct object *object)
{
    return object->bytes > 0;
}

static bool is_bytecode_function(const struct objects *objects, const struct object *object)
{
    uint64_t function = objects->layout->builtins[BUILTIN_FUNCTION];
    struct code code;

    if (!is_on_heap(object))
        return false;
    if (function)
        return function == object->type->address;
    return code_read_function(objects->layout, objects->target, object->address, &code, NULL) == 0;
}

static bool is_new_function(const struct objects *objects, const struct object *object)
{
    return objects->has_contexts && is_bytecode_function(objects, object);
}

static bool is_old_function(const struct objects *objects, const struct object *object)
{
    return !objects->has_contexts && is_bytecode_function(objects, object);
}

void print_callable(struct printer *printer, const struct object *object,
                    const struct object *function, const char *what)
{
    const struct objects *objects = printer->objects;
    struct code code;

    text_printf(printer->text, "<%s", what);
    if (code_read_function(objects->layout, objects->target, function->address, &code, NULL) == 0 &&
        code.name) {
        text_putc(printer->text, ' ');
        value_add_qstr(objects, code.name, printer->text);
    }
    text_printf(printer->text, " at 0x%" PRIx64 ">", object->address);
}

static void print_function(struct printer *printer, const struct object *object)
{
    print_callable(printer, object, object, "function");
}

// Builds with MICROPY_PY_SYS_SETTRACE keep what a function is made from in front of its
// default arguments.
void visit_made_from(struct visitor *visitor, const struct object *object)
{
    static const struct field field = {"rc", FORM_BLOCK, &kind_raw_code, 0, 0, false};
    const struct objects *objects = visitor->objects;
    uint64_t at = object->address + 4 * objects->word, value, block, type;

    if (object->bytes >= 5 * objects->word && objects_word(objects, at, &value) &&
        objects_head_at(objects, value, &block) && objects_word(objects, value, &type) &&
        !objects_type(objects, type) &&
        is_raw_code_block(objects, value, objects_block_bytes(objects, block)))
        visitor->block(visitor, &kind_raw_code, value, 3 * objects->word, &field);
}

void visit_context(struct visitor *visitor, const struct object *object)
{
    static const struct field field = {"context", FORM_BLOCK, &kind_module_context, 0, 0, false};
    uint64_t context, type;

    visit_made_from(visitor, object);
    if (!field_get(visitor->objects, object, FUN_CONTEXT, &context) ||
        !objects_word(visitor->objects, context, &type))
        return;
    if (type == 0) // made by the REPL or exec(): nobody sees it as an object
        visitor->block(visitor, &kind_module_context, context, 4 * visitor->objects->word, &field);
    else if (visitor->wants_slots)
        visitor->slot(visitor, field_address(visitor->objects, object, FUN_CONTEXT), context,
                      &(struct step){STEP_FIELD, "context", 0, 0});
}

static const struct kind kind_function = {
    .name = "function",
    .letter = 'B',
    .meaning = "function (bytecode)",
    .type_names = (const char *const[]){"function", NULL},
    .is_for = is_new_function,
    .fields = NEW_FUNCTION_FIELDS,
    .visit = visit_context,
    .print = print_function,
};

static const struct kind kind_old_function = {
    .name = "function",
    .letter = 'B',
    .type_names = (const char *const[]){"function", NULL},
    .is_for = is_old_function,
    .fields = OLD_FUNCTION_FIELDS,
    .visit = visit_made_from,
    .print = print_function,
};

// Functions in C, in ROM: a pointer to code, perhaps behind the numbers of arguments.
static bool is_builtin_function(const struct objects *objects, const struct object *object)
{
    (void)objects;
    return !is_on_heap(object);
}

static void print_builtin(struct printer *printer, const struct object *object)
{
    text_printf(printer->text, "<function at 0x%" PRIx64 ">", object->address);
}

static const struct kind kind_builtin = {
    .name = "builtin function",
    .letter = 'n',
    .type_names = (const char *const[]){"function", NULL},
    .is_for = is_builtin_function,
    .print = print_builtin,
};

// py/runtime.c mp_obj_checked_fun_t: made for list.append and the like.
static bool is_checked_function(const struct objects *objects, const struct object *object)
{
    uint64_t type;

    return objects_word(objects, object->address + objects->word, &type) &&
           objects_type(objects, type);
}

static const struct kind kind_checked = {
    .name = "checked function",
    .letter = 'b',
    .type_names = (const char *const[]){"function", NULL},
    .is_for = is_checked_function,
    .fields = {{"type", FORM_REF}, {"fun", FORM_OBJ}},
    .print = print_builtin,
};

// py/objfun.c mp_obj_fun_asm_t; viper functions had that shape up to v1.9.4.
enum { ASM_ARGS_MAX = 16 };

static bool is_assembled(const struct objects *objects, const struct object *object)
{
    uint64_t arguments;

    return objects_word(objects, object->address + objects->word, &arguments) &&
           arguments <= ASM_ARGS_MAX;
}

static const struct field code_field = {"code", FORM_BLOCK, &kind_native_code, 0, 0, false};

static void visit_assembled(struct visitor *visitor, const struct object *object)
{
    uint64_t code;

    if (field_get(visitor->objects, object, 1, &code))
        visitor->block(visitor, &kind_native_code, code & ~(uint64_t)1, 2, &code_field);
}

static const struct kind kind_assembled = {
    .name = "asm function",
    .letter = 'n',
    .meaning = "function in machine code: native, viper, asm",
    .type_names = (const char *const[]){"function", NULL},
    .is_for = is_assembled,
    .fields = {{"n_args", FORM_SIZE}, {"fun_data", FORM_POINTER}, {"type_sig", FORM_SIZE}},
    .visit = visit_assembled,
    .print = print_builtin,
};

static void print_native_name(struct printer *printer, const struct object *object,
                              const char *what)
{
    const struct objects *objects = printer->objects;
    struct code code;

    text_printf(printer->text, "<%s", what);
    if (code_read_native(objects->layout, objects->target, object->address, &code, NULL) == 0 &&
        code.name) {
        text_putc(printer->text, ' ');
        value_add_qstr(objects, code.name, printer->text);
    }
    text_printf(printer->text, " at 0x%" PRIx64 ">", object->address);
}

static void print_native(struct printer *printer, const struct object *object)
{
    print_native_name(printer, object, "function");
}

static void visit_native(struct visitor *visitor, const struct object *object)
{
    bool is_new = visitor->objects->has_contexts;
    uint64_t code;

    if (field_get(visitor->objects, object, is_new ? FUN_BYTECODE : OLD_BYTECODE, &code))
        visitor->block(visitor, &kind_native_code, code & ~(uint64_t)1, 2, &code_field);
    if (is_new)
        visit_context(visitor, object);
}

bool has_contexts(const struct objects *objects, const struct object *object)
{
    (void)object;
    return objects->has_contexts;
}

static const struct kind kind_native = {
    .name = "native function",
    .letter = 'n',
    .type_names = (const char *const[]){"function", NULL},
    .is_for = has_contexts,
    .fields = {{"context", FORM_POINTER},
               {"child_table", FORM_BLOCK, &kind_child_table},
               {"code", FORM_POINTER},
               {"extra_args", FORM_REST}},
    .visit = visit_native,
    .print = print_native,
};

static const struct kind kind_old_native = {
    .name = "native function",
    .letter = 'n',
    .type_names = (const char *const[]){"function", NULL},
    .fields = {{"globals", FORM_REF},
               {"code", FORM_POINTER},
               {"const_table", FORM_BLOCK, &kind_constant_table},
               {"extra_args", FORM_REST}},
    .visit = visit_native,
    .print = print_native,
};

bool function_machine_code(const struct objects *objects, const struct object *object,
                           uint64_t *ret)
{
    size_t field = object->kind == &kind_assembled    ? 1
                   : object->kind == &kind_native     ? FUN_BYTECODE
                   : object->kind == &kind_old_native ? OLD_BYTECODE
                                                      : FIELDS_MAX;

    return field < FIELDS_MAX && field_get(objects, object, field, ret);
}

// --- closures: py/objclosure.c, py/objcell.c ---

static void print_closure(struct printer *printer, const struct object *object)
{
    struct object function;
    uint64_t word;

    if (!print_get(printer, object, 0, &word))
        return;
    if (objects_get(printer->objects, word, &function))
        print_callable(printer, object, &function, "closure");
    else
        print_plain(printer, object, "closure");
}

static const struct kind kind_closure = {
    .name = "closure",
    .letter = 'c',
    .meaning = "closure",
    .type_names = (const char *const[]){"closure", NULL},
    .fields = {{"fun", FORM_OBJ}, {"n_closed", FORM_SIZE}, {"closed", FORM_ITEMS, NULL, 0, 2}},
    .print = print_closure,
};

static bool is_cell(const struct objects *objects, const struct object *object)
{
    (void)objects;
    return is_on_heap(object);
}

static void print_cell(struct printer *printer, const struct object *object)
{
    uint64_t word;

    if (!print_get(printer, object, 0, &word) ||
        !print_enter(printer, object->address, "<cell ...>"))
        return;
    text_puts(printer->text, "<cell ");
    print_word(printer, word);
    text_putc(printer->text, '>');
    print_leave(printer);
}

static const struct kind kind_cell = {
    .name = "cell",
    .letter = 'e',
    .meaning = "cell: a variable that closures share",
    .type_names = (const char *const[]){"", NULL},
    .is_for = is_cell,
    .fields = {{"obj", FORM_OBJ}},
    .print = print_cell,
};

// py/objsingleton.c: Ellipsis and the like, in ROM, with the name behind the type.
static void print_singleton(struct printer *printer, const struct object *object)
{
    uint64_t id;

    if (print_get(printer, object, 0, &id))
        value_add_qstr(printer->objects, id, printer->text);
}

static const struct kind kind_singleton = {
    .name = "singleton",
    .letter = 'o',
    .type_names = (const char *const[]){"", NULL},
    .fields = {{"name", FORM_QSTR}},
    .print = print_singleton,
};

// --- bound methods: py/objboundmeth.c ---

static void print_bound(struct printer *printer, const struct object *object)
{
    uint64_t method, self;

    if (!print_get(printer, object, 0, &method) || !print_get(printer, object, 1, &self) ||
        !print_enter(printer, object->address, "<bound_method ...>"))
        return;
    text_printf(printer->text, "<bound_method 0x%" PRIx64 " ", object->address);
    print_word(printer, self);
    text_putc(printer->text, '.');
    print_word(printer, method);
    text_putc(printer->text, '>');
    print_leave(printer);
}

static const struct kind kind_bound = {
    .name = "bound_method",
    .letter = 'b',
    .meaning = "bound method",
    .type_names = (const char *const[]){"bound_method", NULL},
    .fields = {{"meth", FORM_OBJ}, {"self", FORM_OBJ}},
    .print = print_bound,
};

const struct kind *const function_family[] = {&kind_builtin,    &kind_function,  &kind_old_function,
                                              &kind_checked,    &kind_assembled, &kind_native,
                                              &kind_old_native, &kind_closure,   &kind_cell,
                                              &kind_singleton,  &kind_bound,     NULL};
