// SPDX-License-Identifier: MIT
#include "report/why_text.h"

#include <string.h>

#include "report/column.h"
#include "report/report.h"

static const struct {
    const char *verdict, *sentence;
} sentences[] = {
    {"kept", "a collection keeps it"},
    {"running", "a collection keeps it while the function that holds it runs"},
    {"stale", "only words of the stack or registers lead to it, which may be left over: a "
              "collection keeps it as long as they are there"},
    {"doubtful", "only words lead to it of which it is not known whether they are roots: a "
                 "collection may free it"},
    {"garbage", "nothing reaches it: garbage, which a collection frees"},
    {"unknown", "nothing that is known reaches it: uncertain, as not all roots are known"},
};

static const char *sentence_of(const char *verdict)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (!strcmp(sentences[i].verdict, verdict))
            return sentences[i].sentence;
    return verdict;
}

static void write_step(const json_t *step, int width, struct text *text)
{
    const json_t *left_out = json_object_get(step, "left_out");

    if (left_out) {
        text_printf(text, "  %lld steps are left out\n", (long long)json_integer_value(left_out));
        return;
    }
    text_printf(text, "  %-10s  %-10s  %-*s  %s\n", json_string_of(step, "word_address"),
                json_string_of(step, "address"), width, json_string_of(step, "by"),
                json_string_of(step, "title"));
}

static void write_path(const json_t *path, struct text *text)
{
    const json_t *steps = json_object_get(path, "steps"), *step;
    int width = column_width(steps, "by", 8);
    size_t i;

    text_printf(text, "\n%s\n", json_string_of(path, "line"));
    text_printf(text, "  %-10s  %-10s  %-*s  %s\n", "word", "leads to", width, "by",
                "what that is");
    json_array_foreach(steps, i, step)
    {
        write_step(step, width, text);
    }
}

void why_text(const json_t *document, struct text *text)
{
    const json_t *paths = json_object_get(document, "paths"), *path;
    const json_t *holders = json_object_get(document, "holder_count");
    size_t i;

    text_printf(text, "%s: %s, %lld bytes\n", json_string_of(document, "block_address"),
                json_string_of(document, "title"),
                (long long)json_integer_value(json_object_get(document, "bytes")));
    text_printf(text, "%s\n", sentence_of(json_string_of(document, "verdict")));
    if (holders && (size_t)json_integer_value(holders) > json_array_size(paths))
        text_printf(text, "%zu of %lld holders\n", json_array_size(paths),
                    (long long)json_integer_value(holders));
    json_array_foreach(paths, i, path)
    {
        write_path(path, text);
    }
}
