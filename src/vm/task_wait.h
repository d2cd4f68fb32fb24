// SPDX-License-Identifier: MIT
// What a task waits for, from its member `data` and from where its coroutine stands.
#ifndef MPH_VM_TASK_WAIT_H
#define MPH_VM_TASK_WAIT_H

#include "vm/tasks.h"

// For a task that is not done and in no run queue. Its chain has been read.
void task_wait_find(const struct tasks *tasks, const struct task *task, struct task_wait *ret);

// Whether the innermost coroutine waits in a primitive of asyncio that does not sleep, so
// that in the run queue it is one that has been woken.
bool task_waits_in_primitive(const struct objects *objects, const struct task *task);

// The task that a `state` reports to: gather() puts a closure over itself there
// (extmod/asyncio/funcs.py, v1.17 and later). 0: none.
uint64_t task_gatherer(const struct objects *objects, uint64_t state);

#endif
