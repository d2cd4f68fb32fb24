// SPDX-License-Identifier: MIT
// Edges of the heap's graph as its collector sees them: words that hold the address of
// a head, wherever they stand.
//
// The collector is conservative (py/gc.c VERIFY_PTR, all eras): every aligned word counts
// that is the exact address of an allocation's first block, whatever it means to the
// program. The address of a tail, or one inside a block, keeps nothing.
#ifndef MPH_GRAPH_EDGES_H
#define MPH_GRAPH_EDGES_H

#include "object/objects.h"

struct edge {
    uint64_t at;    // address of the word
    uint64_t block; // number of the head whose address it holds
};

enum { EDGES_CHUNK = 1024 }; // bytes read at a time where memory is not at hand

// An iteration over a piece of memory; used again for the next piece.
struct edges {
    const struct objects *objects;
    uint64_t low, span;    // all pools lie in [low, low + span)
    bool is_deep;          // what a word leads to is gone through next (set after edges_init)
    uint64_t at, end;      // what is left of the piece
    const uint8_t *bytes;  // those at `at`, up to address `known`
    uint64_t known;        // where `bytes` ends
    uint64_t unread;       // bytes that could not be read, in all pieces
    uint64_t unread_first; // address of the first of them
    uint8_t buffer[EDGES_CHUNK];
};

void edges_init(struct edges *edges, const struct objects *objects);

// Go through the whole words from an address on, which must be aligned like a word.
void edges_begin(struct edges *edges, uint64_t address, uint64_t bytes);

// The next word that holds a head; false at the end. What cannot be read is passed over.
bool edges_next(struct edges *edges, struct edge *ret);

// Go through the words of an allocation.
void edges_begin_block(struct edges *edges, uint64_t block);

// Have the start of an allocation at hand by the time that it is gone through.
void edges_expect_block(const struct edges *edges, uint64_t block);

// Whether a word, wherever it was found, holds a head.
bool edges_word(const struct edges *edges, uint64_t word, uint64_t *ret_block);

// Declare to a link that all allocations will be read, whole. Nothing happens where
// memory is at hand.
int edges_declare(const struct objects *objects, struct mph_err *err);

#endif
