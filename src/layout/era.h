// SPDX-License-Identifier: MIT
// Which era a firmware's structures are of: the evidence, and how it is weighed.
#ifndef MPH_LAYOUT_ERA_H
#define MPH_LAYOUT_ERA_H

#include "layout/area.h"
#include "layout/layout.h"

// Set the era and the span of releases in words; NULL takes the era's own.
void era_set(struct layout *layout, enum era era, enum how how, const char *text);

// By the gap byte behind the allocation table, where it is certain.
void era_from_area(struct layout *layout, const struct area_match *area);

// By the form of types and qstr pools, and the distance between the pair of dicts
// and last_pool in words (0: not known).
void era_from_objects(struct layout *layout, size_t dicts_back);

// Take from the version string what the structures leave open. Where the two
// contradict each other, structures are believed and a note says so.
void era_reconcile(struct layout *layout);

#endif
