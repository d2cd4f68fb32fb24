// SPDX-License-Identifier: MIT
#include "report/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void output_init(struct output *output, struct text *text, bool is_json, bool has_color)
{
    *output =
        (struct output){.text = text, .is_json = is_json, .has_color = has_color, .notes = NOTES};
}

void output_deinit(struct output *output)
{
    vec_deinit(&output->notes);
}

int output_flush(struct output *output, struct mph_err *err)
{
    return text_finish(output->text, err);
}

json_t *json_address(uint64_t address)
{
    return json_sprintf("0x%" PRIx64, address);
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    struct text escaped;

    if (string)
        return string;
    text_init(&escaped, NULL);
    text_escaped(&escaped, text, strlen(text));
    string = escaped.bytes ? json_string(escaped.bytes) : NULL;
    text_deinit(&escaped);
    return string;
}

const char *json_string_of(const json_t *document, const char *key)
{
    const char *string = json_string_value(json_object_get(document, key));

    return string ? string : "";
}

static int write_json(const char *bytes, size_t size, void *context)
{
    struct text *text = context;
    size_t done = 0;

    // jansson leaves DEL, which is a control byte to a terminal, as it is.
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == 0x7f) {
            text_add(text, bytes + done, i - done);
            text_puts(text, "\\u007f");
            done = i + 1;
        }
    text_add(text, bytes + done, size - done);
    return text->failed ? -1 : 0;
}

// As many digits of a real as a double holds in any case: what was rounded stays short.
enum { REAL_DIGITS = 15 };

static int dump_json(struct output *output, json_t *document, size_t flags, struct mph_err *err)
{
    int rc = document ? json_dump_callback(document, write_json, output->text,
                                           flags | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII |
                                               JSON_REAL_PRECISION(REAL_DIGITS))
                      : -1;

    text_putc(output->text, '\n');
    json_decref(document);
    if (output->text->failed)
        return 0; // text_finish says so
    return rc == 0 ? 0 : mph_fail_no_memory(err);
}

static int add_notes(const struct output *output, json_t *document)
{
    json_t *notes = json_array();

    for (size_t i = 0; i < output->notes.len; i++)
        json_array_append_new(notes, json_text(notes_text(&output->notes, i)));
    return json_object_set_new(document, "notes", notes);
}

static int dump_with_notes(struct output *output, json_t *document, size_t flags,
                           struct mph_err *err)
{
    if (add_notes(output, document) < 0) {
        json_decref(document);
        return mph_fail_no_memory(err);
    }
    return dump_json(output, document, flags, err);
}

int output_json(struct output *output, json_t *document, struct mph_err *err)
{
    return dump_with_notes(output, document, JSON_INDENT(2), err);
}

int output_json_line(struct output *output, json_t *document, struct mph_err *err)
{
    return dump_json(output, document, JSON_COMPACT, err);
}

int output_json_last(struct output *output, json_t *document, struct mph_err *err)
{
    return dump_with_notes(output, document, JSON_COMPACT, err);
}

void report_common_notes(const struct session *session, struct output *output)
{
    const struct target *target = &session->target;
    const struct heap *heap = &session->heap;

    for (size_t i = 0; i < target->notes.len; i++)
        notes_add(&output->notes, "%s", notes_text(&target->notes, i));
    for (size_t i = 0; session->has_layout && i < session->layout.notes.len; i++)
        notes_add(&output->notes, "%s", notes_text(&session->layout.notes, i));
    for (size_t i = 0; session->has_heap && i < heap->problems.len; i++)
        notes_add(&output->notes, "heap: %s", notes_text(&heap->problems, i));
    if (session->has_heap && heap->is_torn)
        notes_add(&output->notes,
                  "heap: the tables changed under each of %u reads: the blocks are of more "
                  "than one moment (--halt stops the board for the read)",
                  session->tries);
    if (session->has_objects && session->objects.unread)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " heads could not be read, the first at 0x%" PRIx64,
                  session->objects.unread, session->objects.unread_first);
    if (session->has_objects && target->state == RUN_RUNNING)
        notes_add(&output->notes, "target: running: values were read one after the other, while "
                                  "they may have changed (--halt stops the board for the read)");
}

const struct report *report_find(const char *name)
{
    for (size_t i = 0; reports[i]; i++)
        if (!strcmp(reports[i]->name, name))
            return reports[i];
    return NULL;
}
