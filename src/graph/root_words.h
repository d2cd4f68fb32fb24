// SPDX-License-Identifier: MIT
// Where the collector begins: the words that it takes for pointers outside the heap.
//
// py/gc.c gc_collect_start and each port's gc_collect: the same in all releases but for
// the bounds (see section.h).
#ifndef MPH_GRAPH_ROOT_WORDS_H
#define MPH_GRAPH_ROOT_WORDS_H

#include "object/objects.h"

// Where roots lie. A port adds the last four of them (its gc_collect).
enum root_set {
    ROOTS_STATE,     // the root section of mp_state_ctx
    ROOTS_PYSTACK,   // frames of builds that keep them on a stack of their own
    ROOTS_REGISTERS, // of the core that runs the main thread
    ROOTS_STACK,     // the main thread's C stack
    ROOTS_TIMERS,    // the queue of soft timers
    ROOTS_THREADS,   // stacks of other threads
    ROOTS_SETS,
};

enum roots_found {
    ROOTS_ABSENT,  // this firmware has none
    ROOTS_READ,    // all of them
    ROOTS_PARTLY,  // some; the others are among words that are known
    ROOTS_MISSING, // there are some, and they are not known
    ROOTS_UNKNOWN, // whether there are any takes the firmware's symbols
};

struct roots {
    enum roots_found found;
    const char *why;     // not all, in words; NULL: nothing to say
    uint64_t start, end; // where they lie; 0 for registers
    uint64_t words;
};

// Words that may be roots as well, where that is not known.
struct root_doubt {
    enum root_set set;
    uint64_t start, end;
};

struct root_words {
    const struct objects *objects;
    struct roots sets[ROOTS_SETS];
    struct root_doubt doubts[3]; // in order of sets
    size_t doubt_count;
};

// Find the bounds of all sets. Damage is never an error.
int root_words_find(struct root_words *ret, const struct objects *objects, struct mph_err *err);

// One that holds a head.
struct root_word {
    enum root_set set;
    bool is_doubtful; // may be a root, or not
    uint64_t at;      // its address; 0: a register
    const char *reg;  // the register's name, as long as the target's registers live; else NULL
    uint64_t block;   // number of the head whose address it holds
};

// Calls `visit` for each word of a set that holds a head, in order of addresses.
struct root_walk {
    void (*visit)(void *context, const struct root_word *word);
    void *context;
    uint64_t unread;       // bytes that could not be read, in all walks
    uint64_t unread_first; // address of the first of them
};
void root_words_each(const struct root_words *roots, enum root_set set, struct root_walk *walk);

// The same for the words that may be roots.
void root_words_each_doubt(const struct root_words *roots, struct root_walk *walk);

// "mp_state_ctx", "C stack"
const char *root_set_name(enum root_set set);

#endif
