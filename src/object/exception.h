// SPDX-License-Identifier: MIT
// What instances of a program's own exceptions borrow from builtin ones.
#ifndef MPH_OBJECT_EXCEPTION_H
#define MPH_OBJECT_EXCEPTION_H

#include "object/value.h"

extern const struct kind kind_exception;

// The exception under another name than its type's.
void print_exception_as(struct printer *printer, const struct object *object, const char *name);

#endif
