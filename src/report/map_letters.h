// SPDX-License-Identifier: MIT
// The letters of a map: the firmware's own, or one for every kind.
#ifndef MPH_REPORT_MAP_LETTERS_H
#define MPH_REPORT_MAP_LETTERS_H

#include "gc/letters.h"
#include "report/report.h"

// The letters of an area. For `is_rich` the session's objects must be loaded.
int map_letters_walk(struct session *session, bool is_rich, const struct gc_area *area,
                     struct letters *letters, struct mph_err *err);

// Calls `add` for each letter there is, with what it stands for.
void map_letters_each(bool is_rich, void *context,
                      void (*add)(void *context, char letter, const char *meaning));

// Say what a walk could not read.
void map_letters_note_unread(const struct letters *letters, struct output *output);

#endif
