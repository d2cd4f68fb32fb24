// SPDX-License-Identifier: MIT
// Samples and events as lines for people, as JSON Lines, and as CSV.
#include <inttypes.h>

#include "report/watch.h"

// --- lines ---

static int begin_lines(struct output *output, struct mph_err *err)
{
    (void)err;
    text_puts(output->text,
              "    seconds       used       free    largest  frag  1-blk  2-blk lock   gc  coll"
              "    alloc/s again  link_B  link_ms\n");
    return 0;
}

static int point_line(struct output *output, const struct watch_point *point, struct mph_err *err)
{
    const struct sample *sample = &point->sample;
    const struct gc_numbers *numbers = &sample->numbers;
    struct text *text = output->text;

    (void)err;
    text_printf(text,
                "%c %9.2f %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %4.0f%% %6" PRIu64 " %6" PRIu64,
                sample->is_torn ? '~' : ' ', point->seconds, numbers->used_bytes,
                numbers->free_bytes, point->largest_run_bytes, 100 * point->fragmentation,
                numbers->one_blocks, numbers->two_blocks);
    if (sample->state.has_lock_depth)
        text_printf(text, " %4" PRIu64, sample->state.lock_depth);
    else
        text_puts(text, "    -");
    text_printf(text, " %4s %5" PRIu64, sample->state.is_collecting ? "runs" : "idle",
                point->collections);
    if (point->has_rate)
        text_printf(text, " %10.0f", point->rate);
    else
        text_puts(text, "          -");
    text_printf(text, " %5u %7" PRIu64 " %8.1f\n", sample->retaken, sample->link_bytes,
                sample->link_seconds * 1e3);
    return 0;
}

static int event_line(struct output *output, const struct watch_event *event, struct mph_err *err)
{
    (void)err;
    text_printf(output->text, "%s %9.2f %s%s\n", event->is_uncertain ? "*~" : "* ", event->seconds,
                event->text, event->is_uncertain ? " (uncertain: seen in a torn sample)" : "");
    return 0;
}

static int end_lines(struct output *output, const struct watch_totals *totals, struct mph_err *err)
{
    struct text *text = output->text;

    (void)err;
    text_printf(text,
                "%" PRIu64 " samples in %.1f s, %" PRIu64 " torn, taken again %" PRIu64
                " times; %" PRIu64 " bytes over the link; %" PRIu64 " collections seen\n",
                totals->samples, totals->seconds, totals->torn, totals->retaken, totals->link_bytes,
                totals->collections);
    if (totals->samples)
        text_printf(text,
                    "used at most %s%" PRIu64 " bytes, largest free run at least %s%" PRIu64
                    " bytes\n",
                    totals->is_high_uncertain ? "~" : "", totals->high_water_bytes,
                    totals->is_least_uncertain ? "~" : "", totals->least_run_bytes);
    return 0;
}

const struct watch_format watch_lines = {begin_lines, point_line, event_line, end_lines};
const struct watch_format watch_silent = {NULL, NULL, NULL, end_lines};

// --- JSON Lines ---

// To millionths, as in CSV.
static double rounded(double number)
{
    return (double)(int64_t)(number * 1e6 + 0.5) * 1e-6;
}

static json_t *number_if(bool is_known, double number)
{
    return is_known ? json_real(rounded(number)) : json_null();
}

static json_t *state_json(const struct gc_state *state)
{
    return state->has_lock_depth ? json_integer((json_int_t)state->lock_depth) : json_null();
}

static int point_json(struct output *output, const struct watch_point *point, struct mph_err *err)
{
    const struct sample *sample = &point->sample;
    const struct gc_numbers *numbers = &sample->numbers;
    json_t *document = json_pack(
        "{s:s, s:I, s:f, s:f, s:I, s:I, s:I, s:f, s:I, s:I, s:o, s:b, s:I, s:o, s:b, s:I, s:I, "
        "s:f}",
        "kind", "sample", "number", (json_int_t)point->number, "seconds", rounded(point->seconds),
        "unix_seconds", rounded(point->unix_seconds), "used_bytes", (json_int_t)numbers->used_bytes,
        "free_bytes", (json_int_t)numbers->free_bytes, "largest_run_bytes",
        (json_int_t)point->largest_run_bytes, "fragmentation", rounded(point->fragmentation),
        "one_block_count", (json_int_t)numbers->one_blocks, "two_block_count",
        (json_int_t)numbers->two_blocks, "lock_depth", state_json(&sample->state), "is_collecting",
        sample->state.is_collecting, "collection_count", (json_int_t)point->collections,
        "growth_bytes_per_second", number_if(point->has_rate, point->rate), "torn", sample->is_torn,
        "retaken_count", (json_int_t)sample->retaken, "link_bytes", (json_int_t)sample->link_bytes,
        "link_seconds", rounded(sample->link_seconds));

    return output_json_line(output, document, err);
}

static int event_json(struct output *output, const struct watch_event *event, struct mph_err *err)
{
    return output_json_line(output,
                            json_pack("{s:s, s:s, s:f, s:f, s:b, s:o}", "kind", "event", "event",
                                      watch_kind_name(event->kind), "seconds",
                                      rounded(event->seconds), "unix_seconds",
                                      rounded(event->unix_seconds), "torn", event->is_uncertain,
                                      "text", json_text(event->text)),
                            err);
}

static int end_json(struct output *output, const struct watch_totals *totals, struct mph_err *err)
{
    json_t *document = json_pack(
        "{s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:b, s:I, s:b}", "kind", "end",
        "seconds", rounded(totals->seconds), "sample_count", (json_int_t)totals->samples,
        "torn_count", (json_int_t)totals->torn, "retaken_count", (json_int_t)totals->retaken,
        "collection_count", (json_int_t)totals->collections, "alarm_count",
        (json_int_t)totals->alarms, "link_bytes", (json_int_t)totals->link_bytes, "link_seconds",
        rounded(totals->link_seconds), "high_water_bytes", (json_int_t)totals->high_water_bytes,
        "high_water_torn", totals->is_high_uncertain, "least_run_bytes",
        (json_int_t)totals->least_run_bytes, "least_run_torn", totals->is_least_uncertain);

    return output_json_last(output, document, err);
}

const struct watch_format watch_json = {NULL, point_json, event_json, end_json};

// --- CSV: the samples alone ---

static int begin_csv(struct output *output, struct mph_err *err)
{
    (void)err;
    text_puts(output->text,
              "number,seconds,unix_seconds,used_bytes,free_bytes,largest_run_bytes,fragmentation,"
              "one_block_count,two_block_count,lock_depth,is_collecting,collection_count,"
              "growth_bytes_per_second,torn,retaken_count,link_bytes,link_seconds\n");
    return 0;
}

static const char *boolean(bool value)
{
    return value ? "true" : "false";
}

static int point_csv(struct output *output, const struct watch_point *point, struct mph_err *err)
{
    const struct sample *sample = &point->sample;
    const struct gc_numbers *numbers = &sample->numbers;
    struct text *text = output->text;

    (void)err;
    text_printf(text,
                "%" PRIu64 ",%.6f,%.6f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.6f,%" PRIu64
                ",%" PRIu64 ",",
                point->number, point->seconds, point->unix_seconds, numbers->used_bytes,
                numbers->free_bytes, point->largest_run_bytes, point->fragmentation,
                numbers->one_blocks, numbers->two_blocks);
    if (sample->state.has_lock_depth)
        text_printf(text, "%" PRIu64, sample->state.lock_depth);
    text_printf(text, ",%s,%" PRIu64 ",", boolean(sample->state.is_collecting), point->collections);
    if (point->has_rate)
        text_printf(text, "%.3f", point->rate);
    text_printf(text, ",%s,%u,%" PRIu64 ",%.6f\n", boolean(sample->is_torn), sample->retaken,
                sample->link_bytes, sample->link_seconds);
    return 0;
}

const struct watch_format watch_csv = {begin_csv, point_csv, NULL, NULL};
