// SPDX-License-Identifier: MIT
// The letters of map --rich: one for every kind of block.
#ifndef MPH_REPORT_RICH_H
#define MPH_REPORT_RICH_H

#include "gc/letters.h"
#include "object/objects.h"

// As letters_walk, with a letter for every kind; a head of unknown kind is '?'.
int rich_walk(const struct objects *objects, const struct gc_area *area, struct letters *letters,
              struct mph_err *err);

// Calls `add` for each letter there is, those of objects first.
void rich_each_letter(void *context, void (*add)(void *context, char letter, const char *meaning));

#endif
