// SPDX-License-Identifier: MIT
// What the firmware does as soon as bytecode or a waiting loop lets it: raise an exception
// that was put aside (Ctrl-C), call what was scheduled. Up to that moment it waits.
#ifndef MPH_VM_PENDING_H
#define MPH_VM_PENDING_H

#include "object/objects.h"

struct pending {
    bool has_exception;         // where mp_pending_exception lies is known, and it was read
    uint64_t exception_address; // of that member
    uint64_t exception;         // object word; 0: none waits

    // py/scheduler.c. Its members' places are known from debug information alone.
    bool has_scheduler;
    uint64_t state_address; // of sched_state
    int state;              // 1: idle, 0: callbacks wait, -n: locked n times
    bool has_length;
    uint64_t length; // callbacks that wait
    uint64_t depth;  // MICROPY_SCHEDULER_DEPTH: how many can; 0: not known
};

// Read it; what cannot be known is left unset.
void pending_read(const struct objects *objects, struct pending *ret);

#endif
