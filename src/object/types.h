// SPDX-License-Identifier: MIT
// The types in use, each read once.
#ifndef MPH_OBJECT_TYPES_H
#define MPH_OBJECT_TYPES_H

#include "object/objects.h"

struct type_table *type_table_create(void);
void type_table_destroy(struct type_table *table);

// The type at an address; NULL when there is none, which is remembered too.
const struct type *type_table_find(struct type_table *table, const struct objects *objects,
                                   uint64_t address);

// Whether a word may be a type at all, before memory is read for it.
bool type_is_possible(const struct objects *objects, uint64_t address);

#endif
