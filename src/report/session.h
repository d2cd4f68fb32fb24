// SPDX-License-Identifier: MIT
// What a report works on: an opened target and what is known of its firmware.
#ifndef MPH_REPORT_SESSION_H
#define MPH_REPORT_SESSION_H

#include <jansson.h>
#include <stdbool.h>

#include "elf/firmware.h"
#include "gc/heap.h"
#include "graph/inventory.h"
#include "layout/layout.h"
#include "object/objects.h"
#include "target/target.h"

struct unwinder; // report/native.h
struct session;

// How a session that lost its link gets another one, with the same target behind it.
struct opener {
    // The session is given up and opened anew; on error it is empty.
    int (*open)(void *context, struct session *session, struct mph_err *err);
    void *context;
};

struct session {
    struct target target;
    struct firmware firmware;
    struct vec ram;                  // of struct range: what --ram says
    unsigned tries;                  // reads of a running target's tables before giving up
    const struct opener *opener;     // borrowed; NULL: what is lost stays lost
    const struct unwinder *unwinder; // of the target's C stack, borrowed; NULL: there is none

    struct layout layout;
    struct heap heap;
    struct objects objects;
    struct inventory before; // of a report on two moments: the earlier one
    json_t *before_document; // and what the report wants besides of it; or NULL
    bool has_firmware, has_layout, has_heap, has_objects, has_before;
};

void session_init(struct session *session);
void session_deinit(struct session *session);

// The layout and the heap, loaded once. With `wants_version` a version string is
// searched for even where that costs reads.
int session_load(struct session *session, bool wants_version, struct mph_err *err);

// That, and what it takes to say what is at an address: no block has a name. For
// reports that do without names, since session_load_objects adds nothing afterwards.
int session_open_objects(struct session *session, struct mph_err *err);

// The layout, the heap, and every block of it named. Over a link it reads the first word of
// each head, between two reads of the tables that agree where the target runs.
int session_load_objects(struct session *session, struct mph_err *err);

// Between reports of one session: the next one finds no more than the heap, as if it were the
// first.
void session_drop_objects(struct session *session);

// Keep the link, and forget all that was read and learned: the target has begun anew.
void session_forget(struct session *session);

#endif
