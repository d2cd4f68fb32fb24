// SPDX-License-Identifier: MIT
// Names that a person would give to objects: module.attr, Class.method, a dict's key,
// the local of a frame. The shortest way from a module or a frame wins; functions and
// classes that are further away than that have their own.
#ifndef MPH_OBJECT_NAMES_H
#define MPH_OBJECT_NAMES_H

#include "base/text.h"
#include "object/objects.h"

struct names {
    const struct objects *objects;
    uint32_t *by_head; // place in `list`, by number of a head; 0: no name
    struct vec list;   // of struct name; the first is none
};

// Names for everything that a module or a frame leads to. Over a link it reads the
// tables of all maps.
int names_init(struct names *names, const struct objects *objects, struct mph_err *err);
void names_deinit(struct names *names);

// Add the name of the object (or block) of that number; false when it has none.
bool names_add(const struct names *names, uint64_t block, struct text *text);

// The place of a head's own name, by its block; 0: it has none.
uint32_t names_place(const struct names *names, uint64_t block);

// Names are a tree, by their places in the list: the parent of one, always at a smaller
// place (0: it has none), the address of what is named, which may be a module outside the
// heap, and the name in words.
uint32_t names_parent(const struct names *names, uint32_t place);
uint64_t names_address(const struct names *names, uint32_t place);
void names_add_place(const struct names *names, uint32_t place, struct text *text);

// The dict (its address) that holds the attributes of a module or class.
bool object_namespace(const struct objects *objects, const struct object *object,
                      uint64_t *ret_dict);

#endif
