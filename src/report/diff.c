// SPDX-License-Identifier: MIT
// What changed between two moments.
#include "report/diff.h"

#include <stdlib.h>

#include "base/parse.h"
#include "report/before.h"

enum { TOP_DEFAULT = 10 };

struct diff_options {
    const char *problem;
    const char *files[2];
    uint64_t top;
    bool has_top;
    bool is_live;
    double seconds;
};

static bool parse_seconds(const char *argument, double *ret)
{
    char *end;

    *ret = strtod(argument, &end);
    return end != argument && !*end && *ret > 0 && *ret < 1e6;
}

static error_t parse_file(char *argument, struct diff_options *options)
{
    for (int side = BEFORE; side <= AFTER; side++)
        if (!options->files[side]) {
            options->files[side] = argument;
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct diff_options *options = state->input;

    switch (key) {
    case 'n':
        options->has_top = true;
        if (!parse_uint(argument, &options->top))
            options->problem = "--top: not a number";
        return 0;
    case 'l':
        options->is_live = true;
        if (!parse_seconds(argument, &options->seconds))
            options->problem = "--live: not a number of seconds";
        return 0;
    case ARGP_KEY_ARG:
        return parse_file(argument, options);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *check_options(const void *raw_options)
{
    const struct diff_options *options = raw_options;

    if (options->problem)
        return options->problem;
    if (options->is_live)
        return options->files[BEFORE] ? "--live takes both moments from the target, not from files"
                                      : NULL;
    return options->files[AFTER] ? NULL : "two are compared: A B, or --live SECONDS";
}

static bool get_moments(const void *raw_options, struct moments *ret)
{
    const struct diff_options *options = raw_options;

    *ret = (struct moments){options->files[BEFORE], options->files[AFTER], options->seconds};
    return true;
}

static const struct argp_option option_table[] = {
    {"live", 'l', "SECONDS", 0, "Look at a running target twice, so long apart, and not at files",
     0},
    {"top", 'n', "N", 0,
     "The N that grew most, and that shrank most (10); the others are summed up", 0},
    {0}};

static const struct argp diff_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- who is who ---

// A module outside the heap is no thing: it is looked for among all names.
static uint32_t find_name(const struct inventory *inventory, uint64_t address)
{
    for (size_t i = 1; i < inventory->names.len; i++)
        if (inventory_name(inventory, i)->address == address)
            return (uint32_t)i;
    return 0;
}

bool diff_holder_name(const struct diff_report *report, const struct diff_holder *holder,
                      struct text *text)
{
    const struct inventory *after = report->diff->moments[AFTER];
    uint32_t name = 0;

    if (holder->thing[AFTER] != DIFF_NONE)
        name = inventory_thing(after, holder->thing[AFTER])->name;
    else if (holder->is_outside)
        name = find_name(after, holder->address);
    if (name)
        names_add_place(report->names, name, text);
    return name;
}

const char *diff_holder_type(const struct diff *diff, const struct diff_holder *holder)
{
    for (int side = AFTER; side >= BEFORE; side--)
        if (holder->thing[side] != DIFF_NONE) {
            const struct inventory *inventory = diff->moments[side];

            return inventory_type(inventory, inventory_thing(inventory, holder->thing[side])->type)
                ->name;
        }
    return NULL;
}

uint64_t diff_object_count(const struct inventory *inventory)
{
    uint64_t count = 0;

    for (size_t i = 0; i < inventory->things.len; i++)
        count += !inventory_thing(inventory, i)->is_block;
    return count;
}

int64_t diff_holders_change(const struct diff *diff, size_t first, size_t last)
{
    int64_t change = 0;

    for (size_t i = first; i < last; i++)
        change += diff_holder_change(diff_holder(diff, i));
    return change;
}

// --- JSON ---

static json_t *moment_json(const struct inventory *inventory)
{
    const struct free_runs *runs = &inventory->runs;
    json_t *document = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "pool_bytes",
                                 (json_int_t)inventory->numbers.total_bytes, "used_bytes",
                                 (json_int_t)inventory->numbers.used_bytes, "objects",
                                 (json_int_t)diff_object_count(inventory), "free_bytes",
                                 (json_int_t)inventory->numbers.free_bytes, "largest_run_bytes",
                                 (json_int_t)runs->largest_bytes, "runs", (json_int_t)runs->runs,
                                 "fragmentation", free_runs_fragmentation(runs));

    if (document && runs->runs)
        json_object_set_new(document, "largest_run_address", json_address(runs->largest_address));
    return document;
}

static json_t *type_json(const struct diff_type *row)
{
    json_t *document = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "type", json_text(row->type->name),
        "change", (json_int_t)diff_type_change(row), "before_count", (json_int_t)row->count[BEFORE],
        "after_count", (json_int_t)row->count[AFTER], "before_bytes",
        (json_int_t)row->bytes[BEFORE], "after_bytes", (json_int_t)row->bytes[AFTER], "new_count",
        (json_int_t)row->new_count, "gone_count", (json_int_t)row->gone_count, "grown_count",
        (json_int_t)row->grown_count, "shrunk_count", (json_int_t)row->shrunk_count);

    if (document && row->type->class)
        json_object_set_new(document, "class_address", json_address(row->type->class));
    return document;
}

static void set_thing(const struct diff *diff, const struct diff_holder *holder, json_t *document)
{
    static const char *const lengths[] = {"before_length", "after_length"};
    const char *type = diff_holder_type(diff, holder);

    if (holder->address)
        json_object_set_new(document, "address", json_address(holder->address));
    if (type)
        json_object_set_new(document, "type", json_text(type));
    if (type)
        json_object_set_new(document, "is_new", json_boolean(holder->thing[BEFORE] == DIFF_NONE));
    for (int side = BEFORE; side <= AFTER; side++) {
        const struct thing *thing = holder->thing[side] == DIFF_NONE
                                        ? NULL
                                        : inventory_thing(diff->moments[side], holder->thing[side]);

        if (thing && thing->has_length)
            json_object_set_new(document, lengths[side], json_integer((json_int_t)thing->length));
    }
}

static json_t *parts_json(const struct diff_holder *holder)
{
    json_t *list = json_array();

    for (size_t i = 0; i < DIFF_PARTS && holder->parts[i].count; i++)
        json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "type",
                                              json_text(holder->parts[i].type->name), "count",
                                              (json_int_t)holder->parts[i].count, "bytes",
                                              (json_int_t)holder->parts[i].bytes));
    return list;
}

static json_t *branch_json(const struct diff_report *report, const struct diff_branch *branch)
{
    uint64_t address = inventory_name(report->diff->moments[AFTER], branch->name)->address;
    struct text name;

    text_init(&name, NULL);
    names_add_place(report->names, branch->name, &name);
    json_t *document = json_pack("{s:o, s:o, s:I, s:I}", "address", json_address(address), "name",
                                 json_text(name.bytes ? name.bytes : ""), "count",
                                 (json_int_t)branch->count, "bytes", (json_int_t)branch->bytes);
    text_deinit(&name);
    return document;
}

static json_t *holder_json(const struct diff_report *report, size_t index)
{
    const struct diff_holder *holder = diff_holder(report->diff, index);
    const char *why = diff_holder_why(report, index);
    struct text name;
    json_t *document = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "change", (json_int_t)diff_holder_change(holder),
        "own_change", (json_int_t)holder->own_change, "new_count", (json_int_t)holder->new_count,
        "new_bytes", (json_int_t)holder->new_bytes, "gone_count", (json_int_t)holder->gone_count,
        "gone_bytes", (json_int_t)holder->gone_bytes, "new_types", parts_json(holder));

    text_init(&name, NULL);
    if (document && diff_holder_name(report, holder, &name) && name.bytes)
        json_object_set_new(document, "name", json_text(name.bytes));
    text_deinit(&name);
    if (document)
        set_thing(report->diff, holder, document);
    if (document && diff_holder_is_gone(holder))
        json_object_set_new(document, "is_gone", json_true());
    if (document && holder->is_garbage)
        json_object_set_new(document, "is_garbage", json_true());
    if (document && holder->branch.count)
        json_object_set_new(document, "largest_new", branch_json(report, &holder->branch));
    if (document && why)
        json_object_set_new(document, "why", json_text(why));
    return document;
}

static json_t *rest_json(const struct diff *diff, size_t first, size_t last)
{
    return json_pack("{s:I, s:I}", "count", (json_int_t)(last - first), "change",
                     (json_int_t)diff_holders_change(diff, first, last));
}

static int write_json(const struct diff_report *report, struct output *output, struct mph_err *err)
{
    const struct diff *diff = report->diff;
    const struct inventory *before = diff->moments[BEFORE], *after = diff->moments[AFTER];
    json_t *types = json_array(), *growers = json_array(), *largest = json_array();

    for (size_t i = 0; i < diff->types.len; i++)
        json_array_append_new(types, type_json(diff_type(diff, i)));
    for (size_t i = 0; i < report->shown; i++)
        json_array_append_new(growers, holder_json(report, i));
    for (size_t i = 1; i <= report->shrunk_shown; i++)
        json_array_append_new(largest, holder_json(report, diff->holders.len - i));
    return output_json(output,
                       json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "before",
                                 moment_json(before), "after", moment_json(after), "loose_change",
                                 (json_int_t)(after->loose_bytes - before->loose_bytes), "types",
                                 types, "growers", growers, "other_growers",
                                 rest_json(diff, report->shown, report->grown), "shrinkers",
                                 rest_json(diff, report->grown, diff->holders.len),
                                 "largest_shrinkers", largest),
                       err);
}

// --- the report ---

static void choose(struct diff_report *report, const struct diff_options *options)
{
    uint64_t top = options->has_top ? options->top : TOP_DEFAULT;
    const struct diff *diff = report->diff;

    while (report->grown < diff->holders.len &&
           diff_holder_change(diff_holder(diff, report->grown)) > 0)
        report->grown++;
    report->shown = top < report->grown ? (size_t)top : report->grown;
    size_t shrunk = diff->holders.len - report->grown;
    report->shrunk_shown = top < shrunk ? (size_t)top : shrunk;
}

static void add_notes(const struct session *session, struct output *output)
{
    const struct vec *before = &session->before.notes;

    for (size_t i = 0; i < before->len; i++)
        notes_add(&output->notes, "%s", notes_text(before, i));
    report_common_notes(session, output);
}

static int write_report(const struct diff_report *report, struct output *output,
                        struct mph_err *err)
{
    if (output->is_json)
        return write_json(report, output, err);
    diff_write(report, output->text);
    return 0;
}

// What keeps that which grew.
static int ask_why(struct diff_report *report, const struct session *session, struct mph_err *err)
{
    uint64_t *addresses = calloc(report->shown + 1, sizeof *addresses);

    if (!addresses)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < report->shown; i++)
        addresses[i] = diff_holder(report->diff, i)->address;
    int rc = why_lines_init(&report->whys, session, report->names, addresses, report->shown, err);
    free(addresses);
    return rc;
}

static int compare(const struct session *session, const struct names *names,
                   const struct inventory *after, const struct diff_options *options,
                   struct output *output, struct mph_err *err)
{
    struct diff diff;
    struct diff_report report = {.diff = &diff, .names = names};
    int rc = diff_init(&diff, &session->before, after, err);

    if (rc < 0)
        return rc;
    add_notes(session, output);
    choose(&report, options);
    rc = ask_why(&report, session, err);
    if (rc == 0)
        rc = write_report(&report, output, err);
    why_lines_deinit(&report.whys);
    diff_deinit(&diff);
    return rc;
}

static int run_diff(struct session *session, const void *options, struct output *output,
                    struct mph_err *err)
{
    struct mph_err reason = {0};
    struct inventory after;
    struct names names;

    if (!session->has_before)
        return mph_fail(err, MPH_ERR_USAGE, "usage: diff compares two moments");
    int rc = session_load_names(session, &names, &reason);
    if (rc < 0)
        return fail_at_moment(err, &reason, "after");
    rc = inventory_take(&after, &session->objects, &names, err);
    if (rc == 0) {
        rc = compare(session, &names, &after, options, output, err);
        inventory_deinit(&after);
    }
    names_deinit(&names);
    return rc;
}

const struct report report_diff = {
    .name = "diff",
    .arguments = "[A B]",
    .summary = "what changed between two moments, and what grows",
    .help =
        "A and B are cores, or images as FILE@ADDR, of one firmware; --elf, --image, --hex, --reg "
        "and --ram hold for both. Or --live, for two looks at a target that runs in between; "
        "with --halt it is stopped during each of them. An object is taken for the same at both "
        "where it has the same address, type and size; one that was freed, and its place used "
        "again for the same type, cannot be told from it. New objects count under the nearest "
        "object that was there before and, by the roots that are known, alone keeps them (see "
        "retained); where there is none, under the nearest that leads to them by name. Gone ones "
        "count where they did at the earlier moment. New garbage, less what a collection has "
        "freed, is a line of its own. Over a link it reads all of the heap in use, both times.",
    .argp = &diff_argp,
    .options_size = sizeof(struct diff_options),
    .check = check_options,
    .moments = get_moments,
    .run = run_diff,
};
