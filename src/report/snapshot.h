// SPDX-License-Identifier: MIT
// A core of a session's target, for reports that keep a moment.
#ifndef MPH_REPORT_SNAPSHOT_H
#define MPH_REPORT_SNAPSHOT_H

#include "report/report.h"
#include "target/snapshot.h"

// Write what `snapshot` writes. `parts` is an empty vec of struct snapshot_part, and gets
// what is in the core; output gets notes alone.
int snapshot_take(struct session *session, const char *path, struct vec *parts,
                  struct output *output, struct mph_err *err);

#endif
