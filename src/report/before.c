// SPDX-License-Identifier: MIT
#include "report/before.h"

#include "report/report.h"

int fail_at_moment(struct mph_err *err, const struct mph_err *kept, const char *moment)
{
    return kept->has_address
               ? mph_fail_at(err, kept->code, kept->address, "%s: %s", moment, kept->text)
               : mph_fail(err, kept->code, "%s: %s", moment, kept->text);
}

int session_load_names(struct session *session, struct names *ret, struct mph_err *err)
{
    int rc = session_load_objects(session, err);

    return rc < 0 ? rc : names_init(ret, &session->objects, err);
}

static void keep_notes(const struct session *session, struct vec *notes)
{
    struct output output;

    output_init(&output, NULL, false, false);
    report_common_notes(session, &output);
    for (size_t i = 0; i < output.notes.len; i++)
        notes_add(notes, "before: %s", notes_text(&output.notes, i));
    output_deinit(&output);
}

int session_take_before(struct session *session, struct inventory *ret, struct mph_err *err)
{
    struct mph_err reason = {0};
    struct names names;
    int rc = session_load_names(session, &names, &reason);

    if (rc < 0)
        return fail_at_moment(err, &reason, "before");
    rc = inventory_take(ret, &session->objects, &names, err);
    if (rc == 0)
        keep_notes(session, &ret->notes);
    names_deinit(&names);
    return rc;
}
