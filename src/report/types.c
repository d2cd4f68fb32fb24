// SPDX-License-Identifier: MIT
// What fills the heap: a histogram by type and class.
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "gc/numbers.h"
#include "object/histogram.h"
#include "report/report.h"

struct types_options {
    const char *problem;
    uint64_t top;
    bool has_top;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct types_options *options = state->input;

    if (key != 'n')
        return ARGP_ERR_UNKNOWN;
    options->has_top = true;
    if (!parse_uint(argument, &options->top))
        options->problem = "--top: not a number";
    return 0;
}

static const char *check_options(const void *raw_options)
{
    return ((const struct types_options *)raw_options)->problem;
}

static const struct argp_option option_table[] = {
    {"top", 'n', "N", 0, "Only the N largest; the rest is summed up", 0}, {0}};

static const struct argp types_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- writing ---

// The largest rows as they are, and the others as one.
static size_t rows_shown(const struct histogram *histogram, const struct types_options *options,
                         struct histogram_row *rest)
{
    size_t count = options->has_top && options->top < histogram->rows.len ? (size_t)options->top
                                                                          : histogram->rows.len;

    *rest = (struct histogram_row){.name = "(others)"};
    for (size_t i = count; i < histogram->rows.len; i++) {
        const struct histogram_row *row = histogram_at(histogram, i);

        rest->count += row->count;
        rest->own_bytes += row->own_bytes;
        rest->helper_bytes += row->helper_bytes;
    }
    return count;
}

struct totals {
    uint64_t pool_bytes, free_bytes;
    uint64_t loose_bytes; // of tails without a head
};

static struct totals totals_of(const struct histogram *histogram)
{
    struct gc_numbers numbers = {0};

    gc_numbers(histogram->objects->heap, &numbers);
    struct totals totals = {numbers.total_bytes, numbers.free_bytes,
                            numbers.total_bytes - numbers.free_bytes};
    for (size_t i = 0; i < histogram->rows.len; i++)
        totals.loose_bytes -= histogram_bytes(histogram_at(histogram, i));
    return totals;
}

static double share_of(uint64_t bytes, const struct totals *totals)
{
    return totals->pool_bytes ? 100.0 * (double)bytes / (double)totals->pool_bytes : 0;
}

static void write_row(const struct histogram_row *row, const struct totals *totals,
                      struct output *output)
{
    text_printf(output->text, "%7" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %5.1f%%  ",
                row->count, row->own_bytes, row->helper_bytes, histogram_bytes(row),
                share_of(histogram_bytes(row), totals));
    text_escaped(output->text, row->name, strlen(row->name));
    text_putc(output->text, '\n');
}

static void write_rest(uint64_t bytes, const char *name, const struct totals *totals,
                       struct output *output)
{
    text_printf(output->text, "%7s %9s %9s %9" PRIu64 " %5.1f%%  %s\n", "", "", "", bytes,
                share_of(bytes, totals), name);
}

static void write_text(const struct histogram *histogram, const struct types_options *options,
                       const struct totals *totals, struct output *output)
{
    struct histogram_row rest;
    size_t count = rows_shown(histogram, options, &rest);

    text_puts(output->text, "  count       own    helper     total  share  type\n");
    for (size_t i = 0; i < count; i++)
        write_row(histogram_at(histogram, i), totals, output);
    if (count < histogram->rows.len)
        write_row(&rest, totals, output);
    if (totals->loose_bytes)
        write_rest(totals->loose_bytes, "(tails without a head)", totals, output);
    write_rest(totals->free_bytes, "(free)", totals, output);
    write_rest(totals->pool_bytes, "(pool)", totals, output);
}

static json_t *row_json(const struct histogram_row *row, const struct totals *totals)
{
    json_t *document =
        json_pack("{s:o, s:s, s:s%, s:I, s:I, s:I, s:f}", "type", json_text(row->name), "kind",
                  row->kind ? row->kind->name : "?", "letter", row->kind ? &row->kind->letter : "?",
                  (size_t)1, "count", (json_int_t)row->count, "own_bytes",
                  (json_int_t)row->own_bytes, "helper_bytes", (json_int_t)row->helper_bytes,
                  "share", share_of(histogram_bytes(row), totals) / 100);

    if (document && row->class)
        json_object_set_new(document, "class_address", json_address(row->class->address));
    return document;
}

static int write_json(const struct histogram *histogram, const struct types_options *options,
                      const struct totals *totals, struct output *output, struct mph_err *err)
{
    struct histogram_row rest;
    size_t count = rows_shown(histogram, options, &rest);
    json_t *rows = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, row_json(histogram_at(histogram, i), totals));
    if (count < histogram->rows.len)
        json_array_append_new(rows, row_json(&rest, totals));
    return output_json(output,
                       json_pack("{s:o, s:I, s:I, s:I}", "types", rows, "loose_bytes",
                                 (json_int_t)totals->loose_bytes, "free_bytes",
                                 (json_int_t)totals->free_bytes, "pool_bytes",
                                 (json_int_t)totals->pool_bytes),
                       err);
}

static int write(struct histogram *histogram, const struct types_options *options,
                 struct output *output, struct mph_err *err)
{
    struct totals totals = totals_of(histogram);
    int rc = 0;

    histogram_sort(histogram);
    if (output->is_json)
        rc = write_json(histogram, options, &totals, output, err);
    else
        write_text(histogram, options, &totals, output);
    return rc;
}

static int run_types(struct session *session, const void *raw_options, struct output *output,
                     struct mph_err *err)
{
    struct histogram histogram;
    int rc = session_load_objects(session, err);

    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    histogram_init(&histogram, &session->objects);
    rc = histogram_count(&histogram, err);
    if (rc == 0)
        rc = write(&histogram, raw_options, output, err);
    histogram_deinit(&histogram);
    return rc;
}

const struct report report_types = {
    .name = "types",
    .summary = "what fills the heap, by type and class",
    .help = "How many objects of each type there are, their own bytes and those of the blocks "
            "they hold (items, tables, text), largest first. Everything and the free bytes "
            "make up the pool.",
    .argp = &types_argp,
    .options_size = sizeof(struct types_options),
    .check = check_options,
    .run = run_types,
};
