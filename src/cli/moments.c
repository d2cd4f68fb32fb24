// SPDX-License-Identifier: MIT
#include "cli/moments.h"

#include <stdlib.h>
#include <string.h>

#include "report/before.h"
#include "target/stream.h"

// --- two dumps ---

static int add_image(struct vec *images, const struct image_option *image, struct mph_err *err)
{
    struct image_option *slot = vec_add(images);

    if (!slot)
        return mph_fail_no_memory(err);
    *slot = *image;
    return 0;
}

// The options' images, and in front of them one more, in the place of one at its address.
static int open_images(struct session *session, struct options *options,
                       const struct image_option *image, struct mph_err *err)
{
    struct vec images = VEC_OF(struct image_option);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < options->images.len; i++) {
        const struct image_option *other = vec_at(&options->images, i);

        if (other->address != image->address)
            rc = add_image(&images, other, err);
    }
    if (rc == 0)
        rc = add_image(&images, image, err);
    options->images = images;
    if (rc == 0)
        rc = open_session(session, options, NULL, err);
    vec_deinit(&images);
    return rc;
}

// A target that the options name besides is not asked: doors name theirs with every report.
static int open_file(struct session *session, const struct options *all, const char *file,
                     struct mph_err *err)
{
    struct options options = *all;
    struct image_option image = {0};
    size_t length = image_parse(file, &image.address);
    char *path = length ? strndup(file, length) : NULL;
    int rc;

    options.openocd = options.target = options.gdb = NULL;
    image.path = path;
    if (!length) {
        options.core = file;
        rc = open_session(session, &options, NULL, err);
    } else {
        rc = path ? open_images(session, &options, &image, err) : mph_fail_no_memory(err);
    }
    free(path);
    return rc;
}

// --- one target ---

// A GDB stub stops the target while someone is connected, and then lets it go.
static bool is_held_by_link(const struct target *target)
{
    return !strcmp(target->link.ops->name, "gdb");
}

static int check_runs(const struct target *target, struct mph_err *err)
{
    if (!target->link.ops || target->state == RUN_DUMP)
        return mph_fail(err, MPH_ERR_UNSUPPORTED,
                        "diff: a dump has one moment: --live wants a target that runs");
    if (target->state == RUN_HALTED && !target->was_running && !is_held_by_link(target))
        return mph_fail(err, MPH_ERR_UNSUPPORTED,
                        "diff: the target is halted, and --live does not let it run (nor can GDB "
                        "during a command, but see its `set mpheap link openocd')");
    return 0;
}

// --- both ---

static int open_one(struct session *session, const struct options *options, const char *file,
                    const struct own_target *own, struct mph_err *err)
{
    return file ? open_file(session, options, file, err) : open_session(session, options, own, err);
}

// What is kept of the earlier moment.
struct earlier {
    struct inventory inventory;
    json_t *document;
};

static int describe(struct session *session, const struct report *report, struct earlier *ret,
                    struct mph_err *err)
{
    int rc = 0;

    ret->document = NULL;
    if (report->describe_before)
        rc = report->describe_before(session, &ret->document, err);
    if (rc == 0)
        rc = session_take_before(session, &ret->inventory, err);
    if (rc < 0)
        json_decref(ret->document);
    return rc;
}

static int take_first(struct earlier *ret, const struct options *options,
                      const struct moments *moments, const struct own_target *own,
                      struct mph_err *err)
{
    struct options first = *options;
    struct session session;

    // Beside a file, the target that a door names is of the same firmware.
    if (!moments->after && own && !options->elf && !options_have_target(options))
        first.elf = own->elf;
    int rc = open_one(&session, &first, moments->before, own, err);
    if (rc < 0)
        return rc;
    rc = moments->before ? 0 : check_runs(&session.target, err);
    if (rc == 0)
        rc = describe(&session, options->report, ret, err);
    session_deinit(&session);
    return rc;
}

static int open_two(struct session *session, const struct options *options,
                    const struct moments *moments, const struct own_target *own,
                    struct mph_err *err)
{
    struct earlier before;
    int rc;

    if (moments->after && options->core)
        return mph_fail(err, MPH_ERR_USAGE, "usage: A and B are the cores or images to compare");
    rc = take_first(&before, options, moments, own, err);
    if (rc < 0)
        return rc;
    if (!moments->before)
        rc = stream_pause(moments->seconds, err);
    if (rc == 0)
        rc = open_one(session, options, moments->after, own, err);
    if (rc < 0) {
        inventory_deinit(&before.inventory);
        json_decref(before.document);
        return rc;
    }
    session->before = before.inventory;
    session->before_document = before.document;
    session->has_before = true;
    return 0;
}

int open_moments(struct session *session, const struct options *options,
                 const struct own_target *own, struct mph_err *err)
{
    const struct report *report = options->report;
    struct moments moments;

    if (report->moments && report->moments(options->report_options, &moments))
        return open_two(session, options, &moments, own, err);
    return open_session(session, options, own, err);
}
