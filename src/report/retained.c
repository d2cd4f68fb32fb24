// SPDX-License-Identifier: MIT
// Who alone keeps how much.
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "report/retained_one.h"
#include "report/room.h"

enum { DEFAULT_TOP = 20, DEFAULT_PERCENT = 1, TOP_MAX = 10000, DEFAULT_DEPTH = 2 };

struct retained_options {
    const char *problem;
    uint64_t address, top, depth;
    bool has_address, has_top, has_depth;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct retained_options *options = state->input;

    switch (key) {
    case 'n':
        options->has_top = true;
        if (!parse_uint(argument, &options->top) || options->top > TOP_MAX)
            options->problem = "--top: not a number up to 10000";
        return 0;
    case 'd':
        options->has_depth = true;
        if (!parse_uint(argument, &options->depth) || options->depth > RETAINED_DEPTH_MAX)
            options->problem = "--depth: not a number up to 100";
        return 0;
    case ARGP_KEY_ARG:
        if (options->has_address)
            return ARGP_ERR_UNKNOWN;
        options->has_address = true;
        if (!parse_uint(argument, &options->address))
            options->problem = "ADDR is not a number";
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *check_options(const void *raw_options)
{
    return ((const struct retained_options *)raw_options)->problem;
}

static const struct argp_option option_table[] = {
    {"top", 'n', "N", 0,
     "The N objects that retain most (20, of 1 % of the bytes in use each); of ADDR, N types of "
     "what goes",
     0},
    {"depth", 'd', "N", 0, "Also what the largest retain in turn, N levels deep (2)", 0},
    {0}};

static const struct argp retained_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- all of the heap ---

struct overview {
    const struct retainers *retainers;
    struct vec top;      // of struct retainer
    struct vec suspects; // of struct suspect
};

static const char *type_of(const struct retainers *retainers, const struct suspect *suspect)
{
    const struct retained *retained = &retainers->retained;

    return histogram_at(&retained->types, retained_row(retained, suspect->first))->name;
}

// --- text ---

static void write_summary(const struct retainers *retainers, struct text *text)
{
    const struct dominators *tree = &retainers->retained.tree;

    text_printf(text,
                "roots lead to %s%" PRIu64 " of %" PRIu64 " bytes in use, in %" PRIu32
                " allocations\n",
                retainers->mark.is_certain ? "" : "at least ", dominators_bytes(tree, 0),
                retainers->used_bytes, dominators_count(tree, 0));
}

static void write_retainer(const struct retainers *retainers, const struct retainer *retainer,
                           struct text *text)
{
    const struct root_of *roots;
    size_t count = retained_roots(&retainers->retained, retainer->node, &roots);

    retainers_add_columns(retainers, retainer->node, text);
    text_printf(text, "%*s", (int)(2 * retainer->depth), "");
    retainers_add(retainers, retainer->node, text);
    if (!retainer->depth && count) {
        text_puts(text, "  <- ");
        root_names_add(&retainers->root_names, &roots->word, text);
        if (count > 1)
            text_printf(text, " and %zu more", count - 1);
    } else if (!retainer->depth) {
        text_puts(text, "  <- several ways");
    }
    text_putc(text, '\n');
}

static void write_suspect(const struct retainers *retainers, const struct suspect *suspect,
                          struct text *text)
{
    const char *type = type_of(retainers, suspect);

    text_puts(text, "  ");
    retainers_add(retainers, suspect->holder, text);
    text_printf(text, " at 0x%08" PRIx64 " %s %" PRIu64 " ",
                objects_block_address(retainers->objects,
                                      dominators_block(&retainers->retained.tree, suspect->holder)),
                suspect->is_chain ? "leads on to" : "holds", suspect->count);
    text_escaped(text, type, strlen(type));
    text_printf(text, ", %" PRIu64 " bytes with all that goes with them\n", suspect->bytes);
}

static void write_text(const struct overview *overview, struct text *text)
{
    write_summary(overview->retainers, text);
    if (overview->suspects.len)
        text_puts(text, "\nleak suspects\n");
    for (size_t i = 0; i < overview->suspects.len; i++)
        write_suspect(overview->retainers, vec_at(&overview->suspects, i), text);
    if (overview->top.len)
        text_printf(text, "\n%s     what  <- root\n", retainers_heading);
    for (size_t i = 0; i < overview->top.len; i++)
        write_retainer(overview->retainers, vec_at(&overview->top, i), text);
}

// --- JSON ---

static json_t *top_json(const struct overview *overview)
{
    json_t *list = json_array();

    for (size_t i = 0; i < overview->top.len; i++) {
        const struct retainer *retainer = vec_at(&overview->top, i);
        json_t *line = retainers_json(overview->retainers, retainer->node);

        json_object_set_new(line, "depth", json_integer(retainer->depth));
        json_object_set_new(line, "roots",
                            retainers_roots_json(overview->retainers, retainer->node));
        json_array_append_new(list, line);
    }
    return list;
}

static json_t *suspects_json(const struct overview *overview)
{
    const struct retainers *retainers = overview->retainers;
    json_t *list = json_array();

    for (size_t i = 0; i < overview->suspects.len; i++) {
        const struct suspect *suspect = vec_at(&overview->suspects, i);

        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:I, s:I, s:b}", "holder",
                                        retainers_json(retainers, suspect->holder), "type",
                                        json_text(type_of(retainers, suspect)), "count",
                                        (json_int_t)suspect->count, "retained_bytes",
                                        (json_int_t)suspect->bytes, "is_chain", suspect->is_chain));
    }
    return list;
}

static int write_json(const struct overview *overview, struct output *output, struct mph_err *err)
{
    const struct retainers *retainers = overview->retainers;
    const struct dominators *tree = &retainers->retained.tree;

    return output_json(output,
                       json_pack("{s:b, s:I, s:I, s:I, s:o, s:o}", "certain",
                                 retainers->mark.is_certain, "used_bytes",
                                 (json_int_t)retainers->used_bytes, "reached_bytes",
                                 (json_int_t)dominators_bytes(tree, 0), "reached_count",
                                 (json_int_t)dominators_count(tree, 0), "suspects",
                                 suspects_json(overview), "largest", top_json(overview)),
                       err);
}

// --- the report ---

// What is left of the largest without those that do not matter; what they retain matters less.
static void cut_small(const struct retainers *retainers, struct vec *top)
{
    size_t kept = 0;

    for (size_t i = 0; i < top->len; i++) {
        struct retainer retainer = *(struct retainer *)vec_at(top, i);
        uint64_t bytes = dominators_bytes(&retainers->retained.tree, retainer.node);

        if (100 * bytes >= DEFAULT_PERCENT * retainers->used_bytes)
            *(struct retainer *)vec_at(top, kept++) = retainer;
    }
    top->len = kept;
}

static int write_overview(const struct retainers *retainers, const struct retained_options *options,
                          struct output *output, struct mph_err *err)
{
    struct overview overview = {.retainers = retainers};
    int rc = retained_top(
        &retainers->retained, options->has_top ? (size_t)options->top : DEFAULT_TOP,
        options->has_depth ? (unsigned)options->depth : DEFAULT_DEPTH, &overview.top, err);

    if (rc == 0 && !options->has_top)
        cut_small(retainers, &overview.top);
    if (rc == 0)
        rc =
            retained_suspects(&retainers->retained, retainers->used_bytes, &overview.suspects, err);
    if (rc == 0 && output->is_json)
        rc = write_json(&overview, output, err);
    else if (rc == 0)
        write_text(&overview, output->text);
    vec_deinit(&overview.top);
    vec_deinit(&overview.suspects);
    return rc;
}

static int run_retained(struct session *session, const void *raw_options, struct output *output,
                        struct mph_err *err)
{
    const struct retained_options *options = raw_options;
    struct retainers retainers;
    int rc = session_load_objects(session, err);

    if (rc < 0)
        return rc;
    rc = retainers_init(&retainers, session, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    room_notes(&retainers.mark, output);
    if (options->has_address)
        rc = retained_one_write(&retainers, options->address,
                                options->has_top ? (size_t)options->top : DEFAULT_TOP, output, err);
    else
        rc = write_overview(&retainers, options, output, err);
    retainers_deinit(&retainers);
    return rc;
}

const struct report report_retained = {
    .name = "retained",
    .arguments = "[ADDR]",
    .summary = "who alone keeps how much, and what may be a leak",
    .help = "An object retains what a collection would free if nothing held the object any more. "
            "The largest come first, those that one of them retains indented below it. A leak "
            "suspect holds at least 20 objects of one type, side by side or in a chain, that "
            "retain at least 5 % of the bytes in use; modules and classes are none. With ADDR: "
            "what goes with this object, by type, and what alone keeps it, up to a root. Over a "
            "link it reads all of the heap in use.",
    .argp = &retained_argp,
    .options_size = sizeof(struct retained_options),
    .check = check_options,
    .run = run_retained,
};
