// SPDX-License-Identifier: MIT
// The order in which a TaskQueue hands out its tasks. It is a pairing heap (py/pairheap.h,
// extmod/asyncio/task.py), of which only the first task can be told at sight.
#ifndef MPH_VM_TASK_QUEUE_H
#define MPH_VM_TASK_QUEUE_H

#include "vm/tasks.h"

// Set the position of every task in a loop's queue. `tasks->list` is sorted by address.
// A link that leads to no task, or back, ends the queue there: the loop's problem.
int task_queue_number(struct tasks *tasks, struct task_loop *loop, struct mph_err *err);

#endif
