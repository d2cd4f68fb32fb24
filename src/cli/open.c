// SPDX-License-Identifier: MIT
#include "cli/open.h"

#include <string.h>

#include "target/links.h"

static int add_files(struct session *session, const struct options *options, struct mph_err *err)
{
    int rc = options->core ? target_add_core(&session->target, options->core, err) : 0;

    if (rc == 0 && options->hex)
        rc = target_add_hex(&session->target, options->hex, err);
    for (size_t i = 0; rc == 0 && i < options->images.len; i++) {
        const struct image_option *image = vec_at(&options->images, i);
        rc = target_add_image(&session->target, image->path, image->address, err);
    }
    return rc;
}

static int add_link(struct session *session, const struct options *options,
                    const struct own_target *own, struct mph_err *err)
{
    struct openocd_options openocd = {options->openocd, options->target, options->timeout};
    struct link link;
    int rc;

    if (options->openocd)
        rc = openocd_open(&openocd, &link, err);
    else if (options->gdb)
        rc = rsp_open(options->gdb, options->timeout, &link, err);
    else
        rc = own->open(own->context, &link, err);
    return rc < 0 ? rc : target_add_link(&session->target, &link, options->may_halt, err);
}

// The ELF is compared with the memory before its flash stands in for it.
static int add_elf(struct session *session, const char *path, struct mph_err *err)
{
    int rc = firmware_init(&session->firmware, path, &session->target, err);

    if (rc < 0)
        return rc;
    session->has_firmware = true;
    rc = firmware_check_flash(&session->firmware, &session->target, err);
    return rc < 0 ? rc : target_add_elf(&session->target, path, err);
}

static int add_registers(struct session *session, const struct options *options,
                         const struct own_target *own, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < options->regs.count; i++)
        regs_set(&session->target.regs, options->regs.list[i].name, options->regs.list[i].value);
    if (own && own->add_registers && !options_have_target(options))
        rc = own->add_registers(own->context, &session->target, err);
    if (rc == 0 && own && own->core && !options_have_target(options))
        target_add_core_notes(&session->target, own->core);
    return rc;
}

static int add_ram(struct session *session, const struct options *options, struct mph_err *err)
{
    for (size_t i = 0; i < options->ram.len; i++) {
        struct range *range = vec_add(&session->ram);

        if (!range)
            return mph_fail_no_memory(err);
        *range = *(struct range *)vec_at(&options->ram, i);
    }
    return 0;
}

static bool needs_target(const struct options *options)
{
    const struct report *report = options->report;

    return !report || !report->needs_no_target || !report->needs_no_target(options->report_options);
}

static int check(const struct options *options, const struct own_target *own, struct mph_err *err)
{
    if (options->openocd && options->gdb)
        return mph_fail(err, MPH_ERR_USAGE, "usage: --openocd and --gdb exclude each other");
    if (options->target && !options->openocd)
        return mph_fail(err, MPH_ERR_USAGE, "usage: --target goes with --openocd");
    if (needs_target(options) && !options_have_target(options) && (!own || !own->open))
        return mph_fail(err, MPH_ERR_USAGE,
                        "usage: which target? (--openocd, --gdb, --core, --image or --hex)");
    return 0;
}

static void adopt_own(struct session *session, const struct own_target *own)
{
    session->target.machine = own->machine;
    session->target.word_bytes = own->word_bytes;
    session->target.big_endian = own->big_endian;
    session->target.entry = own->entry;
    session->unwinder = own->unwinder;
}

static int open_parts(struct session *session, const struct options *options,
                      const struct own_target *own, struct mph_err *err)
{
    bool has_target = needs_target(options), is_own = own && !options_have_target(options);
    const char *elf = options->elf ? options->elf : is_own ? own->elf : NULL;
    int rc = add_ram(session, options, err);

    if (is_own)
        adopt_own(session, own);
    if (rc == 0 && has_target && (is_own || options->openocd || options->gdb))
        rc = add_link(session, options, own, err);
    if (rc == 0 && has_target)
        rc = add_files(session, options, err);
    if (rc == 0 && elf)
        rc = add_elf(session, elf, err);
    if (rc == 0)
        rc = add_registers(session, options, own, err);
    return rc;
}

int open_session(struct session *session, const struct options *options,
                 const struct own_target *own, struct mph_err *err)
{
    int rc = check(options, own, err);

    if (rc < 0)
        return rc;
    session_init(session);
    session->tries = options->tries;
    rc = open_parts(session, options, own, err);
    if (rc < 0)
        session_deinit(session);
    return rc;
}
