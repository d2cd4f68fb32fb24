// SPDX-License-Identifier: MIT
// For inventory.c: what alone keeps each thing, and what nothing keeps.
#ifndef MPH_GRAPH_KEEPERS_H
#define MPH_GRAPH_KEEPERS_H

#include "graph/inventory.h"

// Sets `keeper` and `is_garbage` of all things, which are there already and have neither.
// What is reached has at most one keeper, and no thing keeps itself through others.
int inventory_find_keepers(struct inventory *inventory, const struct objects *objects,
                           struct mph_err *err);

#endif
