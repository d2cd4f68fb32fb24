// SPDX-License-Identifier: MIT
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/report.h"
#include "target/links.h"

static void broken(const char *promise, const char *text)
{
    fprintf(stderr, "broken promise: %s: %s\n", promise, text);
    abort();
}

// --- input ---

uint64_t input_take(struct input *input, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size && input->size; i++, input->bytes++, input->size--)
        value |= (uint64_t)*input->bytes << (8 * i);
    return value;
}

void memory_file_init(struct memory_file *file, const uint8_t *bytes, size_t size)
{
    file->fd = memfd_create("input", MFD_CLOEXEC);
    if (file->fd < 0 || write(file->fd, bytes, size) != (ssize_t)size)
        exit(2);
    snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
}

void memory_file_deinit(struct memory_file *file)
{
    close(file->fd);
}

// --- promises ---

static bool is_clean(const char *text, bool may_have_lines)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' && !(may_have_lines && *text == '\n'))
            return false;
    return true;
}

void check_error(int rc, const struct mph_err *err)
{
    if (rc >= 0)
        return;
    if (err->code != rc || !*err->text)
        broken("an error has its code and one line", err->text);
    if (!is_clean(err->text, false))
        broken("no control bytes in an error", err->text);
}

static void check_output(const struct output *output, const struct report *report)
{
    const struct text *text = output->text;

    if (text->len && strlen(text->bytes) != text->len)
        broken("no NUL in a report", report->name);
    if (!output->is_json && text->len && !is_clean(text->bytes, true))
        broken("no control bytes in a report", text->bytes);
    if (!output->is_json)
        return;
    json_t *document = text->len ? json_loadb(text->bytes, text->len, 0, NULL) : NULL;
    if (!document)
        broken("a JSON document can be parsed", text->len ? text->bytes : report->name);
    json_decref(document);
}

// --- reports ---

static void *report_options(const struct report *report, const struct report_manner *manner)
{
    void *options = calloc(1, report->options_size + 1);
    char *words[] = {(char *)report->name, (char *)"--verbose", NULL};

    // Reports without the option refuse it and keep their defaults.
    if (options && report->argp && manner->is_verbose)
        argp_parse(report->argp, 2, words, ARGP_SILENT, NULL, options);
    return options;
}

static void run_report(struct session *session, const struct report *report,
                       const struct report_manner *manner)
{
    void *options = report_options(report, manner);
    struct mph_err err = {0};
    struct output output;
    struct text text;

    text_init(&text, NULL);
    output_init(&output, &text, manner->is_json, false);
    int rc = options ? report->run(session, options, &output, &err) : 0;
    check_error(rc, &err);
    if (options && rc >= 0)
        check_output(&output, report);
    output_deinit(&output);
    text_deinit(&text);
    free(options);
}

void run_all_reports(struct session *session, const struct report_manner *manner)
{
    for (size_t i = 0; reports[i]; i++)
        if (!reports[i]->arguments)
            run_report(session, reports[i], manner);
}

// --- over a link ---

static int read_space(void *context, uint64_t address, void *bytes, size_t size)
{
    return space_read(context, address, bytes, size, NULL) < 0 ? -1 : 0;
}

void open_over_link(struct session *session, struct target *behind)
{
    struct link link;

    session_init(session);
    session->target.machine = behind->machine;
    session->target.word_bytes = behind->word_bytes;
    session->target.big_endian = behind->big_endian;
    session->target.regs = behind->regs;
    if (callback_open(read_space, &behind->space, RUN_HALTED, &link, NULL) < 0 ||
        target_add_link(&session->target, &link, false, NULL) < 0)
        exit(2);
}
