// SPDX-License-Identifier: MIT
// What a collection would free if it ran now.
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "gc/numbers.h"
#include "object/tally.h"
#include "object/value.h"
#include "report/garbage.h"
#include "report/room.h"

enum { DEFAULT_TOP = 10, TOP_MAX = 1000000 };

struct garbage_options {
    const char *problem;
    uint64_t top;
    bool has_top;
    bool all;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct garbage_options *options = state->input;

    if (key != 'n' && key != 'a')
        return ARGP_ERR_UNKNOWN;
    if (key == 'a') {
        options->all = true;
        return 0;
    }
    options->has_top = true;
    if (!parse_uint(argument, &options->top) || options->top > TOP_MAX)
        options->problem = "--top: not a number up to 1000000";
    return 0;
}

static const char *check_options(const void *raw_options)
{
    return ((const struct garbage_options *)raw_options)->problem;
}

static const struct argp_option option_table[] = {
    {"top", 'n', "N", 0, "The N largest objects one by one (10)", 0},
    {"all", 'a', NULL, 0, "Every block on its own, not with the object that holds it", 0},
    {0}};

static const struct argp garbage_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- text ---

static const struct garbage_item *largest_at(const struct garbage *garbage, size_t index)
{
    return vec_at(&garbage->largest, index);
}

static void add_value(const struct objects *objects, uint64_t block, struct text *text)
{
    struct object object;

    objects_get_block(objects, block, &object);
    if (object.kind && !object.kind->is_block)
        value_add_object(objects, object.address, &value_short, text);
    else
        value_add_block(objects, &object, &value_short, text);
}

static void write_item(const struct garbage *garbage, const struct garbage_item *item,
                       struct text *text)
{
    const char *name = block_type_name(garbage->objects, item->block);
    struct text type, value;

    text_init(&type, NULL);
    text_init(&value, NULL);
    text_escaped(&type, name, strlen(name));
    add_value(garbage->objects, item->block, &value);
    text_printf(text, "0x%08" PRIx64 " %10" PRIu64 "  %-16s  %s%s\n",
                objects_block_address(garbage->objects, item->block), item->bytes,
                type.bytes ? type.bytes : "", value.bytes ? value.bytes : "",
                item->has_finaliser ? "  (finaliser)" : "");
    text_deinit(&value);
    text_deinit(&type);
}

static void write_summary(const struct garbage *garbage, uint64_t used, struct text *text)
{
    text_printf(text,
                "a collection would free %s%" PRIu64 " of %" PRIu64 " bytes in use, in %" PRIu64
                " allocations\n",
                garbage->mark.is_certain ? "" : "at most ", garbage->bytes, used,
                garbage->allocations);
    if (!garbage->mark.is_certain && garbage->mark.has_least)
        text_printf(text,
                    "at least %" PRIu64 " bytes of them are garbage whatever the words are "
                    "that may be roots\n",
                    garbage->least_bytes);
    if (garbage->finalisers)
        text_printf(text, "finalisers that would run: %" PRIu64 "\n", garbage->finalisers);
}

static void write_text(const struct garbage *garbage, const struct free_runs *now,
                       const struct free_runs *after, struct text *text)
{
    struct gc_numbers numbers;

    gc_numbers(garbage->objects->heap, &numbers);
    write_summary(garbage, numbers.used_bytes, text);
    text_putc(text, '\n');
    room_write(now, after, text);
    text_putc(text, '\n');
    room_write_roots(&garbage->mark, text);
    if (garbage->types.rows.len)
        text_puts(text, "\n  count      bytes  type\n");
    for (size_t i = 0; i < garbage->types.rows.len; i++) {
        const struct histogram_row *row = histogram_at(&garbage->types, i);

        text_printf(text, "%7" PRIu64 " %10" PRIu64 "  ", row->count, row->own_bytes);
        text_escaped(text, row->name, strlen(row->name));
        text_putc(text, '\n');
    }
    if (garbage->largest.len)
        text_puts(text, "\naddress         bytes  type              value\n");
    for (size_t i = 0; i < garbage->largest.len; i++)
        write_item(garbage, largest_at(garbage, i), text);
}

// --- JSON ---

static json_t *item_json(const struct garbage *garbage, const struct garbage_item *item)
{
    struct text value;

    text_init(&value, NULL);
    add_value(garbage->objects, item->block, &value);
    json_t *document = json_pack("{s:o, s:I, s:o, s:b}", "address",
                                 json_address(objects_block_address(garbage->objects, item->block)),
                                 "bytes", (json_int_t)item->bytes, "type",
                                 json_text(block_type_name(garbage->objects, item->block)),
                                 "has_finaliser", item->has_finaliser);
    if (document && value.len)
        json_object_set_new(document, "value", json_text(value.bytes));
    text_deinit(&value);
    return document;
}

static json_t *rows_json(const struct garbage *garbage)
{
    json_t *list = json_array();

    for (size_t i = 0; i < garbage->types.rows.len; i++) {
        const struct histogram_row *row = histogram_at(&garbage->types, i);

        json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "type", json_text(row->name),
                                              "count", (json_int_t)row->count, "bytes",
                                              (json_int_t)row->own_bytes));
    }
    return list;
}

static int write_json(const struct garbage *garbage, const struct free_runs *now,
                      const struct free_runs *after, struct output *output, struct mph_err *err)
{
    json_t *largest = json_array();

    for (size_t i = 0; i < garbage->largest.len; i++)
        json_array_append_new(largest, item_json(garbage, largest_at(garbage, i)));
    json_t *document =
        json_pack("{s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "certain",
                  garbage->mark.is_certain, "bytes", (json_int_t)garbage->bytes, "count",
                  (json_int_t)garbage->allocations, "finalisers", (json_int_t)garbage->finalisers,
                  "now", room_json(now), "after", room_json(after), "roots",
                  room_roots_json(&garbage->mark), "types", rows_json(garbage), "largest", largest);
    if (document && garbage->mark.has_least)
        json_object_set_new(document, "least_bytes",
                            json_integer((json_int_t)garbage->least_bytes));
    return output_json(output, document, err);
}

// --- the report ---

static int write(struct garbage *garbage, struct output *output, struct mph_err *err)
{
    struct free_runs now, after;
    struct gc_numbers numbers;

    free_runs_measure(garbage->objects, NULL, MOMENT_NOW, &now);
    free_runs_measure(garbage->objects, &garbage->mark, MOMENT_AFTER, &after);
    gc_numbers(garbage->objects->heap, &numbers);
    if (numbers.marked)
        notes_add(&output->notes, "heap: a collection is in progress: what it has freed by now is "
                                  "not garbage any more, and its marks are not looked at");
    room_notes(&garbage->mark, output);
    if (output->is_json)
        return write_json(garbage, &now, &after, output, err);
    write_text(garbage, &now, &after, output->text);
    return 0;
}

static int run_garbage(struct session *session, const void *raw_options, struct output *output,
                       struct mph_err *err)
{
    const struct garbage_options *options = raw_options;
    struct garbage garbage;
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = garbage_init(&garbage, &session->objects,
                          options->has_top ? (size_t)options->top : DEFAULT_TOP, options->all, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    rc = write(&garbage, output, err);
    garbage_deinit(&garbage);
    return rc;
}

const struct report report_garbage = {
    .name = "garbage",
    .summary = "what a collection would free now",
    .help = "Runs the collector's own mark from outside: roots, registers and the C stack, then "
            "every word of what they reach. Says how much would go, of which types, the largest "
            "of it, and the free runs after it. Over a link it reads all of the heap in use.",
    .argp = &garbage_argp,
    .options_size = sizeof(struct garbage_options),
    .check = check_options,
    .run = run_garbage,
};
