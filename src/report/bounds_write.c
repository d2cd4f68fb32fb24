// SPDX-License-Identifier: MIT
// The table and the verdicts, as text and as JSON.
#include <inttypes.h>
#include <string.h>

#include "report/bounds.h"

const char *verdict_level_name(enum verdict_level level)
{
    static const char *const names[] = {"wrong", "unused", "unsure", "spare", "right"};

    return names[level];
}

const char *row_kind_name(enum row_kind kind)
{
    static const char *const names[] = {"RAM",  "region", "section", "reserved", "MPU",
                                        "heap", "stack",  "gap",     "symbol",   "live"};

    return names[kind];
}

// --- text ---

static void write_row(const struct bounds_row *row, struct text *text)
{
    struct text end, name;

    text_init(&end, NULL);
    text_init(&name, NULL);
    if (!row->is_point)
        bounds_add_end(&end, row->extent);
    text_escaped(&name, row->name, strlen(row->name));
    text_printf(text, "0x%08" PRIx64 "  %-10s  ", row->extent.first, end.bytes ? end.bytes : "");
    if (row->is_point)
        text_printf(text, "%10s", "");
    else
        text_printf(text, "%10" PRIu64, extent_bytes(row->extent));
    text_printf(text, "  %s%s%s\n", row_kind_name(row->kind), name.len ? "  " : "",
                name.bytes ? name.bytes : "");
    text_deinit(&name);
    text_deinit(&end);
}

static void write_verdict(const struct verdict *verdict, struct text *text)
{
    text_printf(text, "%-8s", verdict_level_name(verdict->level));
    text_escaped(text, verdict->text, strlen(verdict->text));
    text_putc(text, '\n');
    if (!verdict->change[0])
        return;
    text_printf(text, "%8s", "");
    text_escaped(text, verdict->change, strlen(verdict->change));
    text_putc(text, '\n');
}

void bounds_write(const struct bounds *bounds, struct text *text)
{
    if (bounds->chip[0])
        text_printf(text, "chip: %s\n", bounds->chip);
    if (bounds->flash_bytes)
        text_printf(text, "flash: %" PRIu64 " bytes\n", bounds->flash_bytes);
    text_puts(text, "start       end              bytes  what\n");
    for (size_t i = 0; i < bounds->rows.len; i++)
        write_row(vec_at(&bounds->rows, i), text);
    text_putc(text, '\n');
    for (size_t i = 0; i < bounds->verdicts.len; i++)
        write_verdict(vec_at(&bounds->verdicts, i), text);
}

// --- JSON ---

static json_t *row_json(const struct bounds_row *row)
{
    struct text end;

    if (row->is_point)
        return json_pack("{s:s, s:o, s:o}", "kind", row_kind_name(row->kind), "start_address",
                         json_address(row->extent.first), "name", json_text(row->name));
    text_init(&end, NULL);
    if (row->extent.last == UINT64_MAX)
        text_puts(&end, "0x10000000000000000");
    else
        text_printf(&end, "0x%" PRIx64, row->extent.last + 1);
    json_t *document = json_pack("{s:s, s:o, s:o, s:I, s:o}", "kind", row_kind_name(row->kind),
                                 "start_address", json_address(row->extent.first), "end_address",
                                 json_text(end.bytes ? end.bytes : ""), "size_bytes",
                                 (json_int_t)(extent_bytes(row->extent) & INT64_MAX), "name",
                                 json_text(row->name));
    text_deinit(&end);
    return document;
}

static json_t *verdict_json(const struct verdict *verdict)
{
    json_t *document = json_pack("{s:s, s:o}", "level", verdict_level_name(verdict->level), "text",
                                 json_text(verdict->text));

    if (document && verdict->bytes)
        json_object_set_new(document, "size_bytes",
                            json_integer((json_int_t)(verdict->bytes & INT64_MAX)));
    if (document && verdict->change[0])
        json_object_set_new(document, "change", json_text(verdict->change));
    return document;
}

json_t *bounds_json(const struct bounds *bounds)
{
    json_t *rows = json_array(), *verdicts = json_array();

    for (size_t i = 0; i < bounds->rows.len; i++)
        json_array_append_new(rows, row_json(vec_at(&bounds->rows, i)));
    for (size_t i = 0; i < bounds->verdicts.len; i++)
        json_array_append_new(verdicts, verdict_json(vec_at(&bounds->verdicts, i)));
    json_t *document = json_pack("{s:b, s:o, s:o}", "is_wrong", bounds_are_wrong(bounds), "rows",
                                 rows, "verdicts", verdicts);
    if (document && bounds->chip[0])
        json_object_set_new(document, "chip", json_text(bounds->chip));
    if (document && bounds->flash_bytes)
        json_object_set_new(document, "flash_bytes", json_integer((json_int_t)bounds->flash_bytes));
    return document;
}
