// SPDX-License-Identifier: MIT
// Generators, the functions that make them, and frames.
#include <inttypes.h>

#include "layout/types.h"
#include "object/frame.h"
#include "object/function.h"

// --- frames: py/bc.h mp_code_state_t ---

static void visit_frame_at(struct visitor *visitor, uint64_t address)
{
    const struct objects *objects = visitor->objects;
    struct frame frame;

    if (!visitor->wants_slots ||
        frame_read(objects->layout, objects->target, address, &frame, NULL) < 0)
        return;
    visitor->slot(visitor, address, frame.fun, &(struct step){STEP_FIELD, "fun_bc", 0, 0});
    uint64_t room = objects_room(objects, frame.state) / objects->obj;
    for (unsigned i = 0; i < frame.n_state && i < room && visit_spend(visitor); i++) {
        uint64_t at = frame.state + i * objects->obj, value;

        if (objects_uint(objects, at, objects->obj, &value) && value)
            visitor->slot(visitor, at, value,
                          at <= frame.sp
                              ? &(struct step){STEP_INDEX, "stack", i, 0}
                              : &(struct step){STEP_LOCAL, NULL, frame.n_state - 1 - i, frame.fun});
    }
}

static void visit_frame(struct visitor *visitor, const struct object *object)
{
    visit_frame_at(visitor, object->address);
}

// The words before the states, v1.9 on; {n_state, exc_sp_idx} was exc_sp up to v1.11.
static bool add_frame_member(const struct objects *objects, uint64_t offset, struct text *text)
{
    static const char *const names[] = {"fun_bc", "ip", "sp", "n_state, exc_sp_idx", "old_globals"};
    uint64_t index = offset / objects->word;

    if (index >= sizeof names / sizeof *names)
        return false;
    text_puts(text, names[index]);
    return true;
}

static bool add_member_of_frame(const struct objects *objects, const struct object *object,
                                uint64_t offset, struct text *text)
{
    (void)object;
    return add_frame_member(objects, offset, text);
}

static void print_frame(struct printer *printer, const struct object *object)
{
    const struct objects *objects = printer->objects;
    struct frame frame;
    unsigned line;

    if (frame_read(objects->layout, objects->target, object->address, &frame, NULL) < 0) {
        print_bad(printer, object->address, "frame");
        return;
    }
    text_puts(printer->text, "<frame of ");
    value_add_qstr(objects, frame.code.name, printer->text);
    if (code_line(objects->target, &frame.code, frame.ip, &line, NULL) == 0)
        text_printf(printer->text, ", line %u", line);
    text_putc(printer->text, '>');
}

const struct kind kind_frame = {.name = "frame",
                                .letter = 'Y',
                                .meaning = "frame of a running function",
                                .is_block = true,
                                .content = CONTENT_WORDS,
                                .is_open = true,
                                .visit = visit_frame,
                                .add_member = add_member_of_frame,
                                .print = print_frame};

// --- generators: py/objgenerator.c ---

static bool is_generator(const struct objects *objects, const struct object *object)
{
    (void)objects;
    return object->type->slots >> SLOT_ITER & 1;
}

// Its frame follows the type and one object word.
static uint64_t frame_of(const struct objects *objects, const struct object *generator)
{
    return field_address(objects, generator, 0) + objects->obj;
}

static void visit_generator(struct visitor *visitor, const struct object *object)
{
    visit_frame_at(visitor, frame_of(visitor->objects, object));
}

static bool add_member_of_generator(const struct objects *objects, const struct object *object,
                                    uint64_t offset, struct text *text)
{
    uint64_t frame = frame_of(objects, object) - object->address;

    if (offset >= frame)
        return add_frame_member(objects, offset - frame, text);
    text_puts(text, "pend_exc");
    return true;
}

static void print_generator(struct printer *printer, const struct object *object)
{
    const struct objects *objects = printer->objects;
    struct frame frame;
    unsigned line;
    bool is_read =
        frame_read(objects->layout, objects->target, frame_of(objects, object), &frame, NULL) == 0;

    text_puts(printer->text, "<generator object");
    if (is_read && frame.code.name) {
        text_puts(printer->text, " '");
        value_add_qstr(objects, frame.code.name, printer->text);
        text_putc(printer->text, '\'');
    }
    text_printf(printer->text, " at 0x%" PRIx64, object->address);
    if (is_read && !frame.ip)
        text_puts(printer->text, ", finished");
    else if (is_read && !frame.code.is_native &&
             code_line(objects->target, &frame.code, frame.ip, &line, NULL) == 0)
        text_printf(printer->text, ", line %u", line);
    text_putc(printer->text, '>');
}

static const struct kind kind_generator = {
    .name = "generator",
    .letter = 'G',
    .meaning = "generator with its frame",
    .type_names = (const char *const[]){"generator", NULL},
    .is_for = is_generator,
    .fields = {{"pend_exc", FORM_OBJ}},
    .is_open = true,
    .visit = visit_generator,
    .add_member = add_member_of_generator,
    .print = print_generator,
};

// Up to v1.9.4 a wrapper around a function, later a function of another type.
static bool is_wrapper(const struct objects *objects, const struct object *object)
{
    (void)object;
    return objects->layout->type_form == TYPE_WORD_NAME;
}

static void print_generator_function(struct printer *printer, const struct object *object)
{
    print_callable(printer, object, object, "generator function");
}

static void print_wrapper(struct printer *printer, const struct object *object)
{
    struct object function;
    uint64_t word;

    if (!print_get(printer, object, 0, &word))
        return;
    if (objects_get(printer->objects, word, &function))
        print_callable(printer, object, &function, "generator function");
    else
        print_bad(printer, object->address, "generator of no function");
}

static const struct kind kind_wrapper = {
    .name = "generator function",
    .letter = 'g',
    .meaning = "generator function",
    .type_names = (const char *const[]){"generator", NULL},
    .is_for = is_wrapper,
    .fields = {{"fun", FORM_OBJ}},
    .print = print_wrapper,
};

static const struct kind kind_generator_function = {
    .name = "generator function",
    .letter = 'g',
    .type_names = (const char *const[]){"generator", NULL},
    .is_for = has_contexts,
    .fields = NEW_FUNCTION_FIELDS,
    .visit = visit_context,
    .print = print_generator_function,
};

static const struct kind kind_old_generator_function = {
    .name = "generator function",
    .letter = 'g',
    .type_names = (const char *const[]){"generator", NULL},
    .fields = OLD_FUNCTION_FIELDS,
    .visit = visit_made_from,
    .print = print_generator_function,
};

const struct kind *const generator_family[] = {
    &kind_generator, &kind_wrapper, &kind_generator_function, &kind_old_generator_function,
    &kind_frame,     NULL};
