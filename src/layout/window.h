// SPDX-License-Identifier: MIT
// The window: the static words around the heap area structure, which is where
// mp_state_ctx lies in every era, and what can be recognised in them.
#ifndef MPH_LAYOUT_WINDOW_H
#define MPH_LAYOUT_WINDOW_H

#include "layout/layout.h"

struct window {
    struct target *target;
    size_t word_bytes;
    uint64_t address;
    uint64_t *words;
    size_t count;
};

// Read the words from `first` (or as near to it as memory allows) up to `end`.
int window_init(struct window *window, struct target *target, size_t word_bytes, uint64_t first,
                uint64_t end, struct mph_err *err);
void window_deinit(struct window *window);

// The word that points to the newest qstr pool, and the chain behind it. The
// longest chain wins. MPH_ERR_BAD_DATA when no word leads to one.
int window_find_qstrs(const struct window *window, struct qstrs *ret, struct mph_err *err);

// The type that its own first word points to, and which other types point to:
// py/objtype.c mp_type_type. MPH_ERR_BAD_DATA when none is in sight.
int window_find_metatype(const struct window *window, const struct qstrs *qstrs,
                         uint64_t *ret_metatype, enum type_form *ret_form, struct mph_err *err);

// How many words before the last_pool word the pair dict_locals, dict_globals
// begins; 0 when it is not found.
size_t window_find_dicts(const struct window *window, const struct layout *layout);

// The representation in which the keys of the static dicts are identifiers; REPR_UNKNOWN
// when there is none. Only a lost link is an error.
int window_find_repr(const struct window *window, const struct layout *layout, enum repr *ret,
                     struct mph_err *err);

#endif
