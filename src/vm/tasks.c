// SPDX-License-Identifier: MIT
#include "vm/tasks.h"

#include <stdlib.h>

#include "object/lookup.h"
#include "vm/task_object.h"
#include "vm/task_queue.h"
#include "vm/task_wait.h"
#include "vm/ticks.h"

const struct await_frame *task_innermost(const struct task *task)
{
    return task->chain.len ? vec_at(&task->chain, task->chain.len - 1) : NULL;
}

// --- reading ---

static int add_task(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct tasks *tasks = context;
    struct object object;

    (void)bytes;
    objects_get_block(tasks->objects, block, &object);
    if (!object.type || !object.kind || object.kind->is_block || !task_at(tasks->objects, address))
        return 0;
    struct task *task = vec_add(&tasks->list);
    if (!task)
        return MPH_ERR_NO_MEMORY;
    *task = (struct task){.address = address, .chain = VEC_OF(struct await_frame)};
    return 0;
}

static int64_t small_int(const struct objects *objects, uint64_t word, bool *ret_is_one)
{
    struct word decoded;

    word_decode(objects->layout, word, &decoded);
    *ret_is_one = decoded.kind == WORD_SMALL_INT;
    return *ret_is_one ? decoded.integer : 0;
}

static int read_members(const struct objects *objects, struct task *task, struct mph_err *err)
{
    uint64_t word, coro;

    if (task_get(objects, task->address, TASK_PH_KEY, &word))
        task->wake = small_int(objects, word, &task->has_wake);
    if (!task->has_wake)
        task->problem = "ph_key";
    if (!task_get(objects, task->address, TASK_DATA, &task->data))
        task->problem = "data";
    if (!task_get(objects, task->address, TASK_CORO, &task->coro))
        task->problem = "coro";
    task_get(objects, task->address, TASK_STATE, &task->status);
    task->gatherer = task_gatherer(objects, task->status);
    coro = pointer_in(objects, task->coro);
    if (coro && generator_at(objects, coro))
        return await_chain(objects, coro, &task->chain, err);
    return 0;
}

static uint64_t global_pointer(const struct objects *objects, uint64_t globals, const char *name)
{
    uint64_t word;

    return dict_find(objects, globals, name, &word) ? pointer_in(objects, word) : 0;
}

static void add_loop(struct tasks *tasks, const char *name)
{
    const struct objects *objects = tasks->objects;
    struct task_loop *loop = &tasks->loops[tasks->loop_count];
    struct module module;

    if (module_find(objects, name, &module, NULL) < 0)
        return;
    *loop = (struct task_loop){
        .module = name,
        .queue = global_pointer(objects, module.globals, "_task_queue"),
        .io_queue = global_pointer(objects, module.globals, "_io_queue"),
        .current = global_pointer(objects, module.globals, "cur_task"),
    };
    if (!task_queue_at(objects, loop->queue)) {
        loop->problem = "no queue";
        loop->problem_address = loop->queue;
        loop->queue = 0;
    }
    tasks->loop_count++;
}

static int read_loops(struct tasks *tasks, struct mph_err *err)
{
    int rc = 0;

    add_loop(tasks, "asyncio.core");
    add_loop(tasks, "uasyncio.core");
    for (size_t i = 0; rc == 0 && i < tasks->loop_count; i++) {
        struct task_loop *loop = &tasks->loops[i];

        if (loop->queue)
            rc = task_queue_number(tasks, loop, err);
        for (size_t j = 0; j < tasks->list.len; j++)
            if (task_of(tasks, j)->address == loop->current)
                task_of(tasks, j)->is_current = true;
    }
    return rc;
}

// --- judging ---

static enum coroutine_state stage_of(const struct task *task)
{
    return task->chain.len ? ((const struct await_frame *)vec_at(&task->chain, 0))->state
                           : COROUTINE_ENDED;
}

// extmod/modasyncio.c TASK_IS_DONE: up to v1.13 its coroutine has gone, up to v1.15 it is
// the task itself; since v1.16 `state` is None, or False once the result was fetched.
// Before, a `waiting` of None says nothing, and the coroutine has not ended.
static bool is_done(const struct objects *objects, const struct task *task)
{
    enum word_kind status = word_kind_of(objects, task->status);

    return word_kind_of(objects, task->coro) == WORD_NONE ||
           pointer_in(objects, task->coro) == task->address ||
           ((status == WORD_NONE || status == WORD_FALSE) && stage_of(task) == COROUTINE_ENDED);
}

// While a task runs it is in no queue; when the loop has nothing to do it stays current.
static bool is_running(const struct objects *objects, const struct task *task)
{
    enum coroutine_state stage = stage_of(task);

    return stage == COROUTINE_RUNNING || (task->is_current && !task->position && !task->chain.len &&
                                          word_kind_of(objects, task->data) == WORD_NONE);
}

// ticks_ms() was at least this when the board stopped: other tasks' keys are when they
// were put where they are.
static bool find_earliest_now(const struct tasks *tasks, int64_t *ret)
{
    bool has_one = false;

    for (size_t i = 0; i < tasks->list.len; i++) {
        const struct task *task = task_of(tasks, i);

        if (task->position || !task->has_wake || task->state == TASK_IDLE)
            continue;
        if (!has_one || ticks_diff(tasks->objects->layout, task->wake, *ret) > 0)
            *ret = task->wake;
        has_one = true;
    }
    return has_one;
}

static bool awaits_sleep(const struct objects *objects, const struct task *task)
{
    const struct await_frame *innermost = task_innermost(task);

    return innermost && innermost->awaits &&
           is_instance_of(objects, pointer_in(objects, innermost->awaits), "SingletonGenerator");
}

// Whether a task in the run queue is there for later.
static bool is_asleep(const struct tasks *tasks, const struct task *task, const int64_t *earliest)
{
    const struct objects *objects = tasks->objects;

    if (!task->has_wake || word_kind_of(objects, task->data) != WORD_NONE)
        return false;
    if (earliest && ticks_diff(objects->layout, task->wake, *earliest) <= 0)
        return false;
    return tasks->has_now || awaits_sleep(objects, task) ||
           (stage_of(task) != COROUTINE_NEW && !task_waits_in_primitive(objects, task));
}

static void judge(struct tasks *tasks, struct task *task)
{
    const struct objects *objects = tasks->objects;

    if (is_done(objects, task)) {
        task->state = word_kind_of(objects, task->status) == WORD_FALSE ? TASK_AWAITED : TASK_DONE;
        task->result = task->data;
    } else if (is_running(objects, task)) {
        task->state = TASK_RUNNING;
    } else if (task->position) {
        task->state = TASK_READY;
    } else {
        task_wait_find(tasks, task, &task->wait);
        task->state = task->wait.kind == WAIT_NOTHING ? TASK_IDLE : TASK_WAITING;
    }
}

static void judge_all(struct tasks *tasks)
{
    int64_t earliest = 0;

    for (size_t i = 0; i < tasks->list.len; i++)
        judge(tasks, task_of(tasks, i));
    tasks->has_now = ticks_now(tasks->objects, &tasks->now);
    bool has_earliest = find_earliest_now(tasks, &earliest);
    if (tasks->has_now)
        earliest = tasks->now;
    for (size_t i = 0; i < tasks->list.len; i++) {
        struct task *task = task_of(tasks, i);

        if (task->state == TASK_READY &&
            is_asleep(tasks, task, has_earliest || tasks->has_now ? &earliest : NULL))
            task->state = TASK_SLEEPING;
    }
}

// --- all of it ---

static int by_address(const void *left, const void *right)
{
    const struct task *a = left, *b = right;

    return a->address < b->address ? -1 : a->address > b->address;
}

// Ready and sleeping ones are in one queue.
static int rank(const struct task *task)
{
    return task->state == TASK_SLEEPING ? TASK_READY : (int)task->state;
}

static int by_state(const void *left, const void *right)
{
    const struct task *a = left, *b = right;

    if (rank(a) != rank(b))
        return rank(a) - rank(b);
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return by_address(left, right);
}

static void sort(struct tasks *tasks, int (*compare)(const void *, const void *))
{
    if (tasks->list.len)
        qsort(tasks->list.data, tasks->list.len, sizeof(struct task), compare);
}

int tasks_init(struct tasks *tasks, const struct objects *objects, struct mph_err *err)
{
    *tasks = (struct tasks){.objects = objects, .list = VEC_OF(struct task)};
    int rc = objects_each_head(objects, &(struct head_walk){add_task, tasks});

    if (rc < 0)
        mph_fail_no_memory(err);
    sort(tasks, by_address);
    for (size_t i = 0; rc == 0 && i < tasks->list.len; i++)
        rc = read_members(objects, task_of(tasks, i), err);
    if (rc == 0)
        rc = read_loops(tasks, err);
    if (rc < 0) {
        tasks_deinit(tasks);
        return rc;
    }
    judge_all(tasks);
    sort(tasks, by_state);
    return 0;
}

void tasks_deinit(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->list.len; i++)
        vec_deinit(&task_of(tasks, i)->chain);
    vec_deinit(&tasks->list);
}
