// SPDX-License-Identifier: MIT
// For diff.c and diff_holders.c: two moments, thing by thing.
#ifndef MPH_GRAPH_DIFF_PARTS_H
#define MPH_GRAPH_DIFF_PARTS_H

#include "graph/diff.h"

struct matching {
    const struct inventory *moments[2];
    uint32_t *rows[2];  // by type of each moment: place in `types`
    uint32_t *twins[2]; // by thing: place in the other inventory, or DIFF_NONE
    struct vec types;   // of struct diff_type, by name
};

// Adds the holders, in no order.
int diff_add_holders(struct diff *diff, const struct matching *matching, struct mph_err *err);

#endif
