// SPDX-License-Identifier: MIT
#include "report/task_words.h"

#include <inttypes.h>
#include <string.h>

#include "object/declare.h"
#include "object/value.h"
#include "vm/task_object.h"
#include "vm/ticks.h"

int task_listing_init(struct task_listing *listing, const struct objects *objects,
                      struct mph_err *err)
{
    int rc = declare_references(objects, err);

    *listing = (struct task_listing){.objects = objects};
    if (rc == 0)
        rc = tasks_init(&listing->tasks, objects, err);
    if (rc < 0)
        return rc;
    rc = names_init(&listing->names, objects, err);
    if (rc < 0)
        tasks_deinit(&listing->tasks);
    return rc;
}

void task_listing_deinit(struct task_listing *listing)
{
    names_deinit(&listing->names);
    tasks_deinit(&listing->tasks);
}

const char *task_state_name(enum task_state state)
{
    static const char *const names[] = {
        [TASK_RUNNING] = "running",       [TASK_READY] = "ready", [TASK_SLEEPING] = "sleeping",
        [TASK_WAITING] = "waiting",       [TASK_IDLE] = "idle",   [TASK_DONE] = "done",
        [TASK_AWAITED] = "done, awaited",
    };

    return names[state];
}

bool task_is_done(const struct task *task)
{
    return task->state == TASK_DONE || task->state == TASK_AWAITED;
}

bool words_add_name(const struct task_listing *listing, uint64_t address, struct text *text)
{
    uint64_t block;

    return objects_head_at(listing->objects, address, &block) &&
           names_add(&listing->names, block, text);
}

// A task's name, unless it is nothing but its place in asyncio's own structures.
void words_add_task(const struct task_listing *listing, const struct task *task, struct text *text)
{
    static const char *const places[] = {".heap",     ".child",    ".child_last", ".next",
                                         ".cur_task", ".ph_child", ".ph_next"};
    struct text name;

    text_init(&name, NULL);
    bool is_place = !words_add_name(listing, task->address, &name);
    for (size_t i = 0; !is_place && i < sizeof places / sizeof *places; i++) {
        size_t length = strlen(places[i]);

        is_place = name.len >= length && !strcmp(name.bytes + name.len - length, places[i]);
    }
    if (!is_place)
        text_add(text, name.bytes, name.len);
    text_deinit(&name);
}

void words_add_qstr(const struct task_listing *listing, uint64_t id, struct text *text)
{
    if (id)
        value_add_qstr(listing->objects, id, text);
    else
        text_putc(text, '?');
}

void words_add_bad(const char *what, uint64_t address, struct text *text)
{
    text_printf(text, "<bad: %s at 0x%" PRIx64 ">", what, address);
}

// The function's name, or the value of what is no coroutine.
void words_add_coroutine(const struct task_listing *listing, const struct task *task,
                         struct text *text)
{
    const struct await_frame *outermost = task->chain.len ? vec_at(&task->chain, 0) : NULL;

    if (outermost && outermost->problem && !outermost->frame.address)
        words_add_bad(outermost->problem, outermost->generator, text);
    else if (outermost)
        words_add_qstr(listing, outermost->frame.code.name, text);
    else if (task->problem && !strcmp(task->problem, "coro"))
        words_add_bad(task->problem, task->address, text);
    else if (task_is_done(task))
        text_putc(text, '-');
    else
        value_add_word(listing->objects, task->coro, &value_short, text);
}

static void add_thing(const struct task_listing *listing, uint64_t address, struct text *text)
{
    struct object object;

    if (objects_get(listing->objects, address, &object)) {
        text_escaped(text, object.type->name, strlen(object.type->name));
        text_putc(text, ' ');
    }
    if (!words_add_name(listing, address, text))
        text_printf(text, "0x%" PRIx64, address);
}

static void add_gathered(const struct task_listing *listing, const struct task *gatherer,
                         struct text *text)
{
    const char *before = " of ";

    text_puts(text, "gather");
    for (size_t i = 0; i < listing->tasks.list.len; i++) {
        const struct task *task = task_of(&listing->tasks, i);

        if (task->gatherer != gatherer->address)
            continue;
        text_puts(text, before);
        add_thing(listing, task->address, text);
        before = ", ";
    }
}

void words_add_wait(const struct task_listing *listing, const struct task *task, struct text *text)
{
    if (task->wait.kind == WAIT_GATHER) {
        add_gathered(listing, task, text);
        return;
    }
    if (task->wait.kind == WAIT_READ)
        text_puts(text, "reading ");
    else if (task->wait.kind == WAIT_WRITE)
        text_puts(text, "writing ");
    add_thing(listing, task->wait.address, text);
}

bool task_has_pending(const struct task_listing *listing, const struct task *task)
{
    return task->state == TASK_READY && pointer_in(listing->objects, task->data);
}

int64_t task_wakes_after(const struct task_listing *listing, const struct task *task, int64_t start)
{
    return ticks_diff(listing->objects->layout, task->wake, start);
}

static void add_time(const struct task_listing *listing, const struct task *task, struct text *text)
{
    const struct tasks *tasks = &listing->tasks;

    text_printf(text, "until %" PRId64, task->wake);
    if (tasks->has_now)
        text_printf(text, ", in %" PRId64 " ms", task_wakes_after(listing, task, tasks->now));
    else if (task->position > 1 && tasks->loops[task->loop].has_first)
        text_printf(text, ", %" PRId64 " ms after the first",
                    task_wakes_after(listing, task, tasks->loops[task->loop].first_wake));
}

void words_add_details(const struct task_listing *listing, const struct task *task,
                       struct text *text)
{
    if (task->problem)
        words_add_bad(task->problem, task->address, text);
    else if (task->state == TASK_SLEEPING)
        add_time(listing, task, text);
    else if (task->state == TASK_WAITING)
        words_add_wait(listing, task, text);
    else if (task_has_pending(listing, task))
        text_puts(text, "to be thrown: ");
    if (task_is_done(task) || task_has_pending(listing, task))
        value_add_word(listing->objects, task->data, &value_short, text);
}
