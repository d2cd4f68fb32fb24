// SPDX-License-Identifier: MIT
// The earlier of two moments, kept for a report on the later one.
#ifndef MPH_REPORT_BEFORE_H
#define MPH_REPORT_BEFORE_H

#include "object/names.h"
#include "report/session.h"

// Names every block of a session's heap, and what leads to each.
int session_load_names(struct session *session, struct names *ret, struct mph_err *err);

// What the heap of a session holds, with what must be known besides as notes. An error says
// that it was at the earlier moment.
int session_take_before(struct session *session, struct inventory *ret, struct mph_err *err);

// Pass on an error, and say at which of two moments it was.
int fail_at_moment(struct mph_err *err, const struct mph_err *kept, const char *moment);

#endif
