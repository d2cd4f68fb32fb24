// SPDX-License-Identifier: MIT
// What a word says, and what an address lies in, in words for people.
#ifndef MPH_OBJECT_MEANING_H
#define MPH_OBJECT_MEANING_H

#include "object/names.h"

// What the value of a word (a pointer wide, or as wide as an object word) may be:
// object, type, block, symbol, small int, qstr. Nothing when nothing is known.
void meaning_add_value(const struct names *names, uint64_t value, struct text *text);

// A block with its kind and name: "dict cache", "map table of dict cache".
void meaning_add_block(const struct names *names, uint64_t block, struct text *text);

// That, and of an object that has no name and is no part of another its value: "str 'abc'".
void meaning_add_title(const struct names *names, uint64_t block, struct text *text);

// What a block's byte belongs to: a member of its object, an element of its table.
// True when that is a plain number, which says nothing else.
bool meaning_add_member(const struct names *names, uint64_t block, uint64_t address,
                        struct text *text);

// "symbol+0x12"; false without a symbol there.
bool meaning_add_symbol(const struct objects *objects, uint64_t address, struct text *text);

#endif
