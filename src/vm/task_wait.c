// SPDX-License-Identifier: MIT
#include "vm/task_wait.h"

#include <string.h>

#include "object/lookup.h"
#include "vm/task_object.h"

// --- slots of small objects ---

typedef void visit_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                        const struct step *step);

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

enum { SLOTS_MAX = 4096 };

static void each_slot(const struct objects *objects, uint64_t address, visit_slot *slot,
                      void *context)
{
    uint64_t budget = SLOTS_MAX;
    struct visitor visitor = {objects, context, true, slot, ignore_block, &budget, 0};
    struct object object;

    if (address && objects_get(objects, address, &object))
        objects_visit(&visitor, &object);
}

static bool has_kind(const struct objects *objects, uint64_t address, const char *name)
{
    struct object object;

    return address && objects_get(objects, address, &object) && object.kind &&
           !strcmp(object.kind->name, name);
}

// --- gather ---

static void look_into_cell(struct visitor *visitor, uint64_t at, uint64_t value,
                           const struct step *step)
{
    uint64_t *found = visitor->context, address = pointer_in(visitor->objects, value);
    struct object cell;
    uint64_t word;

    (void)at;
    if (*found || step->kind != STEP_INDEX || !has_kind(visitor->objects, address, "cell") ||
        !objects_get(visitor->objects, address, &cell) ||
        !field_get(visitor->objects, &cell, 0, &word))
        return;
    word = pointer_in(visitor->objects, word);
    if (word && task_at(visitor->objects, word))
        *found = word;
}

uint64_t task_gatherer(const struct objects *objects, uint64_t state)
{
    uint64_t closure = pointer_in(objects, state), found = 0;

    if (has_kind(objects, closure, "closure"))
        each_slot(objects, closure, look_into_cell, &found);
    return found;
}

// --- streams ---

// extmod/asyncio/core.py IOQueue: map is {id(stream): [reader, writer, stream]}.
struct stream_search {
    uint64_t task;
    uint64_t entry[3];
    bool is_reader, is_writer;
    uint64_t stream;
};

static void take_item(struct visitor *visitor, uint64_t at, uint64_t value, const struct step *step)
{
    struct stream_search *search = visitor->context;

    (void)at;
    if (step->kind == STEP_INDEX && step->index < 3)
        search->entry[step->index] = pointer_in(visitor->objects, value);
}

static void look_into_entry(struct visitor *visitor, uint64_t at, uint64_t value,
                            const struct step *step)
{
    struct stream_search *search = visitor->context;

    (void)at;
    if (step->kind != STEP_KEY || search->stream)
        return;
    memset(search->entry, 0, sizeof search->entry);
    each_slot(visitor->objects, pointer_in(visitor->objects, value), take_item, search);
    search->is_reader = search->entry[0] == search->task;
    search->is_writer = search->entry[1] == search->task;
    if (search->is_reader || search->is_writer)
        search->stream = search->entry[2];
}

static bool find_stream(const struct objects *objects, uint64_t io_queue, const struct task *task,
                        struct task_wait *ret)
{
    struct stream_search search = {.task = task->address};
    uint64_t map;

    if (!instance_get(objects, io_queue, "map", &map))
        return false;
    each_slot(objects, pointer_in(objects, map), look_into_entry, &search);
    if (!search.stream)
        return false;
    *ret = (struct task_wait){search.is_reader ? WAIT_READ : WAIT_WRITE, search.stream};
    return true;
}

// --- queues ---

// What a coroutine is a method of, if that has a queue or task of its own: `waiting`, as
// in Event and Lock (extmod/asyncio/event.py, lock.py).
static uint64_t owner_in_frame(const struct objects *objects, const struct task *task,
                               uint64_t *ret_waiting)
{
    const struct await_frame *innermost = task_innermost(task);
    uint64_t word;

    if (!innermost || innermost->problem || !frame_local(objects, &innermost->frame, 0, &word))
        return 0;
    uint64_t self = pointer_in(objects, word);
    if (!instance_get(objects, self, "waiting", &word))
        return 0;
    *ret_waiting = pointer_in(objects, word);
    return self;
}

static void wait_for_queue(const struct objects *objects, const struct task *task, uint64_t queue,
                           struct task_wait *ret)
{
    uint64_t waiting = 0, owner = owner_in_frame(objects, task, &waiting);

    *ret = owner && waiting == queue ? (struct task_wait){WAIT_OBJECT, owner}
                                     : (struct task_wait){WAIT_QUEUE, queue};
}

// --- all of it ---

// gather() marks itself with a class of its own, which other tasks see nowhere else.
static bool is_gather_mark(const struct objects *objects, uint64_t address)
{
    const struct type *type = objects_type(objects, address);

    return type && !strcmp(type->name, "_Remove");
}

void task_wait_find(const struct tasks *tasks, const struct task *task, struct task_wait *ret)
{
    const struct objects *objects = tasks->objects;
    uint64_t data = pointer_in(objects, task->data);

    *ret = (struct task_wait){WAIT_NOTHING, 0};
    if (!data)
        return;
    if (task_at(objects, data))
        *ret = (struct task_wait){WAIT_TASK, data};
    else if (task_queue_at(objects, data))
        wait_for_queue(objects, task, data, ret);
    else if (is_gather_mark(objects, data))
        ret->kind = WAIT_GATHER;
    else if (!find_stream(objects, data, task, ret) && objects_is_object(objects, data))
        *ret = (struct task_wait){WAIT_OBJECT, data};
}

bool task_waits_in_primitive(const struct objects *objects, const struct task *task)
{
    const struct await_frame *innermost = task_innermost(task);
    uint64_t waiting;

    return innermost &&
           ((innermost->awaits && task_at(objects, pointer_in(objects, innermost->awaits))) ||
            owner_in_frame(objects, task, &waiting));
}
