// SPDX-License-Identifier: MIT
// What the parts of a check share: check.c, check_*.c.
#ifndef MPH_GRAPH_CHECK_PARTS_H
#define MPH_GRAPH_CHECK_PARTS_H

#include "graph/check.h"

// What C code is at work on right now, and whether that may be the allocator.
struct worker {
    uint8_t *touched;     // a bit a block: heads that registers and the innermost stack lead to
    uint8_t *exact;       // heads that an object refers to as an object
    uint8_t *reported;    // heads whose header was reported
    struct vec loose;     // of uint32_t: lists with items that are no objects
    uint64_t budget;      // slots that may still be looked at
    struct finding spare; // for findings beyond those that are kept
    bool is_loose_pass;
    bool is_allocating; // the allocator or the collector is on the stack
    bool may_allocate;  // or nothing says that it is not
};

// A finding. It lives until the next one; beyond the most that are kept it is counted only.
struct finding *damage_add(struct check *check, enum damage kind, bool is_unsettled,
                           uint64_t address, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// What it may come from, unless that was said before.
void finding_explain(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// What it is about: a head, and the block below, which may have written past its end.
void damage_about(struct check *check, struct finding *finding, uint64_t block);

// Where an address lies.
enum spot {
    SPOT_OUTSIDE,
    SPOT_TABLES, // in the tables of an area
    SPOT_FREE,
    SPOT_TAIL, // in the middle of an allocation
    SPOT_HEAD,
};
enum spot spot_of(const struct check *check, uint64_t address, uint64_t *ret_block);

// Whether something was at work on an object in the middle of a change.
bool is_in_work(const struct check *check, const struct object *object);

static inline bool bit_get(const uint8_t *bits, uint64_t index)
{
    return bits[index / 8] >> index % 8 & 1;
}

static inline void bit_set(uint8_t *bits, uint64_t index)
{
    bits[index / 8] |= (uint8_t)(1 << index % 8);
}

int worker_init(struct check *check, struct mph_err *err);
void worker_deinit(struct check *check);

void check_areas(struct check *check);
void check_tables(struct check *check);
void check_objects(struct check *check);
void check_object(struct check *check, const struct object *object, const char *name);
void check_contents(struct check *check, const struct object *object, const char *name);
void check_qstrs(struct check *check);

#endif
