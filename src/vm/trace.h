// SPDX-License-Identifier: MIT
// Where Python stands: the frames that are being executed, from the outermost one in.
//
// Nothing links the frames of a default build. What leads to them is on the C stack: a
// frame itself (py/objfun.c fun_bc_call), or a pointer to one in a heap block or inside a
// generator. What returned long ago may still lie there, too. A frame that is executed has
// an exception buffer: mp_execute_bytecode calls nlr_push before it looks at an opcode,
// and the buffer, or the C frame that it is a local of, holds the frame's address. The
// chain of buffers is the order of the frames. Only a frame that starts or that is about
// to handle an exception has none at that moment.
//
// Builds with a pystack (MICROPY_ENABLE_PYSTACK) have their frames there in order, and
// nothing else that looks like one.
#ifndef MPH_VM_TRACE_H
#define MPH_VM_TRACE_H

#include "base/vec.h"
#include "object/frame.h"
#include "object/objects.h"
#include "vm/stack.h"
#include "vm/threads.h"

enum trace_place { PLACE_STACK, PLACE_HEAP, PLACE_GENERATOR, PLACE_PYSTACK };

struct trace_frame {
    struct frame frame;
    enum trace_place place;
    const char *doubt; // why it may not be executed at all; NULL: it is
    // What on the C stack leads to it: its exception buffer, a local of the C function
    // that executes it, or else the innermost word. 0: a pystack, where nothing does.
    uint64_t stack_address;
    bool has_buffer;
};

struct trace {
    struct vec frames; // of struct trace_frame, outermost first
    struct stack stack;
    bool is_other_thread; // frames and stack are not the main thread's: it is not executed
    bool has_pystack;
    bool is_cut; // there are more frames than were looked at
};

// Find the frames of the main thread, or of another one if the stack pointer is on its
// stack. Damage is never an error; no frame is none either.
// Works on objects that were only opened.
int trace_make(const struct objects *objects, struct trace *ret, struct mph_err *err);

// Find those of one thread. Where its stack is not known there are none.
int trace_make_thread(const struct objects *objects, const struct thread *thread, struct trace *ret,
                      struct mph_err *err);

void trace_deinit(struct trace *trace);

// What leads to a frame, in one word: "stack", "heap", "generator", "pystack".
const char *trace_place_name(enum trace_place place);

#endif
