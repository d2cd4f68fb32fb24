// SPDX-License-Identifier: MIT
// One Task or TaskQueue of asyncio as an object, in either implementation: built in
// (extmod/modasyncio.c, v1.13 and later), or instances of the classes in
// extmod/asyncio/task.py, whose attributes have the members' names.
#ifndef MPH_VM_TASK_OBJECT_H
#define MPH_VM_TASK_OBJECT_H

#include "object/objects.h"

enum task_member {
    TASK_CHILD,      // first child in the pairing heap
    TASK_CHILD_LAST, // its last sibling
    TASK_NEXT,       // next sibling
    TASK_CORO,
    TASK_DATA,
    TASK_STATE, // `waiting` up to v1.15
    TASK_PH_KEY,
};

bool task_at(const struct objects *objects, uint64_t address);
bool task_queue_at(const struct objects *objects, uint64_t address);

// TASK_CORO to TASK_PH_KEY as an object word; false when there is none. What was never
// waited for has no `waiting` in the classes of v1.13 to v1.15.
bool task_get(const struct objects *objects, uint64_t task, enum task_member member, uint64_t *ret);

// TASK_CHILD and TASK_NEXT as the address of another task, 0 at the end. False when
// there is something else.
bool task_link(const struct objects *objects, uint64_t task, enum task_member member,
               uint64_t *ret);

// The first task of a queue; 0: it is empty. False when there is something else.
bool task_queue_first(const struct objects *objects, uint64_t queue, uint64_t *ret);

// An attribute of an instance itself, not of its class.
bool instance_get(const struct objects *objects, uint64_t instance, const char *name,
                  uint64_t *ret);

// Whether an instance of a class of that name begins at an address.
bool is_instance_of(const struct objects *objects, uint64_t address, const char *class_name);

// What a word is: None, False and True are that also where they are objects in ROM
// (MICROPY_OBJ_IMMEDIATE_OBJS off, and representation D).
enum word_kind word_kind_of(const struct objects *objects, uint64_t word);

// The object that a word points at, other than those three; 0: none.
uint64_t pointer_in(const struct objects *objects, uint64_t word);

#endif
