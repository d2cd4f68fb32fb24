// SPDX-License-Identifier: MIT
// The tracebacks of all threads but the one that the processor is in.
#ifndef MPH_REPORT_BT_THREADS_H
#define MPH_REPORT_BT_THREADS_H

#include "report/report.h"
#include "vm/trace.h"

struct bt_threads {
    const struct session *session;
    struct threads threads;
    struct trace *traces; // by thread
    bool has_locals;
};

// The session has its objects opened.
int bt_threads_load(struct bt_threads *ret, const struct session *session, bool has_locals,
                    struct mph_err *err);
void bt_threads_deinit(struct bt_threads *list);

// The oldest one first; then a heading for the thread that the processor is in.
void bt_threads_write(const struct bt_threads *list, struct text *text);

// A list of {ident, is_main, is_current, frames, pc_address}; without the frames of the current
// one, or of the main one where none is.
json_t *bt_threads_json(const struct bt_threads *list);

// What is missing, and why.
void bt_threads_note(const struct bt_threads *list, struct output *output);

#endif
