// SPDX-License-Identifier: MIT
// Where a watch goes, sample by sample: the report itself, or a file.
#ifndef MPH_REPORT_WATCH_FILE_H
#define MPH_REPORT_WATCH_FILE_H

#include <stdio.h>

#include "report/watch.h"

// It must not move while it is in use.
struct watch_file {
    const struct watch_format *format;
    struct output *output; // the report's, or `own`
    struct output own;
    struct text text;
    struct sink sink;
    FILE *stream; // NULL: the report
    const char *path;
};

// Write to a report's output, or to a new file. The heading is written at once.
int watch_file_adopt(struct watch_file *file, struct output *output,
                     const struct watch_format *format, struct mph_err *err);
int watch_file_open(struct watch_file *file, const char *path, const struct watch_format *format,
                    struct mph_err *err);

// What is written can be read by others at once.
int watch_file_point(struct watch_file *file, const struct watch_point *point, struct mph_err *err);
int watch_file_event(struct watch_file *file, const struct watch_event *event, struct mph_err *err);

// Write what comes last, and close what was opened; also one that did not open.
int watch_file_end(struct watch_file *file, const struct watch_totals *totals, struct mph_err *err);

#endif
