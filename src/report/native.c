// SPDX-License-Identifier: MIT
#include "report/native.h"

#include <stdlib.h>
#include <string.h>

static int set_copy(char **slot, const char *text, struct mph_err *err)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        return mph_fail_no_memory(err);
    free(*slot);
    *slot = copy;
    return 0;
}

int native_stack_end(struct native_stack *stack, const char *why, struct mph_err *err)
{
    return set_copy(&stack->end, why, err);
}

int native_stack_add(struct native_stack *stack, const struct native_frame *frame,
                     struct mph_err *err)
{
    if (stack->frames.len >= NATIVE_FRAMES_MAX) {
        int rc = native_stack_end(stack, "there are more frames than are looked at", err);
        return rc < 0 ? rc : mph_fail(err, MPH_ERR_UNSUPPORTED, "bt: too many native frames");
    }
    struct native_frame *slot = vec_add(&stack->frames);
    if (!slot)
        return mph_fail_no_memory(err);
    *slot = (struct native_frame){.pc = frame->pc, .sp = frame->sp, .line = frame->line};
    int rc = set_copy(&slot->function, frame->function, err);
    return rc < 0 ? rc : set_copy(&slot->file, frame->file, err);
}

int native_stack_load(const struct unwinder *unwinder, struct native_stack *ret,
                      struct mph_err *err)
{
    struct native_stack stack = {.frames = VEC_OF(struct native_frame)};

    if (!unwinder || !unwinder->unwind)
        return mph_fail(err, MPH_ERR_UNSUPPORTED,
                        "bt: native frames need GDB's unwinder (use mpheap bt --native in gdb, "
                        "on the target that GDB is connected to)");
    int rc = unwinder->unwind(unwinder->context, &stack, err);
    if (rc == 0 && !stack.frames.len)
        rc = mph_fail(err, MPH_ERR_UNSUPPORTED, "bt: there are no native frames: %s",
                      stack.end ? stack.end : "the program has no stack");
    if (rc < 0)
        native_stack_deinit(&stack);
    else
        *ret = stack;
    return rc;
}

void native_stack_deinit(struct native_stack *stack)
{
    for (size_t i = 0; i < stack->frames.len; i++) {
        struct native_frame *frame = vec_at(&stack->frames, i);

        free(frame->function);
        free(frame->file);
    }
    vec_deinit(&stack->frames);
    free(stack->end);
    *stack = (struct native_stack){0};
}
