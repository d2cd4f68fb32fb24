// SPDX-License-Identifier: MIT
// What keeps each of some blocks, in a line.
#ifndef MPH_REPORT_WHY_LINES_H
#define MPH_REPORT_WHY_LINES_H

#include "object/names.h"
#include "report/session.h"

struct why_lines {
    char **lines;
    size_t count;
};

// A line for each address, as `why` has it: the shortest path from a root that lasts, else
// from any. NULL stands for what no allocation begins at, or is garbage. However many
// addresses there are, it takes two searches at most; over a link each reads all of the heap
// in use. `names` are of the session's objects. To be released, also after a failure.
int why_lines_init(struct why_lines *ret, const struct session *session, const struct names *names,
                   const uint64_t *addresses, size_t count, struct mph_err *err);
void why_lines_deinit(struct why_lines *lines);

#endif
