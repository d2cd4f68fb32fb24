// SPDX-License-Identifier: MIT
#include "report/page_moment.h"

#include "report/page_loose.h"
#include "report/page_objects.h"
#include "report/part.h"

// Those that need not know what each block is come first, and find the session as if each were
// the only one. The others share the objects that the first of them loads.
static const struct part parts[] = {
    {{"bounds"}},   {{"info"}},   {{"qstr"}},     {{"fault"}},   {{"bt"}},    {{"fit", "1024"}},
    {{"diagnose"}}, {{"types"}},  {{"retained"}}, {{"garbage"}}, {{"check"}}, {{"tasks"}},
};
enum { PARTS = sizeof parts / sizeof *parts, FIRST_TO_LOAD = 6 };

struct moment_document {
    struct session *session;
    size_t room; // bytes of the page
    json_t *reports, *errors, *objects;
    struct vec notes;
};

// Whether a report failed in a way that leaves the others something to say.
static int keep_error(struct moment_document *moment, const char *name, int rc,
                      const struct mph_err *reason, struct mph_err *err)
{
    if (part_is_fatal(rc))
        return mph_fail_again(err, reason);
    json_object_set_new(moment->errors, name, json_text(reason->text));
    return 0;
}

static int add_report(struct moment_document *moment, const struct part *part, struct mph_err *err)
{
    struct mph_err reason = {0};
    json_t *document;

    int rc = part_document(moment->session, part, &document, &reason);
    if (rc < 0)
        return keep_error(moment, part->words[0], rc, &reason, err);
    return json_object_set_new(moment->reports, part->words[0], document) == 0
               ? 0
               : mph_fail_no_memory(err);
}

// What the reports say takes little beside the objects of a large heap.
static int add_objects(struct moment_document *moment, struct mph_err *err)
{
    struct mph_err reason = {0};
    int rc = page_objects(moment->session, moment->room / 20 * 19, &moment->notes, &moment->objects,
                          &reason);

    return rc < 0 ? keep_error(moment, "objects", rc, &reason, err) : 0;
}

static int gather(struct moment_document *moment, struct mph_err *err)
{
    int rc = session_load(moment->session, true, err);

    for (size_t i = 0; rc == 0 && i < PARTS; i++) {
        if (i <= FIRST_TO_LOAD)
            session_drop_objects(moment->session);
        rc = add_report(moment, &parts[i], err);
    }
    return rc < 0 ? rc : add_objects(moment, err);
}

static json_t *notes_json(const struct vec *notes)
{
    json_t *list = json_array();

    for (size_t i = 0; i < notes->len; i++)
        json_array_append_new(list, json_text(notes_text(notes, i)));
    return list;
}

int page_moment(struct session *session, size_t room, json_t **ret, struct mph_err *err)
{
    struct moment_document moment = {.session = session,
                                     .room = room,
                                     .reports = json_object(),
                                     .errors = json_object(),
                                     .notes = NOTES};
    int rc = gather(&moment, err);
    json_t *document = NULL;

    if (rc == 0)
        document = json_pack("{s:O, s:O, s:o*, s:o*, s:o}", "reports", moment.reports, "errors",
                             moment.errors, "objects", moment.objects, "loose",
                             page_loose(&session->heap, session->layout.block_bytes), "notes",
                             notes_json(&moment.notes));
    json_decref(moment.reports);
    json_decref(moment.errors);
    vec_deinit(&moment.notes);
    if (rc < 0)
        return rc;
    if (!document)
        return mph_fail_no_memory(err);
    *ret = document;
    return 0;
}
