// SPDX-License-Identifier: MIT
// Objects with what they retain, in words: what the two forms of `retained` share.
#ifndef MPH_REPORT_RETAINERS_H
#define MPH_REPORT_RETAINERS_H

#include "graph/mark.h"
#include "graph/retained.h"
#include "object/names.h"
#include "report/report.h"
#include "report/root_name.h"

struct retainers {
    const struct objects *objects;
    struct mark mark; // says how certain all of it is
    struct retained retained;
    struct names names;
    struct root_names root_names;
    uint64_t used_bytes;
};

// `session` must have its objects loaded, and outlives it.
int retainers_init(struct retainers *ret, const struct session *session, struct mph_err *err);
void retainers_deinit(struct retainers *retainers);

// "list app.log"; without a name, whose part it is, or its value.
void retainers_add(const struct retainers *retainers, uint32_t node, struct text *text);

// Columns of an object: what it retains, the share of the bytes in use, its own bytes,
// allocations, address. Ends with two spaces.
void retainers_add_columns(const struct retainers *retainers, uint32_t node, struct text *text);
extern const char retainers_heading[]; // without a newline

// {"address", "what", "type", "retained_bytes", "own_bytes", "count"}; NULL is out of memory.
json_t *retainers_json(const struct retainers *retainers, uint32_t node);

// Words that hold an object directly, up to RETAINERS_ROOTS_MAX of them:
// [{"name", "set", "address" or "register"}].
json_t *retainers_roots_json(const struct retainers *retainers, uint32_t node);
enum { RETAINERS_ROOTS_MAX = 8 };

#endif
