// SPDX-License-Identifier: MIT
#include "cli/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/moments.h"
#include "cli/options.h"

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

// --- --output ---

static int write_file(void *context, const char *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size && fflush(context) == 0 ? 0 : MPH_ERR_FILE;
}

static int open_output(const char *path, struct sink *ret, struct mph_err *err)
{
    FILE *file = fopen(path, "we");

    if (!file)
        return mph_fail(err, MPH_ERR_FILE, "output: %s (%s)", strerror(errno), path);
    *ret = (struct sink){write_file, file, path};
    return 0; // cppcheck-suppress resourceLeak ; run_options closes it
}

// --- what goes besides the report ---

static void write_notes(const struct door *door, const struct output *output)
{
    struct text text;

    text_init(&text, &door->notes);
    for (size_t i = 0; i < output->notes.len; i++) {
        const char *note = notes_text(&output->notes, i);

        text_puts(&text, "mpheap: note: ");
        text_escaped(&text, note, strlen(note));
        text_putc(&text, '\n');
    }
    text_finish(&text, NULL);
    text_deinit(&text);
}

static void write_stats(const struct door *door, const struct session *session, double open_ms,
                        double report_ms)
{
    const struct link_stats *link = session->target.link.ops ? session->target.link.stats : NULL;
    struct text text;

    text_init(&text, &door->notes);
    if (link)
        text_printf(&text,
                    "mpheap: stats: %" PRIu64 " requests, %" PRIu64 " pieces, %" PRIu64
                    " bytes, %" PRIu64 " needed, link %.1f ms, ",
                    link->requests, link->pieces, link->bytes,
                    cache_needed_bytes(session->target.cache), link->seconds * 1e3);
    else
        text_puts(&text, "mpheap: stats: no link, ");
    text_printf(&text, "open %.1f ms, report %.1f ms\n", open_ms, report_ms);
    text_finish(&text, NULL);
    text_deinit(&text);
}

static void write_json_error(const struct sink *sink, const struct mph_err *err)
{
    struct text text;
    struct output output;
    json_t *body =
        json_pack("{s:s, s:o}", "code", mph_code_name(err->code), "text", json_text(err->text));

    if (body && err->has_address)
        json_object_set_new(body, "address", json_address(err->address));
    text_init(&text, sink);
    output_init(&output, &text, true, false);
    output_json(&output, json_pack("{s:o}", "error", body), NULL);
    text_finish(&text, NULL);
    output_deinit(&output);
    text_deinit(&text);
}

// --- the command ---

static int run_report(const struct door *door, const struct sink *sink,
                      const struct options *options, struct session *session, struct mph_err *err)
{
    struct text text;
    struct output output;
    bool has_color = options->color == COLOR_ALWAYS ||
                     (options->color == COLOR_AUTO && door->has_color && !options->output);

    text_init(&text, sink);
    output_init(&output, &text, options->is_json, has_color);
    output.is_dot = options->is_dot;
    if (has_color && !options->is_json && !options->output && !options->is_quiet)
        output.view = door->view;
    int rc = options->report->run(session, options->report_options, &output, err);
    int written = text_finish(&text, err);

    if (rc < 0) // what was missing in the input may be why
        report_common_notes(session, &output);

    if (!options->is_json && !options->is_quiet)
        write_notes(door, &output);
    output_deinit(&output);
    text_deinit(&text);
    return rc < 0 ? rc : written < 0 ? written : rc;
}

// --- a link that is lost ---

struct origin {
    const struct options *options;
    const struct own_target *own;
    struct opener opener;
};

static int open_again(void *context, struct session *session, struct mph_err *err)
{
    const struct origin *origin = context;

    session_deinit(session);
    int rc = open_session(session, origin->options, origin->own, err);
    if (rc < 0)
        session_init(session);
    session->opener = &origin->opener;
    return rc;
}

// Pipes from whoever started this are there once.
static bool is_served(const struct options *options)
{
    return options->openocd && !strcmp(options->openocd, "-");
}

static int run_with_target(const struct door *door, const struct sink *sink,
                           const struct options *options, struct mph_err *err)
{
    struct session session;
    struct origin origin = {options, door->own, {open_again, &origin}};
    double start = now_ms();
    int rc = open_moments(&session, options, door->own, err);

    if (rc < 0)
        return rc;
    double opened = now_ms();
    if (!is_served(options))
        session.opener = &origin.opener;
    rc = run_report(door, sink, options, &session, err);
    if (options->has_stats)
        write_stats(door, &session, opened - start, now_ms() - opened);
    session_deinit(&session);
    return rc;
}

static int run_options(const struct door *door, const struct options *options, struct mph_err *err)
{
    struct sink sink = door->out;
    int rc = 0;

    if (options->help)
        return door->out.write(door->out.context, options->help, strlen(options->help));
    if (options->output)
        rc = open_output(options->output, &sink, err);
    if (rc < 0)
        return rc;
    rc = run_with_target(door, &sink, options, err);
    if (rc < 0 && options->is_json)
        write_json_error(&sink, err);
    if (options->output && fclose(sink.context) != 0 && rc >= 0)
        rc = mph_fail(err, MPH_ERR_FILE, "output: %s (%s)", strerror(errno), options->output);
    return rc;
}

int run_command(const struct door *door, int argc, char **argv, struct mph_err *err)
{
    struct options options;
    int rc = options_parse(argc, argv, &options, err);

    if (rc < 0) {
        if (options_want_json(argc, argv))
            write_json_error(&door->out, err);
        return rc;
    }
    rc = run_options(door, &options, err);
    options_deinit(&options);
    return rc;
}
