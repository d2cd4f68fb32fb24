// SPDX-License-Identifier: MIT
// What the files that make a watch share; for others there is watch_loop.h.
#ifndef MPH_REPORT_WATCH_PARTS_H
#define MPH_REPORT_WATCH_PARTS_H

#include "report/watch_file.h"
#include "report/watch_loop.h"
#include "report/watch_record.h"
#include "target/stream.h"

enum { WRITERS = 3 };

// The words that bound the first area.
struct watch_place {
    uint64_t address;
    uint8_t word_bytes;
    bool big_endian;
};

struct watch {
    struct session *session;
    const struct watch_options *options;
    struct output *output;
    struct sampler sampler;
    struct follower follower;
    struct watch_file files[WRITERS]; // the report itself, then files
    size_t file_count;
    struct watch_record record; // kept where a page is wanted
    struct watch_place place;
    bool has_sampler, has_alarm_ended, has_snapshot;
    bool is_halted;                // by somebody, since the watch began
    const struct watch_view *view; // NULL: none
    uint64_t paid_bytes;           // of this link, before the heap was searched for
    double paid_seconds;
    bool is_stopped; // by the user
    bool is_lost;    // what was watched is not there at the moment, and `lost` says why
    struct mph_err lost;
    double start;     // by stream_now
    double next;      // when the next sample is due
    double next_look; // when the link is asked whether the target runs
};

// Whether the target moves at all.
static inline bool watch_is_moving(const struct watch *watch)
{
    return watch->session->target.state == RUN_RUNNING;
}

// Whether `when`, by stream_now, is later than the user wants.
static inline bool watch_is_time_over(const struct watch *watch, double when)
{
    return watch->options->seconds > 0 && when > watch->start + watch->options->seconds;
}

// --- watch_loop.c ---

// The user wants the end: MPH_ERR_INTERRUPTED, which is no error and leaves no text of one.
int watch_stop(struct watch *watch);

// Let time pass. What watch_stop returns, if the user wants the end meanwhile.
int watch_let_pass(struct watch *watch, double seconds);

// Tell of an event of this moment.
int watch_tell(struct watch *watch, enum watch_kind kind, struct mph_err *err, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

// The heap that was loaded is the first sample; watch->sampler takes those that follow.
int watch_add_first(struct watch *watch, struct mph_err *err);

// --- watch_recover.c ---

// Load the heap, and find where its lock is.
int watch_load(struct session *session, struct mph_err *err);

// A sample failed. What may pass by is an event, and the search for what was lost begins,
// which ends with a first sample, or with watch->is_lost when time is over.
int watch_lose(struct watch *watch, const struct mph_err *why, struct mph_err *err);

// The same, where a sample shows that the heap is another one.
int watch_change(struct watch *watch, enum landmarks_change change, struct mph_err *err);

#endif
