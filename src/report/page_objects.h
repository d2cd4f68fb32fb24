// SPDX-License-Identifier: MIT
// For the page: all allocations of a heap as a table, each with what holds it.
#ifndef MPH_REPORT_PAGE_OBJECTS_H
#define MPH_REPORT_PAGE_OBJECTS_H

#include "report/report.h"

// The lines of `objects --all --format json` by column, and besides, `held_by`: the row of the
// allocation that leads there on the shortest path from a root, -1 for a root, none for what
// nothing leads to; and `hop`: the step from there, as `why` says it. It takes no more than so
// many bytes of the page, for which texts may be cut: `notes` says so. Over a link it reads all
// of the heap in use.
int page_objects(struct session *session, size_t room, struct vec *notes, json_t **ret,
                 struct mph_err *err);

#endif
