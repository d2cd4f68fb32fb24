// SPDX-License-Identifier: MIT
// Python frames and C frames in one order, by where on the stack they are.
//
// mp_execute_bytecode (py/vm.c) executes one Python frame a call, but for builds with
// MICROPY_STACKLESS, and its exception buffer is a local of it. So the C frame whose part
// of the stack holds the buffer of a Python frame executes that one, and the Python frame
// stands for it in the order. A Python frame without a buffer stands for the nearest
// mp_execute_bytecode that has none, or else follows the C frame that leads to it.
#ifndef MPH_REPORT_INTERLEAVE_H
#define MPH_REPORT_INTERLEAVE_H

#include "report/native.h"
#include "vm/trace.h"

enum { NO_LEVEL = -1 };

// One line of the backtrace.
struct interleaved {
    const struct trace_frame *python; // NULL: a C frame
    // The C frame, 0 the innermost; of a Python frame the one that executes it, or NO_LEVEL.
    int level;
};

struct interleaving {
    struct vec lines;  // of struct interleaved, outermost first
    bool is_uncertain; // which C frames execute which Python frames is not known
};

// Both must outlive it. Every C frame and every Python frame is in it, but for the C frames
// that Python frames stand for.
int interleave(const struct trace *trace, const struct native_stack *native,
               struct interleaving *ret, struct mph_err *err);
void interleaving_deinit(struct interleaving *interleaving);

#endif
