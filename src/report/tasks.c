// SPDX-License-Identifier: MIT
// The tasks of asyncio: where each stands, what it waits for, which runs next.
#include <inttypes.h>

#include "object/value.h"
#include "report/report.h"
#include "report/task_words.h"

struct tasks_options {
    bool has_all;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct tasks_options *options = state->input;

    (void)argument;
    if (key != 'a')
        return ARGP_ERR_UNKNOWN;
    options->has_all = true;
    return 0;
}

static const struct argp_option option_table[] = {
    {"all", 'a', NULL, 0, "Also done tasks that no module or frame leads to", 0}, {0}};

static const struct argp tasks_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// What has ended and waits for the collector is of no interest.
static bool is_listed(const struct task_listing *listing, const struct task *task)
{
    struct text name;

    text_init(&name, NULL);
    bool is_wanted = listing->has_all || !task_is_done(task) || task->position || task->problem ||
                     words_add_name(listing, task->address, &name);
    text_deinit(&name);
    return is_wanted;
}

// --- text ---

static void write_frame(const struct task_listing *listing, const struct await_frame *step,
                        struct text *text)
{
    if (step->frame.address) {
        text_puts(text, "    File \"");
        words_add_qstr(listing, step->frame.code.file, text);
        if (step->line)
            text_printf(text, "\", line %u, in ", step->line);
        else
            text_puts(text, "\", in ");
        words_add_qstr(listing, step->frame.code.name, text);
        text_putc(text, '\n');
    }
    if (step->problem) {
        text_puts(text, "    ");
        words_add_bad(step->problem, step->generator, text);
        text_putc(text, '\n');
    }
}

static void write_padded(struct text *text, const struct text *column, int width)
{
    text_printf(text, "%-*s  ", width, column->len ? column->bytes : "-");
}

static void write_task(const struct task_listing *listing, const struct task *task,
                       struct text *text)
{
    struct text name, coroutine, details;

    text_init(&name, NULL);
    text_init(&coroutine, NULL);
    text_init(&details, NULL);
    words_add_task(listing, task, &name);
    words_add_coroutine(listing, task, &coroutine);
    words_add_details(listing, task, &details);
    text_printf(text, "0x%08" PRIx64 "  %-13s  ", task->address, task_state_name(task->state));
    if (task->position)
        text_printf(text, "%5zu  ", task->position);
    else
        text_puts(text, "    -  ");
    write_padded(text, &coroutine, 16);
    write_padded(text, &name, 24);
    text_printf(text, "%s\n", details.len ? details.bytes : "-");
    for (size_t i = 0; !task_is_done(task) && i < task->chain.len; i++)
        write_frame(listing, vec_at(&task->chain, i), text);
    text_deinit(&details);
    text_deinit(&coroutine);
    text_deinit(&name);
}

static void write_counts(const struct task_listing *listing, struct text *text)
{
    const struct tasks *tasks = &listing->tasks;
    size_t counts[TASK_AWAITED + 1] = {0};
    const char *before = ": ";

    for (size_t i = 0; i < tasks->list.len; i++)
        counts[task_of(tasks, i)->state]++;
    text_printf(text, "%zu tasks", tasks->list.len);
    for (size_t i = 0; i <= TASK_AWAITED; i++)
        if (counts[i]) {
            text_printf(text, "%s%zu %s", before, counts[i], task_state_name((enum task_state)i));
            before = "; ";
        }
    if (listing->hidden)
        text_printf(text, "; %zu of the done ones, which nothing leads to, are not listed",
                    listing->hidden);
    text_putc(text, '\n');
}

static void write_text(const struct task_listing *listing, struct text *text)
{
    const struct tasks *tasks = &listing->tasks;

    if (!tasks->loop_count && !tasks->list.len) {
        text_puts(text, "asyncio is not loaded: there are no tasks\n");
        return;
    }
    if (tasks->has_now)
        text_printf(text, "ticks_ms() is %" PRId64 "\n", tasks->now);
    text_puts(text, "address     state          order  coroutine         "
                    "name                      details\n");
    for (size_t i = 0; i < tasks->list.len; i++)
        if (is_listed(listing, task_of(tasks, i)))
            write_task(listing, task_of(tasks, i), text);
    write_counts(listing, text);
}

// --- JSON ---

static json_t *text_json(struct text *text)
{
    json_t *json = text->len ? json_text(text->bytes) : json_null();

    text_deinit(text);
    return json;
}

static json_t *qstr_json(const struct task_listing *listing, uint64_t id)
{
    struct text text;

    text_init(&text, NULL);
    if (id)
        value_add_qstr(listing->objects, id, &text);
    return text_json(&text);
}

static json_t *line_json(unsigned line)
{
    return line ? json_integer(line) : json_null();
}

static json_t *frame_json(const struct task_listing *listing, const struct await_frame *step)
{
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:o}", "function", qstr_json(listing, step->frame.code.name),
                  "file", qstr_json(listing, step->frame.code.file), "line", line_json(step->line),
                  "generator_address", json_address(step->generator));

    if (step->problem)
        json_object_set_new(json, "problem", json_string(step->problem));
    return json;
}

static json_t *chain_json(const struct task_listing *listing, const struct task *task)
{
    json_t *chain = json_array();

    for (size_t i = 0; i < task->chain.len; i++)
        json_array_append_new(chain, frame_json(listing, vec_at(&task->chain, i)));
    return chain;
}

static json_t *words_json(const struct task_listing *listing, const struct task *task,
                          void (*add)(const struct task_listing *, const struct task *,
                                      struct text *))
{
    struct text text;

    text_init(&text, NULL);
    add(listing, task, &text);
    return text_json(&text);
}

static void add_data(const struct task_listing *listing, const struct task *task, struct text *text)
{
    value_add_word(listing->objects, task->data, &value_short, text);
}

static json_t *gathered_json(const struct task_listing *listing, const struct task *gatherer)
{
    json_t *array = json_array();

    for (size_t i = 0; i < listing->tasks.list.len; i++) {
        const struct task *task = task_of(&listing->tasks, i);

        if (task->gatherer == gatherer->address)
            json_array_append_new(array,
                                  json_pack("{s:o}", "address", json_address(task->address)));
    }
    return array;
}

static void set_wait(const struct task_listing *listing, const struct task *task, json_t *json)
{
    if (task->state != TASK_WAITING)
        return;
    json_object_set_new(json, "waits_on", words_json(listing, task, words_add_wait));
    if (task->wait.address)
        json_object_set_new(json, "waits_on_address", json_address(task->wait.address));
    if (task->wait.kind == WAIT_GATHER)
        json_object_set_new(json, "gathered", gathered_json(listing, task));
}

static void set_place_in_queue(const struct task_listing *listing, const struct task *task,
                               json_t *json)
{
    const struct tasks *tasks = &listing->tasks;

    if (!task->position)
        return;
    json_object_set_new(json, "queue_position", json_integer((json_int_t)task->position));
    if (!task->has_wake)
        return;
    json_object_set_new(json, "wake_ticks_ms", json_integer(task->wake));
    if (tasks->has_now)
        json_object_set_new(json, "wake_in_ms",
                            json_integer(task_wakes_after(listing, task, tasks->now)));
}

static json_t *task_json(const struct task_listing *listing, const struct task *task)
{
    const struct await_frame *innermost = task_innermost(task);
    struct text name;

    text_init(&name, NULL);
    words_add_task(listing, task, &name);
    json_t *json = json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:n, s:o}", "address", json_address(task->address), "state",
        task_state_name(task->state), "name", text_json(&name), "coroutine",
        words_json(listing, task, words_add_coroutine), "file",
        innermost ? qstr_json(listing, innermost->frame.code.file) : json_null(), "line",
        line_json(innermost ? innermost->line : 0), "waits_on", "chain", chain_json(listing, task));
    set_wait(listing, task, json);
    set_place_in_queue(listing, task, json);
    if (task_is_done(task))
        json_object_set_new(json, "result", words_json(listing, task, add_data));
    else if (task_has_pending(listing, task))
        json_object_set_new(json, "pending", words_json(listing, task, add_data));
    if (task->problem)
        json_object_set_new(json, "problem", json_string(task->problem));
    return json;
}

static json_t *document(const struct task_listing *listing)
{
    const struct tasks *tasks = &listing->tasks;
    json_t *list = json_array();
    json_t *json = json_pack("{s:o, s:b, s:I}", "tasks", list, "is_loaded",
                             tasks->loop_count || tasks->list.len, "hidden_count",
                             (json_int_t)listing->hidden);

    for (size_t i = 0; i < tasks->list.len; i++)
        if (is_listed(listing, task_of(tasks, i)))
            json_array_append_new(list, task_json(listing, task_of(tasks, i)));
    for (size_t i = tasks->loop_count; i-- > 0;)
        if (tasks->loops[i].current)
            json_object_set_new(json, "current_task_address",
                                json_address(tasks->loops[i].current));
    if (tasks->has_now)
        json_object_set_new(json, "ticks_ms", json_integer(tasks->now));
    return json;
}

// --- all of it ---

static void note_loops(const struct tasks *tasks, struct output *output)
{
    if (!tasks->loop_count && tasks->list.len)
        notes_add(&output->notes,
                  "tasks: no module asyncio.core was found: which of them run is not known");
    for (size_t i = 0; i < tasks->loop_count; i++)
        if (tasks->loops[i].problem)
            notes_add(&output->notes,
                      "tasks: the run queue of %s: <bad: %s at 0x%" PRIx64
                      ">: tasks behind that seem idle",
                      tasks->loops[i].module, tasks->loops[i].problem,
                      tasks->loops[i].problem_address);
}

static int list(struct task_listing *listing, struct output *output, struct mph_err *err)
{
    for (size_t i = 0; i < listing->tasks.list.len; i++)
        listing->hidden += !is_listed(listing, task_of(&listing->tasks, i));
    note_loops(&listing->tasks, output);
    if (output->is_json)
        return output_json(output, document(listing), err);
    write_text(listing, output->text);
    return 0;
}

static int run_tasks(struct session *session, const void *raw_options, struct output *output,
                     struct mph_err *err)
{
    const struct tasks_options *options = raw_options;
    struct task_listing listing;
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = task_listing_init(&listing, &session->objects, err);
    if (rc < 0)
        return rc;
    listing.has_all = options->has_all;
    report_common_notes(session, output);
    rc = list(&listing, output, err);
    task_listing_deinit(&listing);
    return rc;
}

const struct report report_tasks = {
    .name = "tasks",
    .summary = "the tasks of asyncio: state, where each stands, what it waits for",
    .help = "One line a task, and below it the chain of coroutines that it awaits, innermost last. "
            "Tasks that are ready or sleep have the order in which the loop will run them; times "
            "are those of time.ticks_ms().",
    .argp = &tasks_argp,
    .options_size = sizeof(struct tasks_options),
    .run = run_tasks,
};
