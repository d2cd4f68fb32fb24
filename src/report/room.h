// SPDX-License-Identifier: MIT
// Free memory now and after a collection, side by side, and how sure that is.
#ifndef MPH_REPORT_ROOM_H
#define MPH_REPORT_ROOM_H

#include "graph/fit.h"
#include "report/report.h"

// Two columns; `after` may be NULL.
void room_write(const struct free_runs *now, const struct free_runs *after, struct text *text);

// {"free_bytes", "runs", "largest_run_bytes", "largest_run_address", "fragmentation",
// "runs_by_blocks"}; NULL is out of memory.
json_t *room_json(const struct free_runs *runs);

// Where roots were looked for and what was reached from them first.
void room_write_roots(const struct mark *mark, struct text *text);
json_t *room_roots_json(const struct mark *mark);

// Notes on what makes the outcome of a collection uncertain.
void room_notes(const struct mark *mark, struct output *output);

#endif
