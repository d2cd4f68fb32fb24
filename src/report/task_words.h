// SPDX-License-Identifier: MIT
// Tasks of asyncio in words: what the text of the report and its documents share.
#ifndef MPH_REPORT_TASK_WORDS_H
#define MPH_REPORT_TASK_WORDS_H

#include "base/text.h"
#include "object/names.h"
#include "vm/tasks.h"

struct task_listing {
    const struct objects *objects;
    bool has_all; // done tasks that nothing leads to are listed, too
    struct tasks tasks;
    struct names names;
    size_t hidden; // that are not listed
};

// All tasks, with names; `objects` must have its blocks named and outlive the listing.
int task_listing_init(struct task_listing *listing, const struct objects *objects,
                      struct mph_err *err);
void task_listing_deinit(struct task_listing *listing);

const char *task_state_name(enum task_state state);
bool task_is_done(const struct task *task);

// Whether a ready task will be woken with an exception, its `data`.
bool task_has_pending(const struct task_listing *listing, const struct task *task);

// Milliseconds from a tick to when a task is due.
int64_t task_wakes_after(const struct task_listing *listing, const struct task *task,
                         int64_t start);

// The name of an object; false when nothing leads to it.
bool words_add_name(const struct task_listing *listing, uint64_t address, struct text *text);
// A task's name, unless it is nothing but its place in asyncio's own structures.
void words_add_task(const struct task_listing *listing, const struct task *task, struct text *text);
void words_add_qstr(const struct task_listing *listing, uint64_t id, struct text *text);
void words_add_bad(const char *what, uint64_t address, struct text *text);
// The function's name, or the value of what is no coroutine.
void words_add_coroutine(const struct task_listing *listing, const struct task *task,
                         struct text *text);
// What a waiting task waits for.
void words_add_wait(const struct task_listing *listing, const struct task *task, struct text *text);
// Until when it sleeps, what it waits for, or how it ended.
void words_add_details(const struct task_listing *listing, const struct task *task,
                       struct text *text);

#endif
