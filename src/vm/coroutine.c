// SPDX-License-Identifier: MIT
#include "vm/coroutine.h"

#include <inttypes.h>
#include <string.h>

// py/bc0.h MP_BC_YIELD_VALUE and MP_BC_YIELD_FROM: up to v1.11, and since.
enum { OLD_YIELD_VALUE = 0x5d, OLD_YIELD_FROM = 0x5e, YIELD_VALUE = 0x67, YIELD_FROM = 0x68 };

static bool is_opcode(const struct objects *objects, const struct frame *frame, uint64_t at,
                      uint8_t old, uint8_t now)
{
    uint8_t byte;

    return at >= frame->code.opcodes && objects_read(objects, at, &byte, 1) &&
           byte == (frame->code.form == PRELUDE_V0 ? old : now);
}

// --- one generator ---

static bool get_generator(const struct objects *objects, uint64_t address, struct object *ret)
{
    return address && objects_get(objects, address, ret) && ret->kind &&
           !strcmp(ret->kind->name, "generator");
}

bool generator_at(const struct objects *objects, uint64_t address)
{
    struct object object;

    return get_generator(objects, address, &object);
}

static bool is_new(const struct objects *objects, const struct frame *frame)
{
    return !frame->code.is_native && frame->ip == frame->code.opcodes &&
           frame->sp == frame->state - objects->obj;
}

// py/objgenerator.c mp_obj_gen_resume: while it runs, the member in front of the frame
// (v1.10 and v1.11 globals, later pend_exc) is null.
static enum coroutine_state state_of(const struct objects *objects, const struct object *object,
                                     const struct frame *frame)
{
    uint64_t bits;
    struct word word;

    if (!frame->ip)
        return COROUTINE_ENDED;
    if (field_get(objects, object, 0, &bits)) {
        word_decode(objects->layout, bits, &word);
        if (word.kind == WORD_NULL)
            return COROUTINE_RUNNING;
    }
    return is_new(objects, frame) ? COROUTINE_NEW : COROUTINE_SUSPENDED;
}

// py/vm.c MP_BC_YIELD_FROM: a suspended frame stands at it, with the value that it handed
// out on top of what it awaits; one that runs has taken that value away.
static uint64_t awaited_by(const struct objects *objects, const struct await_frame *step)
{
    const struct frame *frame = &step->frame;
    uint64_t at = step->state == COROUTINE_RUNNING ? frame->sp : frame->sp - objects->obj;
    uint64_t word;

    if (frame->code.is_native || step->state == COROUTINE_ENDED || step->state == COROUTINE_NEW ||
        !is_opcode(objects, frame, frame->ip, OLD_YIELD_FROM, YIELD_FROM) || at < frame->state ||
        at > frame->sp || !objects_uint(objects, at, objects->obj, &word))
        return 0;
    return word;
}

// Behind a `yield` a frame stands at the next opcode, perhaps on another line.
static unsigned line_of(const struct objects *objects, const struct await_frame *step)
{
    const struct frame *frame = &step->frame;
    uint64_t ip = frame->ip;
    unsigned line;

    if (step->state == COROUTINE_SUSPENDED &&
        !is_opcode(objects, frame, ip, OLD_YIELD_FROM, YIELD_FROM) &&
        is_opcode(objects, frame, ip - 1, OLD_YIELD_VALUE, YIELD_VALUE))
        ip--;
    return ip && code_line(objects->target, &frame->code, ip, &line, NULL) == 0 ? line : 0;
}

bool frame_stands_in_yield(const struct objects *objects, const struct frame *frame)
{
    return is_new(objects, frame) ||
           is_opcode(objects, frame, frame->ip, OLD_YIELD_FROM, YIELD_FROM) ||
           is_opcode(objects, frame, frame->ip - 1, OLD_YIELD_VALUE, YIELD_VALUE);
}

static void read_step(const struct objects *objects, const struct object *generator,
                      struct await_frame *ret)
{
    uint64_t frame = field_address(objects, generator, 0) + objects->obj;

    *ret = (struct await_frame){.generator = generator->address, .state = COROUTINE_SUSPENDED};
    if (frame_read(objects->layout, objects->target, frame, &ret->frame, NULL) < 0) {
        ret->frame = (struct frame){0};
        ret->problem = "frame";
        return;
    }
    ret->state = state_of(objects, generator, &ret->frame);
    ret->line = line_of(objects, ret);
    ret->awaits = awaited_by(objects, ret);
}

// --- the chain ---

static bool is_in_chain(const struct vec *frames, size_t first, uint64_t generator)
{
    for (size_t i = first; i < frames->len; i++)
        if (((const struct await_frame *)vec_at(frames, i))->generator == generator)
            return true;
    return false;
}

// The generator that a frame awaits, if it is one.
static bool next_generator(const struct objects *objects, const struct await_frame *step,
                           struct object *ret)
{
    struct word word;

    word_decode(objects->layout, step->awaits, &word);
    return step->awaits && word.kind == WORD_POINTER && get_generator(objects, word.pointer, ret);
}

int await_chain(const struct objects *objects, uint64_t generator, struct vec *frames,
                struct mph_err *err)
{
    size_t first = frames->len;
    struct await_frame *step;
    struct object object;

    if (!get_generator(objects, generator, &object))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, generator,
                           "coroutine: no generator at 0x%" PRIx64, generator);
    for (;;) {
        step = vec_add(frames);
        if (!step)
            return mph_fail_no_memory(err);
        read_step(objects, &object, step);
        if (!next_generator(objects, step, &object))
            return 0;
        if (is_in_chain(frames, first, object.address))
            step->problem = "cycle";
        else if (frames->len - first >= AWAIT_DEPTH_MAX)
            step->problem = "depth";
        if (step->problem)
            return 0;
    }
}

bool frame_local(const struct objects *objects, const struct frame *frame, unsigned index,
                 uint64_t *ret)
{
    return index < frame->n_state &&
           objects_uint(objects, frame->state + (frame->n_state - 1 - index) * objects->obj,
                        objects->obj, ret);
}
