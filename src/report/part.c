// SPDX-License-Identifier: MIT
#include "report/part.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// Options as the command line makes them. The words are the program's own; what they leave
// out, such as the files of diff, is in the session.
static void *parse_words(const struct report *report, const struct part *part)
{
    void *options = calloc(1, report->options_size + 1);
    char *words[PART_WORDS + 1] = {0};
    int count = 0;

    for (; count < PART_WORDS && part->words[count]; count++)
        words[count] = (char *)part->words[count];
    if (options && report->argp) {
        error_t rc = argp_parse(report->argp, count, words, ARGP_SILENT, NULL, options);

        assert(rc == 0);
        (void)rc;
    }
    return options;
}

static int run_into(struct session *session, const struct part *part, const struct sink *sink,
                    struct mph_err *err)
{
    const struct report *report = report_find(part->words[0]);
    void *options = parse_words(report, part);
    struct output output;
    struct text text;

    if (!options)
        return mph_fail_no_memory(err);
    text_init(&text, sink);
    output_init(&output, &text, true, false);
    int rc = report->run(session, options, &output, err);
    int written = text_finish(&text, err);
    output_deinit(&output);
    text_deinit(&text);
    free(options);
    return rc < 0 ? rc : written < 0 ? written : rc;
}

// --- one document ---

static int add_bytes(void *context, const char *bytes, size_t size)
{
    struct text *text = context;

    text_add(text, bytes, size);
    return text->failed;
}

int part_document(struct session *session, const struct part *part, json_t **ret,
                  struct mph_err *err)
{
    struct text text;

    text_init(&text, NULL);
    int rc = run_into(session, part, &(struct sink){add_bytes, &text}, err);
    json_t *document = rc >= 0 ? json_loadb(text.bytes, text.len, 0, NULL) : NULL;
    text_deinit(&text);
    if (rc < 0)
        return rc;
    if (!document)
        return mph_fail_no_memory(err);
    *ret = document;
    return rc;
}

// --- a document a line ---

struct splitter {
    const struct part_visitor *visitor;
    struct text line; // its beginning, until the rest comes
};

static int visit_line(struct splitter *splitter)
{
    json_t *line = json_loadb(splitter->line.bytes, splitter->line.len, 0, NULL);
    int rc = line ? splitter->visitor->visit(splitter->visitor->context, line) : MPH_ERR_NO_MEMORY;

    json_decref(line);
    splitter->line.len = 0;
    return rc;
}

static int split_lines(void *context, const char *bytes, size_t size)
{
    struct splitter *splitter = context;
    const char *end = bytes + size, *newline;
    int rc = 0;

    for (; rc == 0 && (newline = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = newline + 1) {
        text_add(&splitter->line, bytes, (size_t)(newline - bytes));
        rc = splitter->line.failed ? splitter->line.failed : visit_line(splitter);
    }
    if (rc == 0)
        text_add(&splitter->line, bytes, (size_t)(end - bytes));
    return rc;
}

int part_each_line(struct session *session, const struct part *part,
                   const struct part_visitor *visitor, struct mph_err *err)
{
    struct splitter splitter = {.visitor = visitor};

    text_init(&splitter.line, NULL);
    int rc = run_into(session, part, &(struct sink){split_lines, &splitter}, err);
    text_deinit(&splitter.line);
    return rc;
}

bool part_is_fatal(int code)
{
    return code == MPH_ERR_LINK || code == MPH_ERR_INTERRUPTED || code == MPH_ERR_NO_MEMORY;
}
