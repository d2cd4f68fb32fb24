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
    ROOTS_REGISTERS, // of the core that would collect
    ROOTS_STACK,     // the C stack of the thread that would: the current one, else the main one
    ROOTS_TIMERS,    // the queue of soft timers
    ROOTS_THREADS,   // the list of threads, and the stacks of the others
    ROOTS_SETS,
};

enum roots_found {
    ROOTS_ABSENT,  // this firmware has none
    ROOTS_READ,    // all of them
    ROOTS_PARTLY,  // some; the others are among words that are known
    ROOTS_MISSING, // there are some, and not all are known
    ROOTS_UNKNOWN, // whether there are any takes the firmware's symbols
};

struct roots {
    enum roots_found found;
    const char *why;     // not all, in words; NULL: nothing to say
    uint64_t start, end; // where they lie; 0: in registers, or at several places
    uint64_t words;
};

// Words of a set that lie together.
struct root_span {
    enum root_set set;
    bool is_doubtful;        // may be roots as well: that is not known
    uint64_t start, end;     // 0: registers
    const struct regs *regs; // those
    uint64_t thread;         // of ROOTS_THREADS: id of the one that they belong to (vm/threads.h)
};

struct root_words {
    const struct objects *objects;
    struct roots sets[ROOTS_SETS];
    struct vec spans;      // of struct root_span, in order of sets
    bool is_out_of_memory; // while they are found
};

// Find where the words of all sets lie. Damage is never an error. `ret` is to be released.
int root_words_find(struct root_words *ret, const struct objects *objects, struct mph_err *err);
void root_words_deinit(struct root_words *roots);

// Whether there are words that may be roots.
bool root_words_have_doubt(const struct root_words *roots);

// One that holds a head.
struct root_word {
    enum root_set set;
    bool is_doubtful; // may be a root, or not
    uint64_t at;      // its address; 0: a register
    const char *reg;  // the register's name, as long as the target's registers live; else NULL
    uint64_t thread;  // of ROOTS_THREADS: id of the one that it belongs to
    uint64_t block;   // number of the head whose address it holds
};

// Calls `visit` for each word of a set that holds a head, in order of addresses, thread by
// thread.
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
