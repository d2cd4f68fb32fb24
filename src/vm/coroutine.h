// SPDX-License-Identifier: MIT
// Where a generator stands, and what it awaits: the chain of `await` and `yield from`
// from a coroutine to the innermost one. Who runs it is not decided here.
#ifndef MPH_VM_COROUTINE_H
#define MPH_VM_COROUTINE_H

#include "base/vec.h"
#include "object/frame.h"
#include "object/objects.h"

enum coroutine_state {
    COROUTINE_NEW,       // no opcode has run yet
    COROUTINE_SUSPENDED, // in `yield` or `await`; up to v1.9.4 it may be running as well
    COROUTINE_RUNNING,   // on the C stack
    COROUTINE_ENDED,
};

enum { AWAIT_DEPTH_MAX = 64 };

struct await_frame {
    uint64_t generator; // address of the generator object
    enum coroutine_state state;
    struct frame frame;  // zeroed when `problem` says that there is none
    unsigned line;       // of the opcode that it stands at; 0: not known, or ended
    uint64_t awaits;     // object word of what it stands in `await` of; 0: nothing, it yields
    const char *problem; // why the chain ends here, when it should not: "frame", "cycle",
                         // "depth"; NULL
};

// Whether a generator object, which coroutines are, begins at an address.
bool generator_at(const struct objects *objects, uint64_t address);

// Whether a generator's frame is left as one is that does not run: new, or in `yield`. One
// that runs may look so too, until an opcode stores where it is.
bool frame_stands_in_yield(const struct objects *objects, const struct frame *frame);

// Add a struct await_frame for a generator and for each one that it awaits, outermost
// first. The last one's `awaits` is no generator. At most AWAIT_DEPTH_MAX are followed.
// MPH_ERR_BAD_DATA when no generator is there; damage further in is a `problem`.
int await_chain(const struct objects *objects, uint64_t generator, struct vec *frames,
                struct mph_err *err);

// The value of local `index` in a frame; false when it cannot be read.
bool frame_local(const struct objects *objects, const struct frame *frame, unsigned index,
                 uint64_t *ret);

#endif
