// SPDX-License-Identifier: MIT
// How each value of the layout was learned, for `info --verbose`.
#ifndef MPH_REPORT_PROVENANCE_H
#define MPH_REPORT_PROVENANCE_H

#include <jansson.h>

#include "base/text.h"
#include "report/session.h"

void provenance_text(const struct session *session, struct text *text);

// An array of {"name", "value", "how"}; NULL when out of memory.
json_t *provenance_json(const struct session *session);

#endif
