// SPDX-License-Identifier: MIT
// Columns of a table of JSON rows.
#ifndef MPH_REPORT_COLUMN_H
#define MPH_REPORT_COLUMN_H

#include <jansson.h>

// The width that the texts under a key take, `least` or more; the few that are very long
// stand out.
int column_width(const json_t *rows, const char *key, int least);

#endif
