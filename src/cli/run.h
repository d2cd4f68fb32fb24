// SPDX-License-Identifier: MIT
// One command from its words to its output: what every door calls.
#ifndef MPH_CLI_RUN_H
#define MPH_CLI_RUN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/open.h"

struct watch_view; // report/watch.h

struct door {
    struct sink out;              // the report
    struct sink notes;            // what must be known besides, and statistics, line by line
    bool has_color;               // whether --color auto means colours
    const struct watch_view *view; // a picture that moves, for text on a terminal; or NULL
    const struct own_target *own; // NULL: the options must name a target
};

// Run `argv[0] REPORT ...`. Returns 0, or 1 when the report found what it looks
// for, or a negative code with `err` set. Under --format json an error is written
// to `out` as a document too; the caller prints the line for people.
int run_command(const struct door *door, int argc, char **argv, struct mph_err *err);

#endif
