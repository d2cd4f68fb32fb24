// SPDX-License-Identifier: MIT
// What keeps the two largest free runs apart, and what keeps that.
#ifndef MPH_REPORT_FIT_BETWEEN_H
#define MPH_REPORT_FIT_BETWEEN_H

#include "graph/fit.h"
#include "object/names.h"
#include "report/report.h"

// After a collection, as docs/json.md has it under `between`; JSON null where there are fewer
// than two free runs. Over a link it reads all of the heap in use, twice at most. `names` are
// of the session's objects, `mark` as well. To be released with json_decref.
int fit_between(const struct session *session, const struct names *names, const struct mark *mark,
                json_t **ret, struct mph_err *err);

// That document in words.
void fit_between_write(const json_t *document, struct text *text);

#endif
