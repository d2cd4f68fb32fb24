// SPDX-License-Identifier: MIT
// One step from an allocation to what it holds, in words.
#ifndef MPH_REPORT_HOP_H
#define MPH_REPORT_HOP_H

#include "object/names.h"

// What of an object refers to something: an attribute, an entry, an item, a member.
struct hop {
    uint64_t at;    // address of the word
    bool is_exact;  // the word is known to refer to something; else it may only look so
    struct text by; // "dict['cache']", "list[41]", "Node.next", "bytes +0x14"
};

// What the word at an address of an allocation is. With `of` (the number of a block) an
// entry counts as an attribute of that, whose namespace the allocation's dict is;
// BLOCK_NOBODY: of nothing else. `is_bare`: without what the object is called. To be
// released.
void hop_describe(const struct names *names, uint64_t block, uint64_t at, uint64_t of, bool is_bare,
                  struct hop *ret);
void hop_deinit(struct hop *hop);

// The same for the word of `block` that holds `head`: of several, an exact one.
void hop_find(const struct names *names, uint64_t block, uint64_t head, uint64_t of, bool is_bare,
              struct hop *ret);

// Whether a step says nothing that the next one does not: from an object to the table or
// items that it holds.
bool hop_is_inside(const struct objects *objects, uint64_t block, uint64_t head);

// Whether `head` is the dict of the names of the module or class `block`.
bool hop_is_namespace(const struct objects *objects, uint64_t block, uint64_t head);

// The object that a block belongs to; the block itself where that is outside the heap.
uint64_t hop_object(const struct objects *objects, uint64_t block);

#endif
