// SPDX-License-Identifier: MIT
// What a diagnosis says of the Python code that runs, and of what waits to.
#include <inttypes.h>

#include "object/bytecode.h"
#include "object/value.h"
#include "report/diagnosis.h"
#include "report/frame_words.h"
#include "vm/pending.h"

// --- where it stands ---

static bool find_loop(const struct objects *objects, const struct trace_frame *at, struct loop *ret)
{
    return bytecode_find_loop(objects->layout, objects->target, &at->frame.code, at->frame.ip, ret);
}

// Frames that are inside a loop, the innermost ones first.
static void add_loops(const struct diagnosis *diagnosis, json_t *finding)
{
    enum { LOOPS_MAX = 4 };
    const struct objects *objects = &diagnosis->session->objects;
    const struct vec *frames = &diagnosis->trace.frames;
    int count = 0;

    for (size_t i = frames->len; i-- > 0 && count < LOOPS_MAX;) {
        const struct trace_frame *at = vec_at(frames, i);
        struct loop loop;
        struct text text;

        if (!find_loop(objects, at, &loop))
            continue;
        text_init(&text, NULL);
        frame_add_loop(objects, &at->frame, &loop, &text);
        evidence_text(finding, "loop", text.bytes);
        text_deinit(&text);
        count++;
    }
}

static void add_position(struct diagnosis *diagnosis, const struct trace_frame *at)
{
    const struct objects *objects = &diagnosis->session->objects;
    struct loop loop;
    struct text line;

    text_init(&line, NULL);
    frame_add_position(objects, &at->frame, &line);
    json_t *finding = finding_add(
        diagnosis, FINDING_FACT, "python",
        "Python stands in %s%s; one moment does not tell whether it moves on",
        line.bytes ? line.bytes : "?", find_loop(objects, at, &loop) ? ", inside a loop" : "");
    text_deinit(&line);
    evidence_address(diagnosis, finding, "frame", at->frame.address);
    if (at->frame.ip)
        evidence_address(diagnosis, finding, "opcode", at->frame.ip);
    evidence_count(finding, "Python frames (see bt)", (int64_t)diagnosis->trace.frames.len);
    if (at->doubt)
        evidence_text(finding, "uncertain", at->doubt);
    add_loops(diagnosis, finding);
}

static void find_position(struct diagnosis *diagnosis)
{
    const struct trace *trace = &diagnosis->trace;

    if (!diagnosis->has_trace)
        return;
    if (trace->frames.len)
        add_position(diagnosis, vec_at(&trace->frames, trace->frames.len - 1));
    else if (trace->stack.count || trace->has_pystack)
        finding_add(diagnosis, FINDING_FACT, "python", "no Python code is being executed");
    else
        finding_add(diagnosis, FINDING_UNKNOWN, "python",
                    "where Python stands: where the stack is, is not known");
}

// --- what waits ---

static void find_exception(struct diagnosis *diagnosis, const struct pending *pending)
{
    struct text value;

    if (!pending->has_exception || !pending->exception)
        return;
    text_init(&value, NULL);
    value_add_word(&diagnosis->session->objects, pending->exception, &value_short, &value);
    json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "exception",
                                  "an exception waits to be raised, and no bytecode has taken it: "
                                  "%s",
                                  value.bytes ? value.bytes : "");
    text_deinit(&value);
    evidence_address(diagnosis, finding, "mp_pending_exception", pending->exception_address);
}

static void find_callbacks(struct diagnosis *diagnosis, const struct pending *pending)
{
    bool is_full = pending->depth && pending->length >= pending->depth;
    json_t *finding;

    if (!pending->has_scheduler || (pending->state > 0 && !pending->length))
        return;
    if (pending->state < 0)
        finding = finding_add(diagnosis, is_full ? FINDING_TROUBLE : FINDING_FACT, "scheduler",
                              "the scheduler is locked%s",
                              is_full ? " and its queue is full: further callbacks are lost"
                                      : ": a callback, an interrupt or a finaliser runs");
    else
        finding = finding_add(diagnosis, is_full ? FINDING_TROUBLE : FINDING_FACT, "scheduler",
                              is_full ? "the scheduler's queue is full: further callbacks are lost"
                                      : "callbacks wait for the scheduler");
    evidence_address(diagnosis, finding, "sched_state", pending->state_address);
    evidence_count(finding, "its value", pending->state);
    if (pending->has_length)
        evidence_count(finding, "callbacks", (int64_t)pending->length);
    if (pending->depth)
        evidence_count(finding, "room for", (int64_t)pending->depth);
}

void diagnose_python(struct diagnosis *diagnosis)
{
    struct pending pending;

    pending_read(&diagnosis->session->objects, &pending);
    find_exception(diagnosis, &pending);
    find_callbacks(diagnosis, &pending);
    find_position(diagnosis);
}
