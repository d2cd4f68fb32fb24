// SPDX-License-Identifier: MIT
// For diff.c and diff_text.c: a comparison, and who is who in it.
#ifndef MPH_REPORT_DIFF_H
#define MPH_REPORT_DIFF_H

#include "graph/diff.h"
#include "report/report.h"
#include "report/why_lines.h"

struct diff_report {
    const struct diff *diff;
    const struct names *names; // of the later moment
    size_t shown;              // of the holders, the first: those that grew, most first
    size_t grown;              // holders that grew
    size_t shrunk_shown;       // of the holders, the last: those that shrank, most last
    struct why_lines whys;     // what keeps each of the shown that grew
};

static inline const char *diff_holder_why(const struct diff_report *report, size_t index)
{
    return index < report->whys.count ? report->whys.lines[index] : NULL;
}

static inline bool diff_holder_is_gone(const struct diff_holder *holder)
{
    return holder->thing[BEFORE] != DIFF_NONE && holder->thing[AFTER] == DIFF_NONE;
}

// The name of a holder, as far as something with a name leads to it; false: it has none.
bool diff_holder_name(const struct diff_report *report, const struct diff_holder *holder,
                      struct text *text);

// Its type; NULL: a module outside the heap, or nothing in particular.
const char *diff_holder_type(const struct diff *diff, const struct diff_holder *holder);

// Objects among the things of a moment.
uint64_t diff_object_count(const struct inventory *inventory);

// The holders from one place to another: their change in all.
int64_t diff_holders_change(const struct diff *diff, size_t first, size_t last);

void diff_write(const struct diff_report *report, struct text *text);

#endif
