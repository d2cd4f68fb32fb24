// SPDX-License-Identifier: MIT
// All of it as one HTML file.
#include <string.h>

#include "base/version.h"
#include "report/page.h"
#include "report/page_moment.h"
#include "report/part.h"

struct page_options {
    const char *path, *before;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct page_options *options = state->input;

    if (key != ARGP_KEY_ARG || options->before)
        return ARGP_ERR_UNKNOWN;
    *(options->path ? &options->before : &options->path) = argument;
    return 0;
}

static const struct argp page_argp = {NULL, parse_option, NULL, NULL, NULL, NULL, NULL};

static const char *check_options(const void *raw_options)
{
    const struct page_options *options = raw_options;

    return options->path ? NULL : "FILE is missing";
}

static bool get_moments(const void *raw_options, struct moments *ret)
{
    const struct page_options *options = raw_options;

    *ret = (struct moments){.before = options->before};
    return options->before;
}

// --- the document ---

// What was read, from what `info` says of it.
static json_t *input_json(const json_t *moment)
{
    const json_t *info = json_object_get(json_object_get(moment, "reports"), "info");
    const json_t *firmware = json_object_get(info, "firmware");
    const char *version = json_string_of(firmware, "version");

    return json_sprintf("MicroPython%s%s, target: %s, known from: %s", *version ? " " : "", version,
                        json_string_of(json_object_get(info, "state"), "target"),
                        json_string_of(firmware, "tier"));
}

static int describe_before(struct session *session, json_t **ret, struct mph_err *err)
{
    return page_moment(session, page_room() / 2, ret, err);
}

static int add_diff(struct session *session, json_t *document, struct mph_err *err)
{
    static const struct part diff = {{"diff"}};
    json_t *compared;
    int rc = part_document(session, &diff, &compared, err);

    if (rc >= 0)
        json_object_set_new(document, "diff", compared);
    return rc < 0 ? rc : 0;
}

static int make_document(struct session *session, json_t **ret, struct mph_err *err)
{
    json_t *moment;
    int rc = page_moment(session, page_room() / (session->has_before ? 2 : 1), &moment, err);

    if (rc < 0)
        return rc;
    json_t *document = json_pack("{s:s, s:o, s:[]}", "mpheap", MPHEAP_VERSION, "input",
                                 input_json(moment), "moments");
    json_t *moments = json_object_get(document, "moments");
    if (session->before_document)
        json_array_append(moments, session->before_document);
    if (json_array_append_new(moments, moment) < 0)
        rc = mph_fail_no_memory(err);
    if (rc == 0 && session->has_before)
        rc = add_diff(session, document, err);
    if (rc < 0)
        json_decref(document);
    else
        *ret = document;
    return rc;
}

// --- the report ---

static int say_file(const char *path, struct output *output, struct mph_err *err)
{
    if (output->is_json)
        return output_json(output, json_pack("{s:o}", "file", json_text(path)), err);
    text_puts(output->text, "the report is in ");
    text_escaped(output->text, path, strlen(path));
    text_putc(output->text, '\n');
    return 0;
}

static int run_page(struct session *session, const void *raw_options, struct output *output,
                    struct mph_err *err)
{
    const struct page_options *options = raw_options;
    json_t *document = NULL;
    int rc = page_check(options->path, err);

    if (rc == 0)
        rc = make_document(session, &document, err);
    if (rc < 0)
        return rc;
    rc = page_write(options->path, document, err);
    json_decref(document);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    return say_file(options->path, output, err);
}

const struct report report_page = {
    .name = "report",
    .arguments = "FILE [BEFORE]",
    .summary = "everything as one HTML file: map, objects, what keeps them, verdicts",
    .help = "FILE is a page that needs no network and no other file. It holds what the reports "
            "say of this moment, and every allocation with the shortest path that leads to it. "
            "BEFORE is a core, or an image as FILE@ADDR, of an earlier moment of the same "
            "firmware, in the place of the one at the same address: the page has both, and what "
            "changed. FILE appears whole or not at all. Over a link it reads all of the heap in "
            "use.",
    .argp = &page_argp,
    .options_size = sizeof(struct page_options),
    .check = check_options,
    .moments = get_moments,
    .describe_before = describe_before,
    .run = run_page,
};
