// SPDX-License-Identifier: MIT
// The tasks of asyncio: where each stands, what it waits for, and which runs next.
//
// Every object of type Task on the heap is one, whether a queue holds it or not, so that
// what has ended and waits for the collector is among them. Works on labelled objects.
#ifndef MPH_VM_TASKS_H
#define MPH_VM_TASKS_H

#include "vm/coroutine.h"

enum task_state {
    TASK_RUNNING,  // its code is on the C stack
    TASK_READY,    // in the run queue, as soon as it is its turn
    TASK_SLEEPING, // in the run queue, until its time has come
    TASK_WAITING,  // for what `wait` says
    TASK_IDLE,     // in no queue, and waits for nothing that is known
    TASK_DONE,
    TASK_AWAITED, // done, and its result was fetched
};

enum wait_kind {
    WAIT_NOTHING,
    WAIT_OBJECT, // Event, Lock, or another with a queue of its own
    WAIT_QUEUE,  // a TaskQueue that is not known to belong to an object
    WAIT_TASK,   // until that is done
    WAIT_GATHER, // for those whose `gatherer` it is
    WAIT_READ,   // on a stream
    WAIT_WRITE,
};

struct task_wait {
    enum wait_kind kind;
    uint64_t address; // of the object, queue, task or stream; 0: WAIT_GATHER
};

struct task {
    uint64_t address;
    enum task_state state;
    struct task_wait wait;
    uint64_t coro, data, result; // object words; 0: none, or unreadable. `result` when done
    uint64_t status;             // the member `state`
    uint64_t gatherer;           // the task whose gather() it tells when it is done
    int64_t wake;                // ticks_ms of the member ph_key: when it can run, or was queued
    bool has_wake;
    bool is_current;     // cur_task of its loop: the one that ran last
    size_t position;     // in the order in which its loop will run them, from 1 on; 0: not queued
    size_t loop;         // place of that loop in tasks->loops
    struct vec chain;    // of struct await_frame, outermost first; empty: no coroutine
    const char *problem; // what of it makes no sense: "coro", "ph_key", "data"; NULL
};

// One event loop: the globals of asyncio.core, uasyncio.core up to v1.20.
struct task_loop {
    const char *module;
    uint64_t queue, io_queue; // addresses of _task_queue, _io_queue; 0: none
    uint64_t current;         // address of cur_task; 0: None
    const char *problem;      // what is wrong with the queue: "cycle", "link", "no queue"; NULL
    uint64_t problem_address;
    int64_t first_wake; // ticks_ms of the first in the queue, if `has_first`
    bool has_first;
};

enum { TASK_LOOPS_MAX = 2 };

struct tasks {
    const struct objects *objects;
    struct task_loop loops[TASK_LOOPS_MAX];
    size_t loop_count;
    struct vec list; // of struct task: by state, those in the run queue in its order
    int64_t now;     // ticks_ms(), if `has_now`
    bool has_now;
};

// `objects` must outlive them. Damage is a `problem`, never an error.
int tasks_init(struct tasks *tasks, const struct objects *objects, struct mph_err *err);
void tasks_deinit(struct tasks *tasks);

static inline struct task *task_of(const struct tasks *tasks, size_t index)
{
    return vec_at(&tasks->list, index);
}

// The innermost frame of a task's chain; NULL when it has none.
const struct await_frame *task_innermost(const struct task *task);

#endif
