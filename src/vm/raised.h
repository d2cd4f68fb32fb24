// SPDX-License-Identifier: MIT
// Exceptions that are at hand: being raised, being handled, or left where one was.
#ifndef MPH_VM_RAISED_H
#define MPH_VM_RAISED_H

#include "vm/trace.h"

enum raised_where {
    RAISED_IN_FRAME,  // a local, a temporary value or the handler's exception of a frame
    RAISED_IN_BUFFER, // py/nlr.h ret_val of a frame's buffer: the last one it caught
    RAISED_ON_STACK,  // a word of some C function
    RAISED_EMERGENCY, // mp_emergency_exception_obj: what is raised when there is no memory
};

struct raised {
    uint64_t object;
    enum raised_where where;
    uint64_t at;  // address of the word that leads to it; RAISED_EMERGENCY: its own
    size_t frame; // RAISED_IN_FRAME: place in trace->frames
};

// Each exception once, by the most telling place that leads to it, at most RAISED_MAX.
// `trace` may be NULL where the stack is not known. `ret` becomes a vec of struct raised.
enum { RAISED_MAX = 16 };
int raised_find(const struct objects *objects, const struct trace *trace, struct vec *ret,
                struct mph_err *err);

static inline const struct raised *raised_at(const struct vec *list, size_t index)
{
    return vec_at(list, index);
}

#endif
