// SPDX-License-Identifier: MIT
#include "report/bt_threads.h"

#include <stdlib.h>

#include "report/bt_frame.h"

// --- loading ---

static const struct thread *thread_at(const struct bt_threads *list, size_t index)
{
    return threads_at(&list->threads, index);
}

// That of the current one, or of the main one where none is, is shown by itself.
static bool is_shown(const struct bt_threads *list, size_t index)
{
    const struct thread *current = threads_current(&list->threads);

    return thread_at(list, index) != (current ? current : threads_main(&list->threads));
}

int bt_threads_load(struct bt_threads *ret, const struct session *session, bool has_locals,
                    struct mph_err *err)
{
    *ret = (struct bt_threads){.session = session, .has_locals = has_locals};
    int rc = threads_load(&session->objects, &ret->threads, err);

    if (rc < 0)
        return rc;
    ret->traces = calloc(ret->threads.list.len + 1, sizeof *ret->traces);
    if (!ret->traces)
        rc = mph_fail_no_memory(err);
    for (size_t i = 0; rc == 0 && i < ret->threads.list.len; i++)
        if (is_shown(ret, i))
            rc = trace_make_thread(&session->objects, thread_at(ret, i), &ret->traces[i], err);
    if (rc < 0)
        bt_threads_deinit(ret);
    return rc;
}

void bt_threads_deinit(struct bt_threads *list)
{
    for (size_t i = 0; list->traces && i < list->threads.list.len; i++)
        trace_deinit(&list->traces[i]);
    free(list->traces);
    threads_deinit(&list->threads);
    *list = (struct bt_threads){0};
}

// --- text ---

static void write_heading(const struct thread *thread, struct text *text)
{
    struct text name;

    text_init(&name, NULL);
    thread_add_name(thread, &name);
    if (name.len)
        name.bytes[0] = 'T'; // "thread" and "the" begin alike
    text_printf(text, "%s%s:\n", name.len ? name.bytes : "",
                thread->is_current ? ", which the processor is in" : "");
    text_deinit(&name);
}

static void write_frames(const struct bt_threads *list, size_t index, struct text *text)
{
    const struct trace *trace = &list->traces[index];

    if (!trace->stack.count)
        text_puts(text, thread_at(list, index)->is_running
                            ? "No traceback: where the stack is, is not known.\n"
                            : "It has not begun, or has ended.\n");
    else if (!trace->frames.len)
        text_puts(text, "No Python code is being executed.\n");
    else
        text_puts(text, "Traceback (most recent call last):\n");
    for (size_t i = 0; i < trace->frames.len; i++)
        bt_write_frame(&list->session->objects, vec_at(&trace->frames, i), list->has_locals, text);
}

void bt_threads_write(const struct bt_threads *list, struct text *text)
{
    const struct thread *current = NULL;

    for (size_t i = list->threads.list.len; i-- > 0;) {
        const struct thread *thread = thread_at(list, i);
        uint64_t pc;

        if (!is_shown(list, i)) {
            current = thread;
            continue;
        }
        write_heading(thread, text);
        write_frames(list, i, text);
        if (thread->regs && regs_pc(thread->regs, &pc))
            bt_write_pc(list->session, pc, text);
        text_putc(text, '\n');
    }
    if (current)
        write_heading(current, text);
}

// --- JSON ---

static json_t *thread_json(const struct bt_threads *list, size_t index)
{
    const struct thread *thread = thread_at(list, index);
    const struct trace *trace = &list->traces[index];
    json_t *document = json_pack("{s:I, s:b, s:b}", "ident", (json_int_t)thread->id, "is_main",
                                 thread->is_main, "is_current", thread->is_current);
    uint64_t pc;

    if (document && is_shown(list, index)) {
        json_t *frames = json_array();

        for (size_t i = 0; i < trace->frames.len; i++)
            json_array_append_new(frames,
                                  bt_frame_json(&list->session->objects, vec_at(&trace->frames, i),
                                                list->has_locals));
        json_object_set_new(document, "frames", frames);
    }
    if (document && thread->regs && regs_pc(thread->regs, &pc))
        json_object_set_new(document, "pc_address", json_address(pc));
    return document;
}

json_t *bt_threads_json(const struct bt_threads *list)
{
    json_t *threads = json_array();

    for (size_t i = list->threads.list.len; i-- > 0;)
        json_array_append_new(threads, thread_json(list, i));
    return threads;
}

// --- notes ---

void bt_threads_note(const struct bt_threads *list, struct output *output)
{
    if (list->threads.problem)
        notes_add(&output->notes, "threads: %s", list->threads.problem);
    else if (list->threads.port == THREADS_NONE)
        notes_add(&output->notes, "threads: this firmware has no list of them that is known: "
                                  "there is one traceback");
}
