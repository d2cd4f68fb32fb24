// SPDX-License-Identifier: MIT
#include "object/labels.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "gc/letters.h"
#include "object/declare.h"
#include "object/frame.h"
#include "object/function.h"
#include "object/roots.h"

// In the number of a kind: something holds this object as one of its tables.
enum { HELD = 0x80 };

static uint8_t *kind_slot(struct objects *objects, uint64_t block)
{
    return &objects->kinds[objects_head_number(objects, block)];
}

static void label(struct objects *objects, uint64_t block, size_t number, uint32_t owner)
{
    uint64_t head = objects_head_number(objects, block);

    objects->kinds[head] = (uint8_t)number;
    objects->owners[head] = owner;
}

// --- 1: objects by their first word ---

static int label_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct objects *objects = context;
    struct object object = {.address = address, .bytes = bytes};
    uint64_t type;

    if (!objects_word(objects, address, &type)) {
        if (!objects->unread++)
            objects->unread_first = address;
        return 0;
    }
    object.type = objects_type(objects, type);
    if (object.type)
        *kind_slot(objects, block) = kind_of(objects, &object);
    return 0;
}

// --- 3: what objects hold ---

// The object a block was labelled as, whoever holds it; without its type, which nothing
// needs to know where its blocks are.
static void get_apparent(const struct objects *objects, uint64_t block, struct object *ret)
{
    size_t number = objects_kind_number(objects, block) & ~HELD;

    *ret =
        (struct object){objects_block_address(objects, block), objects_block_bytes(objects, block),
                        NULL, kind_at(number), objects->offsets[number]};
}

static bool is_object(const struct objects *objects, uint64_t block)
{
    size_t number = objects_kind_number(objects, block) & ~HELD;

    return number && !kind_at(number)->is_block;
}

struct holding {
    struct objects *objects;
    uint32_t owner;
    bool is_shared; // members that may point into another's block
    int depth;
};

enum { DEPTH_MAX = 32 };

static void visit_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                       const struct step *step)
{
    (void)visitor, (void)at, (void)value, (void)step;
}

static void visit_with(struct holding *holding, const struct object *object,
                       void (*block)(struct visitor *, const struct kind *, uint64_t, uint64_t,
                                     const struct field *))
{
    struct visitor visitor = {holding->objects, holding, false, visit_slot, block, NULL, 0};

    objects_visit(&visitor, object);
}

static void mark_held(struct visitor *visitor, const struct kind *kind, uint64_t address,
                      uint64_t bytes, const struct field *field)
{
    struct holding *holding = visitor->context;
    struct objects *objects = holding->objects;
    uint64_t block;

    (void)kind;
    if (!field->is_shared && objects_head_at(objects, address, &block) && block != holding->owner &&
        is_object(objects, block) && bytes <= objects_block_bytes(objects, block))
        *kind_slot(objects, block) |= HELD;
}

static void mark_tables(struct objects *objects, uint64_t block)
{
    struct object object;

    get_apparent(objects, block, &object);
    visit_with(&(struct holding){objects, (uint32_t)block, false, 0}, &object, mark_held);
}

static void hold(struct visitor *visitor, const struct kind *kind, uint64_t address, uint64_t bytes,
                 const struct field *field)
{
    struct holding *holding = visitor->context;
    struct objects *objects = holding->objects;
    uint64_t block;

    if (field->is_shared != holding->is_shared || !objects_head_at(objects, address, &block) ||
        block == holding->owner || objects_owner(objects, block) != BLOCK_NOBODY ||
        (is_object(objects, block) && !(objects_kind_number(objects, block) & HELD)))
        return;
    uint64_t size = objects_block_bytes(objects, block);
    if (bytes > size)
        return;
    size_t number = kind_number(kind);
    label(objects, block, number, holding->owner);
    if (holding->depth == DEPTH_MAX)
        return;
    struct object inner = {address, size, NULL, kind, objects->offsets[number]};
    visit_with(&(struct holding){objects, (uint32_t)block, holding->is_shared, holding->depth + 1},
               &inner, hold);
}

void label_held(struct objects *objects, uint32_t owner, const struct object *object)
{
    visit_with(&(struct holding){objects, owner, false, 0}, object, hold);
}

static void label_holder(struct objects *objects, uint64_t block, bool is_shared)
{
    struct object object;

    get_apparent(objects, block, &object);
    visit_with(&(struct holding){objects, (uint32_t)block, is_shared, 0}, &object, hold);
}

static void label_own(struct objects *objects, uint64_t block)
{
    label_holder(objects, block, false);
}

static void label_shared(struct objects *objects, uint64_t block)
{
    label_holder(objects, block, true);
}

// An object that was taken for a table by something that is a table itself: it is an
// object after all, with what it holds.
static void label_rest(struct objects *objects, uint64_t block)
{
    *kind_slot(objects, block) &= (uint8_t)~HELD;
    label_holder(objects, block, false);
}

void label_block(struct objects *objects, uint32_t owner, const struct kind *kind, uint64_t address,
                 uint64_t bytes)
{
    static const struct field any = {"", FORM_BLOCK, NULL, 0, 0, false};
    struct holding holding = {objects, owner, false, 0};
    struct visitor visitor = {objects, &holding, false, visit_slot, hold, NULL, 0};

    hold(&visitor, kind, address, bytes, &any);
}

// --- 5: blocks of known shape ---

static int label_shape(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct objects *objects = context;
    struct frame frame;

    uint64_t function;

    if (objects_kind_number(objects, block))
        return 0;
    if (is_raw_code_block(objects, address, bytes)) {
        label_block(objects, BLOCK_NOBODY, &kind_raw_code, address, 0);
    } else if (bytes >= 5 * objects->word && roots_may_be_frame(objects, address) &&
               frame_read(objects->layout, objects->target, address, &frame, NULL) == 0 &&
               frame.ip && (!frame.fun || objects_head_at(objects, frame.fun, &function))) {
        *kind_slot(objects, block) = (uint8_t)kind_number(&kind_frame);
    }
    return 0;
}

// --- 6: data ---

static void label_pointers(struct objects *objects, uint32_t owner, uint64_t address,
                           uint64_t bytes, struct vec *found)
{
    for (uint64_t at = 0; at + objects->word <= bytes; at += objects->word) {
        uint64_t value, block;

        if (!objects_word(objects, address + at, &value))
            return;
        if (!objects_head_at(objects, value, &block) || objects_kind_number(objects, block) ||
            block == owner || objects_owner(objects, block) != BLOCK_NOBODY)
            continue;
        label(objects, block, kind_number(&kind_data), owner);
        uint32_t *slot = found ? vec_add(found) : NULL;
        if (slot)
            *slot = (uint32_t)block;
    }
}

// Breadth first, so that a chain of blocks is as long as it is, not as deep; all of it
// is held by whoever holds its beginning.
void label_words(struct objects *objects, uint32_t owner, uint64_t address, uint64_t bytes)
{
    struct vec found = VEC_OF(uint32_t);

    label_pointers(objects, owner, address, bytes, &found);
    for (size_t i = 0, declared = 0; i < found.len; i++) {
        uint32_t block = *(uint32_t *)vec_at(&found, i);

        if (i == declared) {
            declare_blocks(objects, vec_at(&found, i), found.len - i, NULL);
            declared = found.len;
        }
        label_pointers(objects, owner, objects_block_address(objects, block),
                       objects_block_bytes(objects, block), &found);
    }
    vec_deinit(&found);
}

static void label_unknown(struct objects *objects, uint64_t block)
{
    label_words(objects, (uint32_t)block, objects_block_address(objects, block),
                objects_block_bytes(objects, block));
}

// --- which blocks a pass is for ---

static bool is_any(size_t number)
{
    return number > 0;
}

static bool is_holder(size_t number)
{
    return !kind_at(number)->is_block && kind_holds(number);
}

static bool is_sharer(size_t number)
{
    return !kind_at(number)->is_block && kind_holds_shared(number);
}

// `held`: for those that are taken for tables, too, or for nothing else.
enum held { NOT_HELD, HELD_TOO, HELD_ONLY };

static void run_pass(struct objects *objects, void (*visit)(struct objects *, uint64_t),
                     bool (*is_for)(size_t number), enum held held)
{
    bool wanted[UINT8_MAX + 1] = {false};

    for (size_t number = 1; number < kind_count(); number++) {
        wanted[number] = held != HELD_ONLY && is_for(number);
        wanted[number | HELD] = held != NOT_HELD && is_for(number);
    }
    for (uint64_t head = 0; head < objects->head_count; head++)
        if (wanted[objects->kinds[head]])
            visit(objects, objects_head_block(objects, head));
}

// --- all ---

uint32_t outside_add(struct objects *objects, uint64_t address, const char *format, ...)
{
    struct outside *outside = vec_add(&objects->outside);
    va_list args;

    if (!outside)
        return BLOCK_NOBODY;
    outside->address = address;
    va_start(args, format);
    vsnprintf(outside->name, sizeof outside->name, format, args);
    va_end(args);
    return (uint32_t)(objects->block_count + objects->outside.len - 1);
}

static void each(struct objects *objects,
                 int (*visit)(void *context, uint64_t block, uint64_t address, uint64_t bytes))
{
    objects_each_head(objects, &(struct head_walk){visit, objects});
}

int labels_make(struct objects *objects, struct mph_err *err)
{
    int rc = letters_learn(objects->heap, objects->layout, objects->target, err);

    if (rc == 0)
        rc = declare_types(objects, err);
    if (rc < 0)
        return rc;
    each(objects, label_head);
    rc = declare_members(objects, err);
    if (rc < 0)
        return rc;
    numbers_measure(objects);
    label_qstrs(objects);
    run_pass(objects, mark_tables, is_holder, HELD_TOO);
    run_pass(objects, label_own, is_holder, NOT_HELD);
    run_pass(objects, label_rest, is_any, HELD_ONLY);
    label_state(objects);
    label_stack(objects);
    rc = declare_shapes(objects, err);
    if (rc < 0)
        return rc;
    each(objects, label_shape);
    run_pass(objects, label_shared, is_sharer, NOT_HELD);
    label_state_words(objects);
    rc = declare_data(objects, err);
    if (rc < 0)
        return rc;
    run_pass(objects, label_unknown, kind_may_hold_anything, NOT_HELD);
    return 0;
}
