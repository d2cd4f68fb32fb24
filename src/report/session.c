// SPDX-License-Identifier: MIT
#include "report/session.h"

#include <stdlib.h>

#include "gc/letters.h"
#include "gc/witness.h"

enum { DEFAULT_TRIES = 5 };

void session_init(struct session *session)
{
    *session = (struct session){.ram = VEC_OF(struct range), .tries = DEFAULT_TRIES};
    target_init(&session->target);
}

void session_forget(struct session *session)
{
    session_drop_objects(session);
    if (session->has_heap)
        heap_deinit(&session->heap);
    if (session->has_layout)
        layout_deinit(&session->layout);
    session->has_heap = session->has_layout = false;
    target_forget_all(&session->target);
}

void session_deinit(struct session *session)
{
    if (session->has_before)
        inventory_deinit(&session->before);
    json_decref(session->before_document);
    session_forget(session);
    if (session->has_firmware)
        firmware_deinit(&session->firmware);
    target_deinit(&session->target);
    vec_deinit(&session->ram);
}

int session_load(struct session *session, bool wants_version, struct mph_err *err)
{
    struct firmware *firmware = session->has_firmware ? &session->firmware : NULL;
    struct layout_options options = {
        .ram = session->ram.data, .ram_count = session->ram.len, .wants_version = wants_version};
    int rc;

    if (!session->has_layout) {
        rc = layout_init(&session->layout, &session->target, firmware, &options, err);
        if (rc < 0)
            return rc;
        session->has_layout = true;
    }
    if (!session->has_heap) {
        struct heap_options heap_options = {.tries = session->tries};

        rc = heap_init(&session->heap, &session->target, &session->layout, &heap_options, err);
        if (rc < 0)
            return rc;
        session->has_heap = true;
    }
    return firmware ? witness_types(&session->heap, &session->target, firmware, err) : 0;
}

int session_open_objects(struct session *session, struct mph_err *err)
{
    int rc = session_load(session, false, err);

    if (rc == 0 && !session->has_objects) {
        rc = objects_open(&session->objects, &session->heap, &session->layout, &session->target,
                          session->has_firmware ? &session->firmware.symbols : NULL, err);
        session->has_objects = rc == 0;
    }
    return rc;
}

int session_load_objects(struct session *session, struct mph_err *err)
{
    int rc = session_load(session, false, err);

    if (rc == 0 && !session->has_objects) {
        rc = letters_hold(&session->heap, &session->target, session->tries, err);
        if (rc == 0)
            rc = objects_init(&session->objects, &session->heap, &session->layout, &session->target,
                              session->has_firmware ? &session->firmware.symbols : NULL, err);
        session->has_objects = rc == 0;
    }
    if (rc == 0)
        objects_allow_lookups(&session->objects);
    return rc;
}

void session_drop_objects(struct session *session)
{
    if (session->has_objects)
        objects_deinit(&session->objects);
    session->has_objects = false;
}
