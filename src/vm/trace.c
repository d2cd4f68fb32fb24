// SPDX-License-Identifier: MIT
#include "vm/trace.h"

#include <stdlib.h>
#include <string.h>

#include "object/roots.h"
#include "vm/candidates.h"
#include "vm/confirm.h"
#include "vm/coroutine.h"
#include "vm/thread_state.h"
#include "vm/threads.h"

struct making {
    const struct objects *objects;
    struct trace *trace;
    const struct regs *regs; // of the thread; NULL: not known
    bool has_pystack;        // the thread may be the one whose pystack is known
    struct vec candidates;   // of struct candidate
    size_t confirmed;
};

static struct candidate *candidate_at(const struct making *making, size_t index)
{
    return vec_at(&making->candidates, index);
}

// --- frames without a buffer ---

// py/bc0.h MP_BC_RETURN_VALUE up to v1.11, and since: a frame that stands at it has
// returned, or will before anything is called.
enum { OLD_RETURN_VALUE = 0x5b, RETURN_VALUE = 0x63 };

static bool has_returned(const struct objects *objects, const struct frame *frame)
{
    uint8_t opcode;

    return !frame->code.is_native && objects_read(objects, frame->ip, &opcode, 1) &&
           opcode == (frame->code.form == PRELUDE_V0 ? OLD_RETURN_VALUE : RETURN_VALUE);
}

static bool is_in_register(const struct making *making, uint64_t value)
{
    for (size_t i = 0; making->regs && i < making->regs->count; i++)
        if (making->regs->list[i].value == value)
            return true;
    return false;
}

// Whoever executes a frame holds its address, further down the stack.
static bool is_held(const struct making *making, const struct candidate *candidate)
{
    const struct stack *stack = &making->trace->stack;
    uint64_t address = candidate->frame.address;

    if (candidate->place != PLACE_STACK || is_in_register(making, address))
        return true;
    for (size_t i = 0; i < stack->count && stack->start + i * making->objects->word < address; i++)
        if (stack->words[i] == address)
            return true;
    return false;
}

static bool overlaps_confirmed(const struct making *making, const struct candidate *candidate)
{
    for (size_t i = 0; i < making->candidates.len; i++) {
        const struct candidate *other = candidate_at(making, i);

        if (other->buffer && other->frame.address < candidate->frame.end &&
            candidate->frame.address < other->frame.end)
            return true;
    }
    return false;
}

// Up to v1.9.4 a generator that is suspended looks like one that runs, and may be anybody's
// argument, or what an earlier call left on the stack.
static bool may_be_suspended(const struct making *making, const struct candidate *candidate)
{
    return candidate->place == PLACE_GENERATOR &&
           making->objects->layout->type_form == TYPE_WORD_NAME && making->confirmed &&
           (candidate->at >= stack_buffer(&making->trace->stack, 0) ||
            frame_stands_in_yield(making->objects, &candidate->frame));
}

static bool is_plausible(const struct making *making, const struct candidate *candidate)
{
    return is_held(making, candidate) && !has_returned(making->objects, &candidate->frame) &&
           !overlaps_confirmed(making, candidate) && !may_be_suspended(making, candidate);
}

static const char *doubt_of(const struct making *making, const struct candidate *candidate)
{
    const struct stack *stack = &making->trace->stack;

    if (candidate->buffer)
        return NULL;
    if (!making->confirmed)
        return "nothing confirms it";
    return candidate->at < stack_buffer(stack, 0)
               ? "it starts, handles an exception, or has ended"
               : "it has ended, or was interrupted as it handled an exception";
}

// --- order ---

static int add_frame(struct making *making, const struct trace_frame *frame, struct mph_err *err)
{
    struct trace_frame *slot = vec_add(&making->trace->frames);

    if (!slot)
        return mph_fail_no_memory(err);
    *slot = *frame;
    return 0;
}

static uint64_t height_of(const struct stack *stack, const struct candidate *candidate)
{
    return candidate->buffer ? stack_buffer(stack, candidate->buffer - 1) : candidate->at;
}

static int by_height(const void *left, const void *right, void *context)
{
    uint64_t a = height_of(context, left), b = height_of(context, right);

    return a > b ? -1 : a < b;
}

static bool is_in_trace(const struct trace *trace, uint64_t address)
{
    for (size_t i = 0; i < trace->frames.len; i++)
        if (((const struct trace_frame *)vec_at(&trace->frames, i))->frame.address == address)
            return true;
    return false;
}

// MICROPY_STACKLESS: the frame that called this one, in the last word before the states
// or the one before the two of MICROPY_PY_SYS_SETTRACE; py/bc.h mp_code_state_t.
static bool read_caller(const struct making *making, const struct frame *frame, struct frame *ret)
{
    const struct objects *objects = making->objects;
    size_t fixed = frame->fun ? 5 : 6;
    uint64_t words = (frame->state - frame->address) / objects->word - (frame->fun ? 0 : 1), caller;

    return (words == fixed + 1 || words == fixed + 3) &&
           objects_word(objects, frame->address + fixed * objects->word, &caller) &&
           !is_in_trace(making->trace, caller) &&
           frame_read(objects->layout, objects->target, caller, ret, NULL) == 0;
}

enum { CALLERS_MAX = 1024 };

// The callers of a frame that no C function called, outermost first, then the frame.
static int add_with_callers(struct making *making, const struct candidate *candidate,
                            struct mph_err *err)
{
    struct vec callers = VEC_OF(struct frame);
    struct frame frame = candidate->frame, caller;
    struct trace_frame added = {.place = PLACE_HEAP,
                                .doubt = doubt_of(making, candidate),
                                .stack_address = height_of(&making->trace->stack, candidate),
                                .has_buffer = candidate->buffer};
    int rc = 0;

    while (rc == 0 && callers.len < CALLERS_MAX && read_caller(making, &frame, &caller)) {
        struct frame *slot = vec_add(&callers);

        if (slot)
            *slot = frame = caller;
        else
            rc = mph_fail_no_memory(err);
    }
    for (size_t i = callers.len; rc == 0 && i > 0; i--) {
        added.frame = *(const struct frame *)vec_at(&callers, i - 1);
        rc = add_frame(making, &added, err);
    }
    vec_deinit(&callers);
    added.frame = candidate->frame;
    added.place = candidate->place;
    return rc < 0 ? rc : add_frame(making, &added, err);
}

static int order_by_stack(struct making *making, struct mph_err *err)
{
    struct stack *stack = &making->trace->stack;
    int rc =
        candidates_confirm(making->objects, stack, &making->candidates, &making->confirmed, err);

    if (rc < 0 || !making->candidates.len)
        return rc;
    qsort_r(making->candidates.data, making->candidates.len, sizeof(struct candidate), by_height,
            stack);
    for (size_t i = 0; rc == 0 && i < making->candidates.len; i++) {
        const struct candidate *candidate = candidate_at(making, i);

        if ((candidate->buffer || is_plausible(making, candidate)) &&
            !is_in_trace(making->trace, candidate->frame.address))
            rc = add_with_callers(making, candidate, err);
    }
    return rc;
}

// --- the pystack ---

// Insert the generator that runs and that a value of a frame refers to behind the frame.
static int insert_generator(struct making *making, size_t index, uint64_t value,
                            struct mph_err *err)
{
    const struct objects *objects = making->objects;
    struct vec *frames = &making->trace->frames;
    struct trace_frame generator = {.place = PLACE_GENERATOR};
    uint64_t address;

    if (!running_generator(objects, value, &address) || is_in_trace(making->trace, address) ||
        frame_read(objects->layout, objects->target, address, &generator.frame, NULL) < 0)
        return 0;
    int rc = add_frame(making, &generator, err);
    if (rc < 0)
        return rc;
    struct trace_frame *list = frames->data, added = list[frames->len - 1];
    memmove(&list[index + 2], &list[index + 1], (frames->len - index - 2) * sizeof *list);
    list[index + 1] = added;
    return 1;
}

static int insert_generators(struct making *making, size_t index, struct mph_err *err)
{
    const struct trace_frame *at = vec_at(&making->trace->frames, index);
    struct frame frame = at->frame;
    uint64_t value;
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < frame.n_state; i++)
        if (frame_local(making->objects, &frame, i, &value))
            rc = insert_generator(making, index, value, err);
    return rc;
}

// Whoever resumes a generator has it among its values; the innermost one that has.
static int place_generators(struct making *making, struct mph_err *err)
{
    for (size_t i = making->trace->frames.len; i > 0;) {
        int rc = insert_generators(making, i - 1, err);

        if (rc < 0)
            return rc;
        i = rc > 0 ? i + 1 : i - 1;
    }
    return 0;
}

// A frame's handlers and values may look like the start of another.
static int order_by_pystack(struct making *making, struct mph_err *err)
{
    uint64_t end = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < making->candidates.len; i++) {
        const struct candidate *candidate = candidate_at(making, i);

        if (candidate->place != PLACE_PYSTACK || candidate->frame.address < end)
            continue;
        end = candidate->frame.end;
        rc = add_frame(
            making, &(struct trace_frame){.frame = candidate->frame, .place = PLACE_PYSTACK}, err);
    }
    return rc < 0 ? rc : place_generators(making, err);
}

// --- making ---

static int find_on_pystack(struct making *making, uint64_t start, uint64_t end, struct mph_err *err)
{
    const struct objects *objects = making->objects;
    struct region region = {start, NULL, (size_t)((end - start) / objects->word), PLACE_PYSTACK};
    uint64_t *words = calloc(region.count + 1, sizeof *words);

    if (!words)
        return mph_fail_no_memory(err);
    int rc = target_fetch(objects->target, &(struct range){start, end - start}, 1, err);
    for (size_t i = 0; i < region.count; i++)
        objects_word(objects, start + i * objects->word, &words[i]);
    region.words = words;
    if (rc == 0)
        rc = candidates_find(objects, &region, &making->candidates, err);
    free(words);
    return rc;
}

static int find_frames(struct making *making, struct mph_err *err)
{
    const struct stack *stack = &making->trace->stack;
    struct region region = {stack->start, stack->words, stack->count, PLACE_STACK};
    uint64_t start, end;
    int rc;

    making->trace->has_pystack =
        making->has_pystack && roots_find_pystack(making->objects, &start, &end);
    rc = making->trace->has_pystack
             ? find_on_pystack(making, start, end, err)
             : candidates_find(making->objects, &region, &making->candidates, err);
    if (rc < 0)
        return rc;
    making->trace->is_cut = making->candidates.len >= CANDIDATES_MAX;
    return making->trace->has_pystack ? order_by_pystack(making, err) : order_by_stack(making, err);
}

static int load_other(const struct objects *objects, const struct stack_bounds *bounds,
                      struct trace *trace, struct mph_err *err)
{
    int rc = stack_load_bounds(objects, bounds, &trace->stack, err);

    trace->is_other_thread = trace->stack.is_elsewhere = rc == 0;
    return rc;
}

// The main thread's stack, or that of the thread which the stack pointer belongs to. On small
// boards the others' are below the main one's, as if it reached down to them.
static int load_stack(const struct objects *objects, struct trace *trace, struct mph_err *err)
{
    struct stack_bounds bounds;
    unsigned others;

    if (threads_count_others(objects, &others) && others && thread_state_find(objects, &bounds))
        return load_other(objects, &bounds, trace, err);
    int rc = stack_load(objects, &trace->stack, err);
    if (rc < 0 || !trace->stack.is_elsewhere || !thread_state_find(objects, &bounds))
        return rc;
    stack_deinit(&trace->stack);
    return load_other(objects, &bounds, trace, err);
}

// The frames on the stack that was loaded.
static int make(struct making *making, struct mph_err *err)
{
    making->candidates = VEC_OF(struct candidate);
    int rc = find_frames(making, err);
    vec_deinit(&making->candidates);
    if (rc < 0)
        trace_deinit(making->trace);
    return rc;
}

int trace_make(const struct objects *objects, struct trace *ret, struct mph_err *err)
{
    struct making making = {
        .objects = objects, .trace = ret, .regs = &objects->target->regs, .has_pystack = true};

    *ret = (struct trace){.frames = VEC_OF(struct trace_frame)};
    int rc = load_stack(objects, ret, err);
    return rc < 0 ? rc : make(&making, err);
}

int trace_make_thread(const struct objects *objects, const struct thread *thread, struct trace *ret,
                      struct mph_err *err)
{
    struct making making = {
        .objects = objects, .trace = ret, .regs = thread->regs, .has_pystack = thread->is_main};
    struct stack_bounds bounds;

    *ret = (struct trace){.frames = VEC_OF(struct trace_frame)};
    if (!thread_find_stack(objects, thread, &bounds))
        return 0;
    int rc = stack_load_bounds(objects, &bounds, &ret->stack, err);
    if (rc < 0)
        return rc;
    ret->stack.has_sp = thread->sp;
    ret->is_other_thread = !thread->is_main;
    return make(&making, err);
}

void trace_deinit(struct trace *trace)
{
    vec_deinit(&trace->frames);
    stack_deinit(&trace->stack);
    *trace = (struct trace){0};
}

const char *trace_place_name(enum trace_place place)
{
    static const char *const names[] = {"stack", "heap", "generator", "pystack"};

    return names[place];
}
