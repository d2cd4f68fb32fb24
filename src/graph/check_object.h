// SPDX-License-Identifier: MIT
// One object under check: what check_objects.c and check_slots.c share.
#ifndef MPH_GRAPH_CHECK_OBJECT_H
#define MPH_GRAPH_CHECK_OBJECT_H

#include "graph/check_parts.h"

struct object_check {
    struct check *check;
    const struct object *object;
    const char *name; // of an object outside of the heap
    uint32_t block;   // of one on the heap
    bool is_list;
    bool has_bad_item;  // a list refers to what is no object
    bool has_bad_block; // its items are not where they should be
};

// A finding about it. What a change under way may explain is unsettled where one may be.
struct finding *object_finding(struct object_check *one, enum damage kind, bool may_be_work,
                               uint64_t address, const char *text);

// What a pointer leads to, in words, and what that may come from.
const char *spot_text(enum spot spot);
void explain_spot(struct finding *finding, enum spot spot);

// For objects_visit: each slot that refers to an object.
void check_slot(struct visitor *visitor, uint64_t at, uint64_t value, const struct step *step);

#endif
