// SPDX-License-Identifier: MIT
// The heap of a target that runs, sample after sample.
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "report/watch_loop.h"

enum {
    KEY_INTERVAL = 0x300,
    KEY_FOR,
    KEY_CSV,
    KEY_JSONL,
    KEY_HTML,
    KEY_ALARM,
    KEY_ON,
    KEY_FILE,
    KEY_VERIFY
};

enum { INTERVAL_MS = 500, INTERVAL_MAX_MS = 86400 * 1000 };

static void parse_number(int key, const char *argument, struct watch_options *options)
{
    uint64_t value;
    char *end;

    switch (key) {
    case KEY_INTERVAL:
        options->has_interval = true;
        if (!parse_uint(argument, &value) || value > INTERVAL_MAX_MS)
            options->problem = "--interval: not a number of milliseconds";
        else
            options->interval = (double)value * 1e-3;
        break;
    case KEY_FOR:
        options->seconds = strtod(argument, &end);
        if (end == argument || *end || !(options->seconds > 0 && options->seconds < 1e9))
            options->problem = "--for: not a number of seconds";
        break;
    case KEY_ALARM:
        if (!parse_size(argument, &options->alarm_bytes) || !options->alarm_bytes)
            options->problem = "--alarm: not a number of bytes";
        break;
    default:
        if (!parse_uint(argument, &options->count) || !options->count)
            options->problem = "--count: not a number of samples";
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct watch_options *options = state->input;

    switch (key) {
    case KEY_INTERVAL:
    case KEY_FOR:
    case KEY_ALARM:
    case 'n':
        parse_number(key, argument, options);
        return 0;
    case KEY_CSV:
        options->csv = argument;
        return 0;
    case KEY_JSONL:
        options->jsonl = argument;
        return 0;
    case KEY_HTML:
        options->html = argument;
        return 0;
    case KEY_ON:
        options->snapshots = true;
        if (strcmp(argument, "alarm") != 0)
            options->problem = "--snapshot-on wants alarm";
        return 0;
    case KEY_FILE:
        options->snapshot = argument;
        return 0;
    case KEY_VERIFY:
        options->verifies = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *check_options(const void *raw_options)
{
    const struct watch_options *options = raw_options;

    if (options->problem)
        return options->problem;
    if (options->snapshots && !options->alarm_bytes)
        return "--snapshot-on alarm wants --alarm BYTES";
    return options->snapshot && !options->snapshots ? "--snapshot goes with --snapshot-on alarm"
                                                    : NULL;
}

static const struct argp_option option_table[] = {
    {"interval", KEY_INTERVAL, "MS", 0, "From one sample to the next (500)", 0},
    {"for", KEY_FOR, "SECONDS", 0, "How long to watch (until Ctrl-C)", 0},
    {"count", 'n', "N", 0, "How many samples to take", 0},
    {"verify", KEY_VERIFY, NULL, 0,
     "Read the tables twice for each sample: a proof that it is of one moment", 0},
    {"csv", KEY_CSV, "FILE", 0, "Write the samples to FILE as well", 0},
    {"jsonl", KEY_JSONL, "FILE", 0, "Write samples and events to FILE as JSON Lines as well", 0},
    {"html", KEY_HTML, "FILE", 0, "Write the curve and its events to FILE as a page, in the end",
     0},
    {"alarm", KEY_ALARM, "BYTES", 0,
     "Exit with 1 when the largest free run is shorter: at once, or in the end with --for or "
     "--count",
     0},
    {"snapshot-on", KEY_ON, "alarm", 0, "Keep an ELF core of the first alarm", 0},
    {"snapshot", KEY_FILE, "FILE", 0,
     "Where to; %-words as in date(1) stand for the time (mpheap-%Y%m%d-%H%M%S-alarm.core)", 0},
    {0}};

static const struct argp watch_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

static int run_watch(struct session *session, const void *raw_options, struct output *output,
                     struct mph_err *err)
{
    struct watch_options options = *(const struct watch_options *)raw_options;

    if (!options.has_interval)
        options.interval = INTERVAL_MS * 1e-3;
    if (!options.snapshot)
        options.snapshot = "mpheap-%Y%m%d-%H%M%S-alarm.core";
    return watch_run(session, &options, output, err);
}

const struct report report_watch = {
    .name = "watch",
    .summary = "the heap of a target that runs, sample after sample, with no halt",
    .help = "Each sample reads the allocation tables and nothing else: used, free, the largest "
            "free run, how fast used grows between collections, and what that cost the link. A "
            "table that changes under the read is read again, --tries times at most; what is "
            "torn even then is marked with ~. On a terminal the heap is drawn in place, and q "
            "or Ctrl-C ends it.",
    .argp = &watch_argp,
    .options_size = sizeof(struct watch_options),
    .check = check_options,
    .run = run_watch,
};
