// SPDX-License-Identifier: MIT
// What contradicts itself in a heap: its areas, its tables, the headers of its objects,
// what they refer to, and the interned strings.
//
// What the collector or the allocator leaves in the middle of its work is not damage:
// where that may explain a finding, it is unsettled. Objects that nothing leads to may
// refer to what was freed with them, and are not looked at.
#ifndef MPH_GRAPH_CHECK_H
#define MPH_GRAPH_CHECK_H

#include "graph/mark.h"

enum damage {
    DAMAGE_AREA,      // the list of areas, or an area's structure
    DAMAGE_TABLE,     // the allocation table, and what points into it
    DAMAGE_BITS,      // the tables of finalisers and weak references
    DAMAGE_HEADER,    // what should begin with a type, and does not
    DAMAGE_SIZE,      // lengths that do not fit each other or the allocation
    DAMAGE_CONTENT,   // tables, words and text that make no sense
    DAMAGE_REFERENCE, // a pointer to a free block, into a block, or out of the heap
    DAMAGE_QSTR,      // pools of interned strings
    DAMAGE_KINDS,
};

enum { CHECK_NO_BLOCK = UINT32_MAX, CHECK_TEXT = 200, CHECK_STEP = 64 };

struct finding {
    enum damage kind;
    // What is at work in the heap, or may be, explains it; only a finding that is not
    // unsettled says that the heap is damaged.
    bool is_unsettled;
    uint64_t address;      // of the damaged bytes
    uint64_t block;        // the head that it is about, or CHECK_NO_BLOCK
    const char *name;      // of what it is about outside of the heap; NULL: of a block, or nothing
    uint64_t from;         // the head that refers to the damaged one, or CHECK_NO_BLOCK
    uint64_t below;        // the head of the allocation that ends where the damaged one begins
    char step[CHECK_STEP]; // the way from `from`: "[3]"
    char text[CHECK_TEXT]; // what is wrong
    char why[CHECK_TEXT];  // what it may come from; "": nothing to say
};

struct check {
    const struct objects *objects;
    struct mark mark;    // which objects are looked at
    struct vec findings; // of struct finding: the first `most` of them
    size_t most;
    uint64_t damages, unsettled; // how many there are of each
    // What was looked at.
    uint64_t areas, blocks, heads, maps, references, qstrs;
    uint64_t by_kind[KINDS_MAX]; // objects, by number of their kind
    uint64_t object_count;       // their sum
    uint64_t garbage;            // heads that nothing leads to
    bool is_collecting;          // a collection is in progress
    struct worker *worker;       // while checking
};

// Check a heap whose blocks have names. Time is linear in the heap; over a link all of the
// heap in use is read. At most `most` findings are kept, the others counted.
int check_init(struct check *check, const struct objects *objects, size_t most,
               struct mph_err *err);
void check_deinit(struct check *check);

// "area", "table", "bits", ...
const char *damage_name(enum damage kind);

#endif
