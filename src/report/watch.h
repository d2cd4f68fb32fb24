// SPDX-License-Identifier: MIT
// Following a heap that moves: what is known at each sample, what happened, and who shows it.
#ifndef MPH_REPORT_WATCH_H
#define MPH_REPORT_WATCH_H

#include "gc/sample.h"
#include "report/report.h"

// --- what is known ---

struct watch_point {
    uint64_t number;     // of the sample, from 1
    double seconds;      // since the watch began
    double unix_seconds; // the host's clock
    struct sample sample;
    uint64_t largest_run_bytes; // the longest run of free blocks
    double fragmentation;       // 1 - largest run / free bytes, 0 without free bytes
    uint64_t collections;       // seen since the watch began
    bool has_rate;
    double rate; // bytes a second by which used has grown since the latest collection
};

enum watch_kind {
    WATCH_COLLECTION,
    WATCH_HIGH_WATER,
    WATCH_ALARM,
    WATCH_SNAPSHOT,
    WATCH_RESET, // the firmware began anew
    WATCH_AREAS, // the heap has other areas than before
    WATCH_LINK,  // lost, or there again
    WATCH_STATE, // the target does not run
};

struct watch_event {
    enum watch_kind kind;
    double seconds, unix_seconds; // as above
    bool is_uncertain;            // it was seen in a torn sample
    char text[240];
};

const char *watch_kind_name(enum watch_kind kind);

struct watch_totals {
    double seconds;
    uint64_t samples, torn, retaken, collections, alarms;
    uint64_t link_bytes;
    double link_seconds;
    uint64_t high_water_bytes, least_run_bytes;
    bool is_high_uncertain, is_least_uncertain; // it was seen in a torn sample
};

// --- from samples to events ---

// Objects that are gone at once from which on it was a collection: allocations that are
// given back one by one, as buffers are that grow, are fewer between two samples.
enum { COLLECTED_HEADS = 8 };

struct follower {
    uint64_t alarm_bytes; // 0: none
    struct watch_totals totals;
    bool has_previous, was_collecting, was_torn;
    bool is_run_torn;  // the sample that `run_used` is from
    uint64_t run_used; // at the first sample behind a collection
    double run_seconds;
    bool is_rising; // above the high-water mark since used fell
    uint64_t previous_used;
    bool is_alarmed;
    unsigned doubts; // torn samples in a row that would have raised the alarm
};

// Fill in what a sample says together with those before it; `point` has its number, its
// times and its sample. What happened is appended to a vec of struct watch_event.
int follower_add(struct follower *follower, struct watch_point *point, uint64_t block_bytes,
                 struct vec *events, struct mph_err *err);

// What comes next is another heap, or the same one anew.
void follower_restart(struct follower *follower);

// --- who shows it ---

// A form of output. Each call adds whole lines to output->text.
struct watch_format {
    int (*begin)(struct output *output, struct mph_err *err);
    int (*point)(struct output *output, const struct watch_point *point, struct mph_err *err);
    int (*event)(struct output *output, const struct watch_event *event, struct mph_err *err);
    int (*end)(struct output *output, const struct watch_totals *totals, struct mph_err *err);
};

// The silent one writes the end of the lines, and nothing before it.
extern const struct watch_format watch_lines, watch_silent, watch_json, watch_csv;

// A picture that moves, on a terminal.
struct watch_scene {
    const struct watch_point *point;
    const struct watch_totals *totals;
    const struct sampler *sampler; // of the same sample
    uint64_t alarm_bytes;          // 0: none
};

struct watch_view {
    void *context;
    // False where the terminal cannot be drawn on: then nothing else is called.
    bool (*begin)(void *context);
    // What is shown from now on; its pointers live until this returns.
    void (*show)(void *context, const struct watch_scene *scene);
    void (*event)(void *context, const struct watch_event *event);
    // Let time pass. MPH_ERR_INTERRUPTED when the user wants the end.
    int (*pause)(void *context, double seconds, struct mph_err *err);
    // The terminal is as it was before `begin`.
    void (*end)(void *context);
};

#endif
