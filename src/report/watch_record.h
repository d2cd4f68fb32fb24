// SPDX-License-Identifier: MIT
// What a watch saw, kept for a page: a curve with its events.
#ifndef MPH_REPORT_WATCH_RECORD_H
#define MPH_REPORT_WATCH_RECORD_H

#include "report/watch.h"

// However long a watch is: where there are more samples every second one is dropped, and so
// on; events beyond the first so many are left out, and counted.
enum { RECORD_POINTS = 1 << 15, RECORD_EVENTS = 2000 };

struct watch_record {
    struct vec points;    // of struct watch_point
    struct vec events;    // of struct watch_event
    uint64_t stride;      // every so many samples one is kept
    uint64_t seen;        // samples
    uint64_t left_events; // left out
};

void watch_record_init(struct watch_record *record);
void watch_record_deinit(struct watch_record *record);

int watch_record_point(struct watch_record *record, const struct watch_point *point,
                       struct mph_err *err);
int watch_record_event(struct watch_record *record, const struct watch_event *event,
                       struct mph_err *err);

// Write the page, as page.h does; `interval` in seconds.
int watch_record_write(const struct watch_record *record, const char *path, double interval,
                       const struct watch_totals *totals, struct mph_err *err);

#endif
