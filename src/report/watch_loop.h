// SPDX-License-Identifier: MIT
// Watching from the first sample to the last.
#ifndef MPH_REPORT_WATCH_LOOP_H
#define MPH_REPORT_WATCH_LOOP_H

#include "report/watch.h"

struct watch_options {
    const char *problem;
    bool has_interval, verifies, snapshots;
    double interval; // seconds
    double seconds;  // how long; 0: no limit
    uint64_t count;  // of samples; 0: no limit
    const char *csv, *jsonl, *html;
    uint64_t alarm_bytes; // 0: none
    const char *snapshot; // where a core goes, for strftime
};

// As a report's `run`. A target that does not run gives one sample.
int watch_run(struct session *session, const struct watch_options *options, struct output *output,
              struct mph_err *err);

#endif
