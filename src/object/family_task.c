// SPDX-License-Identifier: MIT
// Tasks of asyncio, and weak references.
#include "object/value.h"

// extmod/modasyncio.c mp_obj_task_t; the links of its heap have marks in their low bit.
static const struct kind kind_task = {
    .name = "Task",
    .letter = 'K',
    .meaning = "task or queue of asyncio",
    .type_names = (const char *const[]){"Task", NULL},
    .fields = {{"child", FORM_REF},
               {"child_last", FORM_REF},
               {"next", FORM_POINTER},
               {"coro", FORM_OBJ},
               {"data", FORM_OBJ},
               {"state", FORM_OBJ},
               {"ph_key", FORM_OBJ}},
    .is_link = true,
};

static const struct kind kind_task_queue = {
    .name = "TaskQueue",
    .letter = 'K',
    .type_names = (const char *const[]){"TaskQueue", NULL},
    .fields = {{"heap", FORM_REF}, {"push_callback", FORM_REST}},
    .is_link = true,
};

// py/modweakref.c, v1.28 (74e945752b)
static const struct kind kind_weak_ref = {
    .name = "ref",
    .letter = 'w',
    .meaning = "weak reference",
    .type_names = (const char *const[]){"ref", NULL},
    .fields = {{"ref_fin_next", FORM_WEAK}, {"obj_weak_ref", FORM_WEAK}, {"callback", FORM_OBJ}},
};

static const struct kind kind_finalize = {
    .name = "finalize",
    .letter = 'w',
    .type_names = (const char *const[]){"finalize", NULL},
    .fields = {{"ref_fin_next", FORM_WEAK}, {"obj_weak_ref", FORM_WEAK}, {"callback", FORM_OBJ}},
    .is_open = true,
};

const struct kind *const task_family[] = {&kind_task, &kind_task_queue, &kind_weak_ref,
                                          &kind_finalize, NULL};
