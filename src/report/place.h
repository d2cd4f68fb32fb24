// SPDX-License-Identifier: MIT
// Addresses in code by the firmware's symbols.
#ifndef MPH_REPORT_PLACE_H
#define MPH_REPORT_PLACE_H

#include "report/report.h"

// The symbol that an address lies in, with its address as code is read: without the low
// bit of Thumb functions. False when there is none.
struct place {
    const char *name; // lives as long as the session
    uint64_t start, size;
};
bool place_find(const struct session *session, uint64_t address, struct place *ret);

// Further symbols that begin where a place does: aliases, handlers that are not defined.
size_t place_count_aliases(const struct session *session, const struct place *place);

// "symbol+0x12"; nothing without a symbol there.
void place_add(const struct session *session, uint64_t address, struct text *text);

// That as JSON under "symbol", if there is one.
void place_set(const struct session *session, uint64_t address, json_t *document);

#endif
