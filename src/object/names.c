// SPDX-License-Identifier: MIT
#include "object/names.h"

#include <stdlib.h>
#include <string.h>

#include "layout/types.h"
#include "object/code.h"
#include "object/declare.h"
#include "object/frame.h"
#include "object/lookup.h"
#include "object/roots.h"
#include "object/step.h"
#include "object/value.h"

// How an object is reached from the one that is named before it.
struct name {
    uint32_t parent; // place in the list; 0: none
    uint8_t depth;   // steps from a module
    bool is_main;    // the main module, which goes without saying
    struct step step;
    uint64_t address; // of what is named
};

struct to_visit {
    uint64_t address;
    uint32_t name;
};

struct walk {
    struct names *names;
    struct vec queue; // of struct to_visit
    struct vec late;  // the same: looked into when nothing else is left
    uint32_t parent;
    enum step_kind as; // what entries of the map being visited count as
    struct mph_err *err;
    uint64_t budget; // slots that may still be looked at
    bool is_out_of_memory;
};

enum { DEPTH_MAX = 200 };

// --- breadth first from the modules ---

static uint32_t add_name(struct walk *walk, const struct name *name, uint64_t address)
{
    struct name *slot = vec_add(&walk->names->list);

    if (!slot) {
        walk->is_out_of_memory = true;
        return 0;
    }
    *slot = *name;
    slot->address = address;
    return (uint32_t)(walk->names->list.len - 1);
}

static const struct name *name_at(const struct names *names, uint32_t place)
{
    return vec_at(&names->list, place);
}

// Give the head at an address a name, unless it has one, and look into it later.
static void reach(struct walk *walk, uint64_t address, const struct name *name)
{
    struct names *names = walk->names;
    uint64_t block;

    if (!objects_head_at(names->objects, address, &block) || name->depth >= DEPTH_MAX)
        return;
    uint32_t *place = &names->by_head[objects_head_number(names->objects, block)];
    if (*place)
        return;
    *place = add_name(walk, name, address);
    struct to_visit *next = vec_add(&walk->queue);
    if (next)
        *next = (struct to_visit){address, *place};
    else
        walk->is_out_of_memory = true;
}

static void reach_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                       const struct step *step)
{
    struct walk *walk = visitor->context;
    const struct name *parent = name_at(walk->names, walk->parent);
    struct name name = {walk->parent, (uint8_t)(parent->depth + 1), false, *step, 0};
    struct word word;

    (void)at;
    word_decode(visitor->objects->layout, value, &word);
    if (step->kind == STEP_KEY)
        name.step.kind = walk->as;
    if (word.kind == WORD_POINTER)
        reach(walk, word.pointer, &name);
}

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

static void visit_dict_as(struct walk *walk, uint64_t dict, uint32_t parent, enum step_kind as)
{
    struct visitor visitor = {walk->names->objects, walk,          true, reach_slot,
                              ignore_block,         &walk->budget, 0};
    struct object object;

    walk->parent = parent;
    walk->as = as;
    if (objects_get(walk->names->objects, dict, &object))
        objects_visit(&visitor, &object);
}

// The dict of a module or class: its entries are attributes of that.
static void visit_namespace(struct walk *walk, uint64_t dict, uint32_t parent)
{
    const struct name *name = name_at(walk->names, parent);
    struct name own = {
        parent, (uint8_t)(name->depth + 1), false, {STEP_FIELD, "__dict__", 0, 0}, 0};

    visit_dict_as(walk, dict, parent, STEP_ATTR);
    reach(walk, dict, &own);
}

static bool is_module(const struct object *object)
{
    return !strcmp(object->kind->name, "module");
}

bool object_namespace(const struct objects *objects, const struct object *object,
                      uint64_t *ret_dict)
{
    struct object dict;

    if (is_module(object)) {
        if (!module_globals(objects, object, ret_dict))
            return false;
    } else if (object->kind != &kind_class ||
               type_slot_read(objects->layout, objects->target, object->address, SLOT_LOCALS_DICT,
                              ret_dict, NULL) < 0) {
        return false;
    }
    return *ret_dict && objects_get(objects, *ret_dict, &dict);
}

static void postpone(struct walk *walk, const struct to_visit *item)
{
    struct to_visit *late = vec_add(&walk->late);

    if (late)
        *late = *item;
    else
        walk->is_out_of_memory = true;
}

static void visit_object(struct walk *walk, const struct to_visit *item, bool is_late)
{
    const struct objects *objects = walk->names->objects;
    struct object object;
    uint64_t dict;

    if (!objects_get(objects, item->address, &object))
        return;
    if (object.kind->is_link && !is_late) {
        postpone(walk, item);
        return;
    }
    if (object_namespace(objects, &object, &dict))
        visit_namespace(walk, dict, item->name);
    visit_dict_as(walk, item->address, item->name, STEP_KEY);
}

static void drain(struct walk *walk)
{
    for (size_t i = 0, late = 0; !walk->is_out_of_memory;) {
        bool is_late = i == walk->queue.len;
        struct to_visit item;

        if (is_late && late == walk->late.len)
            break;
        item =
            *(struct to_visit *)(is_late ? vec_at(&walk->late, late++) : vec_at(&walk->queue, i++));
        visit_object(walk, &item, is_late);
    }
    walk->queue.len = walk->late.len = 0;
}

// --- where names begin ---

static void begin_at_module(void *context, const struct module *module)
{
    struct walk *walk = context;
    struct name name = {0, 0, module->is_main, {STEP_ATTR, NULL, 0, module->name}, 0};

    if (module->is_on_heap)
        reach(walk, module->address, &name);
    else
        visit_namespace(walk, module->globals,
                        add_name(walk, &name, module->address ? module->address : module->globals));
}

static int begin_at_heap_module(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct walk *walk = context;
    const struct objects *objects = walk->names->objects;
    struct module module;

    (void)bytes;
    if (!names_place(walk->names, block) && objects_kind_number(objects, block) &&
        !objects_kind(objects, block)->is_block && module_read(objects, address, &module))
        begin_at_module(walk, &module);
    return 0;
}

static void begin_at_frame(struct walk *walk, uint64_t address)
{
    const struct objects *objects = walk->names->objects;
    struct frame frame;
    uint64_t block;

    if (!roots_may_be_frame(objects, address) ||
        frame_read(objects->layout, objects->target, address, &frame, NULL) < 0 || !frame.ip ||
        (frame.fun && !objects_head_at(objects, frame.fun, &block)))
        return;
    for (unsigned i = 0; i < frame.n_state && walk->budget; i++, walk->budget--) {
        uint64_t bits;
        struct word word;

        if (!objects_uint(objects, frame.state + i * objects->obj, objects->obj, &bits))
            return;
        word_decode(objects->layout, bits, &word);
        if (word.kind == WORD_POINTER)
            reach(walk, word.pointer,
                  &(struct name){
                      0, 1, false, {STEP_LOCAL, NULL, frame.n_state - 1 - i, frame.fun}, 0});
    }
}

static int begin_at_heap_frame(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct walk *walk = context;

    (void)bytes;
    if (objects_kind(walk->names->objects, block) == &kind_frame)
        begin_at_frame(walk, address);
    return 0;
}

static void begin_at_frames(struct walk *walk, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at + walk->names->objects->word <= end;
         at += walk->names->objects->word)
        begin_at_frame(walk, at);
}

static void begin_at_stacks(struct walk *walk)
{
    uint64_t start, end;

    if (roots_find_stack(walk->names->objects, &start, &end))
        begin_at_frames(walk, start, end);
    if (roots_find_pystack(walk->names->objects, &start, &end))
        begin_at_frames(walk, start, end);
}

// Each slot of a sound heap is looked at once, or twice where a module leads to it, and
// so are words of stacks and of memory outside.
static uint64_t slots_enough(const struct objects *objects)
{
    enum { OUTSIDE = 1 << 20 };

    return 4 * objects->block_count * objects->layout->block_bytes / objects->word + OUTSIDE;
}

int names_init(struct names *names, const struct objects *objects, struct mph_err *err)
{
    struct walk walk = {.names = names,
                        .queue = VEC_OF(struct to_visit),
                        .late = VEC_OF(struct to_visit),
                        .budget = slots_enough(objects),
                        .err = err};

    *names = (struct names){.objects = objects, .list = VEC_OF(struct name)};
    names->by_head = calloc(objects->head_count + 1, sizeof *names->by_head);
    if (!names->by_head || !vec_add(&names->list))
        walk.is_out_of_memory = true;
    int rc = walk.is_out_of_memory ? 0 : declare_references(objects, err);
    if (rc < 0) {
        names_deinit(names);
        return rc;
    }
    if (!walk.is_out_of_memory) {
        modules_each(objects, &(struct module_walk){begin_at_module, &walk});
        drain(&walk);
        objects_each_head(objects, &(struct head_walk){begin_at_heap_module, &walk});
        drain(&walk);
        begin_at_stacks(&walk);
        objects_each_head(objects, &(struct head_walk){begin_at_heap_frame, &walk});
        drain(&walk);
    }
    vec_deinit(&walk.queue);
    vec_deinit(&walk.late);
    if (!walk.is_out_of_memory)
        return 0;
    names_deinit(names);
    return mph_fail_no_memory(err);
}

void names_deinit(struct names *names)
{
    free(names->by_head);
    vec_deinit(&names->list);
    *names = (struct names){0};
}

// --- their tree ---

uint32_t names_place(const struct names *names, uint64_t block)
{
    return names->by_head[objects_head_number(names->objects, block)];
}

uint32_t names_parent(const struct names *names, uint32_t place)
{
    return name_at(names, place)->parent;
}

uint64_t names_address(const struct names *names, uint32_t place)
{
    return name_at(names, place)->address;
}

// --- writing them ---

// Steps of a name that is written whole; of a longer one, the last.
enum { STEPS_MAX = 5 };

static void add_steps(const struct names *names, uint32_t place, struct text *text)
{
    const struct name *steps[STEPS_MAX];
    size_t count = 0;

    while (place && count < STEPS_MAX) {
        const struct name *name = name_at(names, place);

        if (!(name->is_main && count > 0))
            steps[count++] = name;
        place = name->parent;
    }
    if (place)
        text_puts(text, "...");
    for (size_t i = count; i-- > 0;)
        step_add(names->objects, &steps[i]->step, i == count - 1 && !place, text);
}

// What a function or class calls itself.
static bool add_own_name(const struct objects *objects, uint64_t block, struct text *text)
{
    struct object object;
    struct code code;

    objects_get_block(objects, block, &object);
    if (object.kind == &kind_class) {
        const struct type *type = objects_type(objects, object.address);

        if (!type)
            return false;
        text_escaped(text, type->name, strlen(type->name));
        return true;
    }
    if (!object.kind || object.kind->is_block || !object.type ||
        (strcmp(object.type->name, "function") && strcmp(object.type->name, "generator")) ||
        code_read_function(objects->layout, objects->target, object.address, &code, NULL) < 0 ||
        !code.name)
        return false;
    value_add_qstr(objects, code.name, text);
    return true;
}

enum { DEPTH_SAID = 2 }; // module.Class.method is how one says it; further away it is not

bool names_add(const struct names *names, uint64_t block, struct text *text)
{
    uint32_t place = names_place(names, block);

    if (!place || name_at(names, place)->depth > DEPTH_SAID)
        if (add_own_name(names->objects, block, text))
            return true;
    if (!place)
        return false;
    add_steps(names, place, text);
    return true;
}

void names_add_place(const struct names *names, uint32_t place, struct text *text)
{
    add_steps(names, place, text);
}
