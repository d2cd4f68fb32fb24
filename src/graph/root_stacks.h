// SPDX-License-Identifier: MIT
// For root_words.c: the stacks that a collection looks at, as each port has it do.
#ifndef MPH_GRAPH_ROOT_STACKS_H
#define MPH_GRAPH_ROOT_STACKS_H

#include "graph/root_words.h"
#include "vm/threads.h"

// The stack of the thread that would collect: of the current one, or of the main one where
// none is or threads are not known.
int root_stacks_find_own(struct root_words *roots, const struct threads *threads,
                         struct mph_err *err);

// What mp_thread_gc_others looks at: the list, and stacks of the other threads.
void root_stacks_find_others(struct root_words *roots, const struct threads *threads);

// Add words; without any nothing happens. Those that are no doubt count in their set's.
void root_spans_add(struct root_words *roots, const struct root_span *span);
// The set is these words, all of which are known.
void root_spans_bound(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end);
// These may belong to it, too.
void root_spans_doubt(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end);

#endif
