// SPDX-License-Identifier: MIT
// What changed between two moments of one heap.
//
// A thing is the same at both when it begins at the same address, has the same type, and
// (an object, which never moves or grows itself) is as long as before. What was freed and
// allocated again in the same place as the same type cannot be told from one that stayed.
#ifndef MPH_GRAPH_DIFF_H
#define MPH_GRAPH_DIFF_H

#include "graph/inventory.h"

// Of each pair: before, after.
enum { BEFORE, AFTER };

// Things of one type.
struct diff_type {
    const struct thing_type *type;
    uint64_t count[2], bytes[2];
    uint64_t new_count, gone_count;
    uint64_t grown_count, shrunk_count; // there at both, with more or fewer bytes
};

// New things below a holder that are of one type.
struct diff_part {
    const struct thing_type *type;
    uint64_t count, bytes;
};

// New things below a holder that one of them leads to, with itself.
struct diff_branch {
    uint32_t name; // place in the names of the later moment
    uint64_t count, bytes;
};

enum { DIFF_PARTS = 4 };

// No place.
enum { DIFF_NONE = UINT32_MAX };

// Something that was there before, or has appeared, or has gone with all below it; and how
// the things changed that it is the nearest to keep alone (see struct thing). Where none
// that stayed keeps a thing, it counts under the nearest on the way of its name, or of its
// keeper's. All that is new goes by the later moment, all that is gone by the earlier one.
struct diff_holder {
    uint64_t address;   // 0: of garbage, or of the things that nothing with a name leads to
    bool is_garbage;    // new garbage, and garbage that is gone
    bool is_outside;    // of the heap: a module in flash
    uint32_t thing[2];  // it, by its place in the moment's things, or DIFF_NONE
    int64_t own_change; // bytes of its own and of the blocks it holds
    uint64_t new_count, new_bytes, gone_count, gone_bytes;
    struct diff_part parts[DIFF_PARTS]; // of the new things, the largest first; count 0: no more
    struct diff_branch branch;          // the largest; count 0: there is none
};

struct diff {
    const struct inventory *moments[2];
    struct vec types;   // of struct diff_type that changed, the largest growth first
    struct vec holders; // of struct diff_holder whose bytes changed, the largest growth first
};

// MPH_ERR_BAD_DATA when the two are not of one firmware, or not at the same addresses.
// The moments must outlive *ret.
int diff_init(struct diff *ret, const struct inventory *before, const struct inventory *after,
              struct mph_err *err);
void diff_deinit(struct diff *diff);

static inline const struct diff_type *diff_type(const struct diff *diff, size_t index)
{
    return vec_at(&diff->types, index);
}

static inline const struct diff_holder *diff_holder(const struct diff *diff, size_t index)
{
    return vec_at(&diff->holders, index);
}

// Bytes more than before; negative: fewer. All holders add up to the change of what is in
// use, but for tails without a head; and so do all types.
static inline int64_t diff_type_change(const struct diff_type *type)
{
    return (int64_t)(type->bytes[AFTER] - type->bytes[BEFORE]);
}

static inline int64_t diff_holder_change(const struct diff_holder *holder)
{
    return holder->own_change + (int64_t)(holder->new_bytes - holder->gone_bytes);
}

#endif
