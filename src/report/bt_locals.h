// SPDX-License-Identifier: MIT
// Arguments and local variables of a Python frame, as the backtrace shows them.
#ifndef MPH_REPORT_BT_LOCALS_H
#define MPH_REPORT_BT_LOCALS_H

#include "object/frame.h"
#include "report/report.h"

// Local `index` by its name; by its number where nothing has its name: "local 3".
void bt_add_local_name(const struct objects *objects, const struct code *code, unsigned index,
                       struct text *text);

// A line for each that has a value: "    name = value".
void bt_write_locals(const struct objects *objects, const struct frame *frame, struct text *text);

// {name, value, word} of each under "arguments" and "locals".
void bt_add_locals_json(const struct objects *objects, const struct frame *frame, json_t *document);

#endif
