// SPDX-License-Identifier: MIT
// The traceback of the Python code that a board executes.
#include <inttypes.h>
#include <string.h>

#include "cpu/isa.h"
#include "report/bt_frame.h"
#include "report/bt_threads.h"
#include "report/interleave.h"
#include "report/place.h"
#include "report/report.h"
#include "vm/threads.h"
#include "vm/trace.h"

struct bt_options {
    bool has_locals, has_native, has_threads;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bt_options *options = state->input;

    (void)argument;
    if (key == 'l')
        options->has_locals = true;
    else if (key == 'n')
        options->has_native = true;
    else if (key == 't')
        options->has_threads = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option option_table[] = {
    {"locals", 'l', NULL, 0, "Each frame's arguments and local variables, too", 0},
    {"native", 'n', NULL, 0, "The C frames in between, too; in GDB, whose unwinder finds them", 0},
    {"threads", 't', NULL, 0, "Every thread's traceback", 0},
    {0}};

static const char *check_options(const void *raw_options)
{
    const struct bt_options *options = raw_options;

    return options->has_native && options->has_threads
               ? "--native and --threads: C frames are those of one thread"
               : NULL;
}

static const struct argp bt_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

struct backtrace {
    const struct session *session;
    const struct objects *objects;
    const struct bt_options *options;
    struct trace trace;
    struct native_stack native; // with --native
    struct interleaving order;  // likewise
    bool is_running;
};

// One line after the other; without --native those of the Python frames.
static size_t line_count(const struct backtrace *backtrace)
{
    return backtrace->options->has_native ? backtrace->order.lines.len
                                          : backtrace->trace.frames.len;
}

static struct interleaved line_at(const struct backtrace *backtrace, size_t index)
{
    if (backtrace->options->has_native)
        return *(const struct interleaved *)vec_at(&backtrace->order.lines, index);
    return (struct interleaved){vec_at(&backtrace->trace.frames, index), NO_LEVEL};
}

// --- text ---

static void add_address(const struct backtrace *backtrace, uint64_t address, struct text *text)
{
    text_printf(text, "0x%0*" PRIx64, (int)backtrace->objects->word * 2, address);
}

static void write_native(const struct backtrace *backtrace, int level, struct text *text)
{
    const struct native_frame *frame = native_frame_at(&backtrace->native, (size_t)level);
    const char *function = frame->function ? frame->function : "??";

    text_puts(text, "  [C] ");
    text_escaped(text, function, strlen(function));
    text_puts(text, *function == '<' ? "" : " ()"); // <signal handler called>
    if (frame->file && frame->line) {
        text_puts(text, " at ");
        text_escaped(text, frame->file, strlen(frame->file));
        text_printf(text, ":%u", frame->line);
    } else if (*function != '<') {
        text_puts(text, " (");
        add_address(backtrace, frame->pc, text);
        text_putc(text, ')');
    }
    text_putc(text, '\n');
}

// --- where the processor stands ---

static bool find_pc(const struct backtrace *backtrace, uint64_t *ret)
{
    return !backtrace->is_running && isa_pc(&backtrace->session->target, ret);
}

static void write_pc(const struct backtrace *backtrace, struct text *text)
{
    uint64_t pc;

    if (!backtrace->options->has_native && find_pc(backtrace, &pc))
        bt_write_pc(backtrace->session, pc, text);
}

static bool is_stack_known(const struct backtrace *backtrace)
{
    return backtrace->trace.stack.count || backtrace->trace.has_pystack;
}

static void write_text(const struct backtrace *backtrace, struct text *text)
{
    size_t count = backtrace->is_running ? 0 : line_count(backtrace);

    if (backtrace->is_running)
        text_puts(text, "The target runs: there is no traceback but of a halted one "
                        "(--halt stops it for the read).\n");
    else if (!is_stack_known(backtrace))
        text_puts(text, "No traceback: where the stack is, is not known.\n");
    else if (!backtrace->trace.frames.len)
        text_puts(text, "No Python code is being executed.\n");
    if (count)
        text_puts(text, "Traceback (most recent call last):\n");
    for (size_t i = 0; i < count; i++) {
        struct interleaved line = line_at(backtrace, i);

        if (line.python)
            bt_write_frame(backtrace->objects, line.python, backtrace->options->has_locals, text);
        else
            write_native(backtrace, line.level, text);
    }
    write_pc(backtrace, text);
}

// --- JSON ---

static json_t *native_json(const struct backtrace *backtrace, int level)
{
    const struct native_frame *frame = native_frame_at(&backtrace->native, (size_t)level);
    json_t *document =
        json_pack("{s:s, s:o}", "kind", "native", "address", json_address(frame->pc));

    if (frame->sp)
        json_object_set_new(document, "stack_address", json_address(frame->sp));
    if (frame->function)
        json_object_set_new(document, "function", json_text(frame->function));
    if (frame->file)
        json_object_set_new(document, "file", json_text(frame->file));
    if (frame->line)
        json_object_set_new(document, "line", json_integer(frame->line));
    return document;
}

static json_t *line_json(const struct backtrace *backtrace, size_t index)
{
    struct interleaved line = line_at(backtrace, index);
    json_t *document =
        line.python ? bt_frame_json(backtrace->objects, line.python, backtrace->options->has_locals)
                    : native_json(backtrace, line.level);

    if (line.level != NO_LEVEL)
        json_object_set_new(document, "level", json_integer(line.level));
    return document;
}

static void add_pc_json(const struct backtrace *backtrace, json_t *document)
{
    uint64_t pc;

    if (!find_pc(backtrace, &pc))
        return;
    json_t *processor = json_pack("{s:o}", "address", json_address(pc));
    place_set(backtrace->session, pc, processor);
    json_object_set_new(document, "processor", processor);
}

static json_t *backtrace_json(const struct backtrace *backtrace)
{
    const struct stack *stack = &backtrace->trace.stack;
    json_t *frames = json_array();

    for (size_t i = 0; !backtrace->is_running && i < line_count(backtrace); i++)
        json_array_append_new(frames, line_json(backtrace, i));
    json_t *document =
        json_pack("{s:b, s:o}", "is_running", backtrace->is_running, "frames", frames);
    if (document && stack->count)
        json_object_set_new(document, "stack_bytes",
                            json_integer((json_int_t)(stack->end - stack->start)));
    if (document)
        add_pc_json(backtrace, document);
    return document;
}

// --- the report ---

static void add_notes(struct session *session, const struct backtrace *backtrace,
                      struct output *output)
{
    const struct stack *stack = &backtrace->trace.stack;

    report_common_notes(session, output);
    if (backtrace->is_running)
        return;
    if (!is_stack_known(backtrace))
        notes_add(&output->notes, "stack: neither stack_top nor the exception buffers were found, "
                                  "or no stack pointer (--elf, --reg sp=VALUE may help)");
    else if (stack->is_elsewhere && !backtrace->trace.is_other_thread)
        notes_add(&output->notes, "stack: the stack pointer is not on the main thread's stack: "
                                  "Python stands where that thread was left");
    else if (!stack->has_sp && !backtrace->trace.has_pystack)
        notes_add(&output->notes,
                  "stack: no stack pointer: a frame that starts or handles an exception is "
                  "missing (--reg sp=VALUE says where the stack ends)");
    if (stack->is_chain_cut)
        notes_add(&output->notes, "stack: the chain of exception buffers is damaged");
    if (backtrace->trace.is_cut)
        notes_add(&output->notes, "stack: too many frames: some were not looked at");
}

static void add_thread_note(const struct backtrace *backtrace, struct output *output)
{
    const char *whose = backtrace->trace.is_other_thread ? "of the thread that the stack pointer "
                                                           "belongs to, which is not the main one"
                                                         : "of the main thread";
    unsigned others;

    if (backtrace->is_running || backtrace->options->has_threads)
        return;
    if (threads_count_others(backtrace->objects, &others) && others)
        notes_add(&output->notes, "threads: %u beside the main thread; the frames are those %s",
                  others, whose);
    else if (backtrace->trace.is_other_thread)
        notes_add(&output->notes, "threads: the frames are those %s", whose);
}

static void add_native_notes(const struct backtrace *backtrace, struct output *output)
{
    if (!backtrace->options->has_native || backtrace->is_running)
        return;
    if (backtrace->native.end)
        notes_add(&output->notes, "native: the C frames end early: %s", backtrace->native.end);
    if (backtrace->trace.stack.is_elsewhere && !backtrace->trace.is_other_thread)
        notes_add(&output->notes, "native: the C frames are not those of the main thread, which "
                                  "the Python frames are of");
    if (backtrace->order.is_uncertain)
        notes_add(&output->notes, "native: which C frame executes which Python frame is not "
                                  "known: they are listed one after the other");
}

static int load_frames(struct session *session, struct backtrace *backtrace, struct mph_err *err)
{
    bool has_native = backtrace->options->has_native;
    int rc = has_native ? native_stack_load(session->unwinder, &backtrace->native, err) : 0;

    if (rc == 0)
        rc = session_open_objects(session, err);
    if (rc == 0)
        rc = trace_make(&session->objects, &backtrace->trace, err);
    if (rc == 0 && has_native)
        rc = interleave(&backtrace->trace, &backtrace->native, &backtrace->order, err);
    return rc;
}

// The other threads' tracebacks stand before that of the thread that the processor is in.
static int write(const struct backtrace *backtrace, struct output *output, struct mph_err *err)
{
    bool has_others = backtrace->options->has_threads && !backtrace->is_running;
    struct bt_threads threads;
    int rc = 0;

    if (has_others)
        rc = bt_threads_load(&threads, backtrace->session, backtrace->options->has_locals, err);
    if (rc < 0)
        return rc;
    if (has_others)
        bt_threads_note(&threads, output);
    json_t *document = output->is_json ? backtrace_json(backtrace) : NULL;
    if (has_others && document)
        json_object_set_new(document, "threads", bt_threads_json(&threads));
    else if (has_others)
        bt_threads_write(&threads, output->text);
    if (!output->is_json)
        write_text(backtrace, output->text);
    if (has_others)
        bt_threads_deinit(&threads);
    return output->is_json ? output_json(output, document, err) : 0;
}

static void backtrace_deinit(struct backtrace *backtrace)
{
    interleaving_deinit(&backtrace->order);
    native_stack_deinit(&backtrace->native);
    trace_deinit(&backtrace->trace);
}

static int run_bt(struct session *session, const void *raw_options, struct output *output,
                  struct mph_err *err)
{
    struct backtrace backtrace = {.session = session,
                                  .objects = &session->objects,
                                  .options = raw_options,
                                  .is_running = session->target.state == RUN_RUNNING};
    int rc = backtrace.is_running ? 0 : load_frames(session, &backtrace, err);

    if (rc == 0) {
        add_notes(session, &backtrace, output);
        add_thread_note(&backtrace, output);
        add_native_notes(&backtrace, output);
        rc = write(&backtrace, output, err);
    }
    backtrace_deinit(&backtrace);
    return rc;
}

const struct report report_bt = {
    .name = "bt",
    .summary = "the traceback of the Python code that is being executed",
    .help = "File, line and function of each frame, the innermost last, as Python prints a "
            "traceback, and where the processor stands. The target must stand still, or be a dump. "
            "Registers make it complete, but most of it is found without.",
    .argp = &bt_argp,
    .options_size = sizeof(struct bt_options),
    .check = check_options,
    .run = run_bt,
};
