// SPDX-License-Identifier: MIT
// The C frames of the stack that the target stands on, from whoever can unwind it.
//
// Unwinding takes the firmware's call frame information or its code. Debuggers do that
// well, so it is left to them: without one there are no C frames.
#ifndef MPH_REPORT_NATIVE_H
#define MPH_REPORT_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"

struct native_frame {
    uint64_t pc;    // that the frame stands at, or returns to
    uint64_t sp;    // the stack pointer while it stands there; 0: not known
    char *function; // NULL: not known
    char *file;     // NULL: not known
    unsigned line;  // 0: not known
};

struct native_stack {
    struct vec frames; // of struct native_frame, innermost first as they are unwound
    char *end;         // why there are no more; NULL: the last one is the outermost
};

// Unwinds by calling native_stack_add for each frame, from the innermost out. 0, or a
// negative code when it cannot even begin.
struct unwinder {
    int (*unwind)(void *context, struct native_stack *stack, struct mph_err *err);
    void *context;
};

enum { NATIVE_FRAMES_MAX = 4096 };

// MPH_ERR_UNSUPPORTED without an unwinder (NULL), or when it has no frame.
int native_stack_load(const struct unwinder *unwinder, struct native_stack *ret,
                      struct mph_err *err);
void native_stack_deinit(struct native_stack *stack);

// Add a frame, of which all is copied. MPH_ERR_UNSUPPORTED when there are
// NATIVE_FRAMES_MAX, which is then said in `end`.
int native_stack_add(struct native_stack *stack, const struct native_frame *frame,
                     struct mph_err *err);

// Say why there are no more.
int native_stack_end(struct native_stack *stack, const char *why, struct mph_err *err);

static inline const struct native_frame *native_frame_at(const struct native_stack *stack,
                                                         size_t index)
{
    return vec_at(&stack->frames, index);
}

#endif
