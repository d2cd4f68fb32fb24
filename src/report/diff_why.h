// SPDX-License-Identifier: MIT
// What keeps that which grew.
#ifndef MPH_REPORT_DIFF_WHY_H
#define MPH_REPORT_DIFF_WHY_H

#include "report/diff.h"

// A line for each holder that is shown, as `why` has it: the shortest path from a root that
// lasts, else from any. NULL stands for what is not on the heap, or is garbage. Over a link
// it reads all of the heap in use. To be released with diff_why_free.
int diff_why(const struct diff_report *report, const struct session *session, char ***ret,
             struct mph_err *err);
void diff_why_free(const struct diff_report *report);

#endif
