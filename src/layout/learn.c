// SPDX-License-Identifier: MIT
#include "layout/learn.h"

#include "layout/era.h"
#include "layout/members.h"
#include "layout/window.h"

// What is not found is noted, not an error; only a lost link is one.
static int learn_in_window(struct layout *layout, struct window *window, size_t *dicts_back,
                           struct mph_err *err)
{
    struct mph_err why = {0};
    uint64_t metatype;
    int rc = window_find_qstrs(window, &layout->qstrs, &why);

    if (rc == 0) {
        layout->qstrs_how = HOW_MEASURED;
        rc = window_find_metatype(window, &layout->qstrs, &metatype, &layout->type_form, &why);
    }
    if (rc == MPH_ERR_BAD_DATA || rc == MPH_ERR_READ) {
        notes_add(&layout->notes, "%s", why.text);
        return 0;
    }
    if (rc < 0)
        return mph_fail_again(err, &why);
    if (layout->metatype_how == HOW_SYMBOL && layout->metatype != metatype)
        notes_add(&layout->notes,
                  "types: mp_type_type is at 0x%llx by symbol, at 0x%llx by invariant",
                  (unsigned long long)layout->metatype, (unsigned long long)metatype);
    else
        layout->metatype = metatype;
    if (layout->metatype_how == HOW_UNKNOWN)
        layout->metatype_how = HOW_MEASURED;
    *dicts_back = window_find_dicts(window, layout);
    return 0;
}

// Bytes before the area structure in which mp_state_ctx begins; the largest seen in
// a real build has 1,900. Also what a wrong size in an ELF may make it at most.
enum { WINDOW_BYTES = 4096, WINDOW_BYTES_MAX = 16 * WINDOW_BYTES };

static int open_window(struct window *window, const struct layout *layout, struct target *target,
                       struct mph_err *err)
{
    bool is_given = layout->ctx_how == HOW_SYMBOL && layout->ctx < layout->area &&
                    layout->area - layout->ctx <= WINDOW_BYTES_MAX;
    uint64_t first = is_given                      ? layout->ctx
                     : layout->area > WINDOW_BYTES ? layout->area - WINDOW_BYTES
                                                   : 0;

    return window_init(window, target, layout->word_bytes, first & ~7ull, layout->area, err);
}

static int learn(struct layout *layout, struct target *target, size_t *dicts_back,
                 struct mph_err *err)
{
    struct window window;
    int rc = open_window(&window, layout, target, err);

    if (rc < 0)
        return rc;
    rc = learn_in_window(layout, &window, dicts_back, err);
    window_deinit(&window);
    return rc;
}

int learn_structures(struct layout *layout, struct target *target, struct mph_err *err)
{
    size_t dicts_back = 0;
    int rc = learn(layout, target, &dicts_back, err);

    if (rc == 0 && layout->type_form)
        era_from_objects(layout, dicts_back);
    if (rc == 0 && dicts_back)
        members_from_anchors(layout, target, dicts_back);
    return rc;
}

int layout_learn_objects(struct layout *layout, struct target *target, struct mph_err *err)
{
    bool is_new = !layout->qstrs_how;
    size_t dicts_back = 0;
    struct window window;
    int rc = is_new ? learn(layout, target, &dicts_back, err) : 0;

    if (rc == 0 && is_new && layout->qstrs_how)
        members_from_pools(layout, dicts_back);
    if (rc < 0 || layout->repr || !layout->type_form)
        return rc;
    rc = open_window(&window, layout, target, err);
    if (rc < 0)
        return rc;
    rc = window_find_repr(&window, layout, &layout->repr, err);
    layout->repr_how = layout->repr ? HOW_MEASURED : HOW_UNKNOWN;
    window_deinit(&window);
    return rc;
}
