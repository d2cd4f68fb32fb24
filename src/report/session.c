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

void session_deinit(struct session *session)
{
    if (session->has_objects)
        objects_deinit(&session->objects);
    if (session->has_heap)
        heap_deinit(&session->heap);
    if (session->has_layout)
        layout_deinit(&session->layout);
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

// --- declaring ---

// Bytes of a block that its value's first line, or a name, may need; of a table all.
enum { CONTENT_BYTES_MAX = 128, BATCH = 4096 };

struct contents {
    struct session *session;
    struct range ranges[BATCH];
    size_t count;
    int rc;
    struct mph_err *err;
};

static void declare(struct contents *contents)
{
    if (contents->rc == 0)
        contents->rc = target_fetch(&contents->session->target, contents->ranges, contents->count,
                                    contents->err);
    contents->count = 0;
}

static int declare_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct contents *contents = context;
    const struct kind *kind = objects_kind(&contents->session->objects, block);
    bool is_whole = kind == &kind_map_table;

    contents->ranges[contents->count++] =
        (struct range){address, is_whole || bytes < CONTENT_BYTES_MAX ? bytes : CONTENT_BYTES_MAX};
    if (contents->count == BATCH)
        declare(contents);
    return contents->rc;
}

int session_declare_contents(struct session *session, struct mph_err *err)
{
    if (!session->target.cache)
        return 0;
    struct contents *contents = calloc(1, sizeof *contents);
    if (!contents)
        return mph_fail_no_memory(err);
    contents->session = session;
    contents->err = err;
    objects_each_head(&session->objects, &(struct head_walk){declare_head, contents});
    declare(contents);
    int rc = contents->rc;
    free(contents);
    return rc;
}
