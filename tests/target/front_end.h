// SPDX-License-Identifier: MIT
#ifndef TARGET_FRONT_END_H
#define TARGET_FRONT_END_H

#include "faults.h"

#include <stddef.h>
#include <stdint.h>

#define REPLY_SIZE 65536

// What goes back to the debugger.
struct reply {
    size_t length;
    uint8_t bytes[REPLY_SIZE];
};

/*
 * A protocol the debug port speaks to a debugger. To add one: fill this struct in a `_front_end`
 * function of its own, and offer it as an option in main.c.
 */
struct front_end {
    void *self;

    // A debugger connected.
    void (*connect)(void *self);

    /*
     * Carries out the requests that `input` holds entirely, as far as `reply` (at first empty) has
     * room. `*ret_used` is the number of bytes carried out. FAULT_DROP and FAULT_STALL leave the
     * rest undone; FAULT_DROP is also the answer to bytes that make no sense.
     */
    enum fault_action (*serve)(void *self, const uint8_t *input, size_t length,
                               struct reply *reply, size_t *ret_used);
};

#endif
