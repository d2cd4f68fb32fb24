// SPDX-License-Identifier: MIT
// The traceback of the Python code that a board executes.
#include <inttypes.h>
#include <string.h>

#include "object/value.h"
#include "report/report.h"
#include "vm/coroutine.h"
#include "vm/locals.h"
#include "vm/trace.h"

struct bt_options {
    bool has_locals;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct bt_options *options = state->input;

    (void)argument;
    if (key != 'l')
        return ARGP_ERR_UNKNOWN;
    options->has_locals = true;
    return 0;
}

static const struct argp_option option_table[] = {
    {"locals", 'l', NULL, 0, "Each frame's arguments and local variables, too", 0}, {0}};

static const struct argp bt_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

struct backtrace {
    const struct objects *objects;
    const struct bt_options *options;
    struct trace trace;
    bool is_running;
};

static const struct trace_frame *frame_at(const struct backtrace *backtrace, size_t index)
{
    return vec_at(&backtrace->trace.frames, index);
}

// --- one frame ---

static void add_name(const struct backtrace *backtrace, uint64_t id, struct text *text)
{
    if (id)
        value_add_qstr(backtrace->objects, id, text);
    else
        text_puts(text, "?");
}

// Code on the first line alone has an empty table, and so has code without lines; what
// was typed or given as text has them always.
static bool find_line(const struct backtrace *backtrace, const struct frame *frame, unsigned *ret)
{
    const struct code *code = &frame->code;
    char file[QSTR_TEXT_MAX + 1];
    uint8_t first = 0;

    if (code_line(backtrace->objects->target, code, frame->ip, ret, NULL) < 0)
        return false;
    if (code->lines < code->lines_end &&
        (code->form == PRELUDE_V2 ||
         (objects_read(backtrace->objects, code->lines, &first, 1) && first)))
        return true;
    return qstr_text(&backtrace->objects->layout->qstrs, backtrace->objects->target,
                     backtrace->objects->word, code->file, file, NULL) == 0 &&
           *file == '<';
}

// --- arguments and locals ---

// Local `index` by name; up to arg_count the code has them. Closures get the cells of
// enclosing functions as arguments named "*".
static void add_local_name(const struct backtrace *backtrace, const struct code *code,
                           unsigned index, struct text *text)
{
    unsigned varargs = code->arg_count, varkeywords = varargs + code->has_varargs;
    struct text name;

    text_init(&name, NULL);
    if (index < varargs && index < CODE_ARGS_MAX && code->args[index])
        value_add_qstr(backtrace->objects, code->args[index], &name);
    if (name.len && strcmp(name.bytes, "*") != 0)
        text_puts(text, name.bytes);
    else if (name.len)
        text_printf(text, "enclosing %u", index);
    else if (index < varargs)
        text_printf(text, "argument %u", index);
    else if (code->has_varargs && index == varargs)
        text_puts(text, "*");
    else if (code->has_varkeywords && index == varkeywords)
        text_puts(text, "**");
    else
        text_printf(text, "local %u", index);
    text_deinit(&name);
}

// Arguments come first; what was not assigned, or deleted, is null.
static bool is_argument(const struct code *code, unsigned index)
{
    return index < code->arg_count + code->has_varargs + code->has_varkeywords;
}

static bool add_local_value(const struct backtrace *backtrace, const struct frame *frame,
                            unsigned index, struct text *text)
{
    uint64_t value;

    if (!frame_local(backtrace->objects, frame, index, &value) || !value)
        return false;
    value_add_word(backtrace->objects, value, &value_short, text);
    return true;
}

static void write_locals(const struct backtrace *backtrace, const struct frame *frame,
                         struct text *text)
{
    unsigned count = locals_count(backtrace->objects, frame);

    for (unsigned i = 0; i < count; i++) {
        struct text value;

        text_init(&value, NULL);
        if (add_local_value(backtrace, frame, i, &value)) {
            text_puts(text, "    ");
            add_local_name(backtrace, &frame->code, i, text);
            text_printf(text, " = %s\n", value.bytes ? value.bytes : "");
        }
        text_deinit(&value);
    }
}

static json_t *local_json(const struct backtrace *backtrace, const struct frame *frame,
                          unsigned index)
{
    struct text name, value;
    json_t *local = NULL;

    text_init(&name, NULL);
    text_init(&value, NULL);
    if (add_local_value(backtrace, frame, index, &value)) {
        add_local_name(backtrace, &frame->code, index, &name);
        local = json_pack("{s:o, s:o}", "name", json_text(name.bytes ? name.bytes : ""), "value",
                          json_text(value.bytes ? value.bytes : ""));
    }
    text_deinit(&value);
    text_deinit(&name);
    return local;
}

static void add_locals_json(const struct backtrace *backtrace, const struct frame *frame,
                            json_t *document)
{
    unsigned count = locals_count(backtrace->objects, frame);
    json_t *arguments = json_array(), *locals = json_array();

    for (unsigned i = 0; i < count; i++) {
        json_t *local = local_json(backtrace, frame, i);

        if (local)
            json_array_append_new(is_argument(&frame->code, i) ? arguments : locals, local);
    }
    json_object_set_new(document, "arguments", arguments);
    json_object_set_new(document, "locals", locals);
}

// --- text ---

static void write_frame(const struct backtrace *backtrace, size_t index, struct text *text)
{
    const struct trace_frame *at = frame_at(backtrace, index);
    unsigned line;

    text_puts(text, "  File \"");
    add_name(backtrace, at->frame.code.file, text);
    text_putc(text, '"');
    if (find_line(backtrace, &at->frame, &line))
        text_printf(text, ", line %u", line);
    text_puts(text, ", in ");
    add_name(backtrace, at->frame.code.name, text);
    if (at->frame.code.is_native)
        text_puts(text, "  (machine code)");
    if (at->doubt)
        text_printf(text, "  (uncertain: %s)", at->doubt);
    text_putc(text, '\n');
    if (backtrace->options->has_locals)
        write_locals(backtrace, &at->frame, text);
}

static bool is_stack_known(const struct backtrace *backtrace)
{
    return backtrace->trace.stack.count || backtrace->trace.has_pystack;
}

static void write_text(const struct backtrace *backtrace, struct text *text)
{
    size_t count = backtrace->trace.frames.len;

    if (backtrace->is_running)
        text_puts(text, "The target runs: there is no traceback but of a halted one "
                        "(--halt stops it for the read).\n");
    else if (!is_stack_known(backtrace))
        text_puts(text, "No traceback: where the stack is, is not known.\n");
    else if (!count)
        text_puts(text, "No Python code is being executed.\n");
    else
        text_puts(text, "Traceback (most recent call last):\n");
    for (size_t i = 0; i < count; i++)
        write_frame(backtrace, i, text);
}

// --- JSON ---

static void set_name(const struct backtrace *backtrace, json_t *document, const char *key,
                     uint64_t id)
{
    struct text text;

    text_init(&text, NULL);
    if (id)
        value_add_qstr(backtrace->objects, id, &text);
    if (text.len)
        json_object_set_new(document, key, json_text(text.bytes));
    text_deinit(&text);
}

static json_t *frame_json(const struct backtrace *backtrace, size_t index)
{
    const struct trace_frame *at = frame_at(backtrace, index);
    const struct frame *frame = &at->frame;
    json_t *document =
        json_pack("{s:o, s:s, s:b}", "frame_address", json_address(frame->address), "place",
                  trace_place_name(at->place), "is_native", frame->code.is_native);
    unsigned line;

    set_name(backtrace, document, "file", frame->code.file);
    if (find_line(backtrace, frame, &line))
        json_object_set_new(document, "line", json_integer(line));
    set_name(backtrace, document, "function", frame->code.name);
    if (frame->ip)
        json_object_set_new(document, "opcode_address", json_address(frame->ip));
    if (at->doubt)
        json_object_set_new(document, "uncertain", json_string(at->doubt));
    if (backtrace->options->has_locals)
        add_locals_json(backtrace, frame, document);
    return document;
}

static json_t *backtrace_json(const struct backtrace *backtrace)
{
    const struct stack *stack = &backtrace->trace.stack;
    json_t *frames = json_array();

    for (size_t i = 0; i < backtrace->trace.frames.len; i++)
        json_array_append_new(frames, frame_json(backtrace, i));
    json_t *document =
        json_pack("{s:b, s:o}", "is_running", backtrace->is_running, "frames", frames);
    if (document && stack->count)
        json_object_set_new(document, "stack_bytes",
                            json_integer((json_int_t)(stack->end - stack->start)));
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
    else if (stack->is_elsewhere)
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

static int run_bt(struct session *session, const void *raw_options, struct output *output,
                  struct mph_err *err)
{
    struct backtrace backtrace = {.objects = &session->objects,
                                  .options = raw_options,
                                  .is_running = session->target.state == RUN_RUNNING};
    int rc = backtrace.is_running ? 0 : session_open_objects(session, err);

    if (rc == 0 && !backtrace.is_running)
        rc = trace_make(&session->objects, &backtrace.trace, err);
    if (rc < 0)
        return rc;
    add_notes(session, &backtrace, output);
    if (output->is_json)
        rc = output_json(output, backtrace_json(&backtrace), err);
    else
        write_text(&backtrace, output->text);
    if (!backtrace.is_running)
        trace_deinit(&backtrace.trace);
    return rc;
}

const struct report report_bt = {
    .name = "bt",
    .summary = "the traceback of the Python code that is being executed",
    .help = "File, line and function of each frame, the innermost last, as Python prints a "
            "traceback. The target must stand still, or be a dump. Registers make it complete, "
            "but most of it is found without.",
    .argp = &bt_argp,
    .options_size = sizeof(struct bt_options),
    .run = run_bt,
};
