// SPDX-License-Identifier: MIT
#include "report/show_text.h"

#include <inttypes.h>
#include <string.h>

#include "report/report.h"

static uint64_t number_of(const json_t *document, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(document, key));
}

static void write_fields(const json_t *fields, struct text *text)
{
    size_t i;
    json_t *field;

    if (json_array_size(fields))
        text_puts(text, "fields\n");
    json_array_foreach(fields, i, field)
    {
        text_printf(text, "  +%-4" PRIu64 " %-16s %s\n", number_of(field, "offset_bytes"),
                    json_string_of(field, "name"), json_string_of(field, "value"));
    }
}

static void write_rest(uint64_t count, size_t shown, struct text *text)
{
    if (count > shown)
        text_printf(text, "  ... and %" PRIu64 " more\n", count - shown);
}

static void write_elements(const json_t *document, struct text *text)
{
    const json_t *elements = json_object_get(document, "elements");
    size_t i;
    json_t *element;

    if (json_array_size(elements))
        text_puts(text, "elements\n");
    json_array_foreach(elements, i, element)
    {
        text_printf(text, "  %s = %s\n", json_string_of(element, "step"),
                    json_string_of(element, "value"));
    }
    write_rest(number_of(document, "element_count"), json_array_size(elements), text);
}

static void write_owned(const json_t *document, struct text *text)
{
    const json_t *owned = json_object_get(document, "owned");
    size_t i;
    json_t *block;

    if (json_array_size(owned))
        text_puts(text, "holds\n");
    json_array_foreach(owned, i, block)
    {
        text_printf(text, "  %-10s %8" PRIu64 " bytes  %s\n", json_string_of(block, "address"),
                    number_of(block, "bytes"), json_string_of(block, "kind"));
    }
    write_rest(number_of(document, "owned_count"), json_array_size(owned), text);
}

// Columns as wide as the widest word.
static int word_width(const json_t *dump)
{
    size_t i, width = 0;
    json_t *word;

    json_array_foreach(dump, i, word)
    {
        size_t length = strlen(json_string_of(word, "word"));

        width = length > width ? length : width;
    }
    return (int)width;
}

static void write_dump(const json_t *document, struct text *text)
{
    const json_t *dump = json_object_get(document, "dump");
    int width = word_width(dump);
    size_t i;
    json_t *word;

    text_puts(text, "dump\n");
    json_array_foreach(dump, i, word)
    {
        const char *member = json_string_of(word, "member"),
                   *meaning = json_string_of(word, "meaning");

        text_printf(text, "  %-10s  %-*s%s%s%s%s%s\n", json_string_of(word, "address"),
                    *member || *meaning ? width : 0, json_string_of(word, "word"),
                    *member ? "  " : "", member, *member && *meaning ? ":" : "",
                    *meaning ? "  " : "", meaning);
    }
    if (number_of(document, "dump_rest_bytes"))
        text_printf(text, "  ... and %" PRIu64 " bytes more\n",
                    number_of(document, "dump_rest_bytes"));
}

void show_text(const json_t *document, struct text *text)
{
    text_printf(text, "%s  %s", json_string_of(document, "address"),
                json_string_of(document, "title"));
    if (json_object_get(document, "block"))
        text_printf(text, "  (%" PRIu64 " bytes, block %" PRIu64 ")", number_of(document, "bytes"),
                    number_of(document, "block"));
    text_putc(text, '\n');
    if (*json_string_of(document, "value"))
        text_printf(text, "value\n  %s\n", json_string_of(document, "value"));
    write_fields(json_object_get(document, "fields"), text);
    write_elements(document, text);
    write_owned(document, text);
    write_dump(document, text);
}
