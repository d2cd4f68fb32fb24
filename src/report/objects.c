// SPDX-License-Identifier: MIT
// Every object on the heap, one a line.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "object/declare.h"
#include "object/names.h"
#include "object/tally.h"
#include "object/value.h"
#include "report/report.h"

enum sort { SORT_ADDRESS, SORT_SIZE, SORT_TYPE };

struct objects_options {
    const char *problem; // what is wrong with them, or NULL
    const char *type;
    uint64_t min_bytes;
    uint64_t area; // 1 + its number; 0: all
    uint64_t range_first, range_last;
    bool has_range;
    enum sort sort;
    uint64_t top;
    bool has_top;
    bool has_helpers;
};

static bool parse_sort(const char *argument, enum sort *ret)
{
    static const char *const names[] = {"address", "size", "type"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(argument, names[i])) {
            *ret = (enum sort)i;
            return true;
        }
    return false;
}

static void parse_value(int key, const char *argument, struct objects_options *options)
{
    switch (key) {
    case 'm':
        if (!parse_size(argument, &options->min_bytes))
            options->problem = "--min: not a size";
        break;
    case 'A':
        if (!parse_uint(argument, &options->area) || options->area++ >= UINT32_MAX)
            options->problem = "--area: not the number of an area";
        break;
    case 'r':
        options->has_range = true;
        if (!parse_range(argument, &options->range_first, &options->range_last))
            options->problem = "--range: not A..B";
        break;
    case 's':
        if (!parse_sort(argument, &options->sort))
            options->problem = "--sort: size, address or type";
        break;
    default:
        options->has_top = true;
        if (!parse_uint(argument, &options->top))
            options->problem = "--top: not a number";
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct objects_options *options = state->input;

    if (key == 't')
        options->type = argument;
    else if (key == 'a')
        options->has_helpers = true;
    else if (key > 0 && key < 128 && strchr("mArsn", key))
        parse_value(key, argument, options);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const char *check_options(const void *raw_options)
{
    return ((const struct objects_options *)raw_options)->problem;
}

static const struct argp_option option_table[] = {
    {"type", 't', "NAME", 0, "Only objects of this type or kind; '?' for what nobody holds", 0},
    {"min", 'm', "BYTES", 0, "Only those of at least this size, with the blocks they hold", 0},
    {"area", 'A', "N", 0, "Only those in area N (0 is the first)", 0},
    {"range", 'r', "A..B", 0, "Only those that begin at addresses A to B", 0},
    {"sort", 's', "KEY", 0, "size (largest first), address (default) or type", 0},
    {"top", 'n', "N", 0, "Only the first N", 0},
    {"all", 'a', NULL, 0, "Also the blocks that objects hold", 0},
    {0}};

static const struct argp objects_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- selecting ---

struct row {
    uint64_t block;
    uint64_t address;
    uint64_t bytes;
    uint64_t held_bytes;
    const char *type;
};

struct listing {
    struct session *session;
    const struct objects_options *options;
    struct tally tally;
    struct names names;
    struct vec rows; // of struct row
};

static bool is_in_area(const struct listing *listing, uint64_t address)
{
    const struct heap *heap = &listing->session->heap;
    uint64_t area = listing->options->area;

    return !area || heap_area_of(heap, address) == heap_area(heap, (size_t)area - 1);
}

static int check_area(const struct listing *listing, struct mph_err *err)
{
    size_t count = heap_area_count(&listing->session->heap);

    if (listing->options->area <= count)
        return 0;
    return mph_fail(err, MPH_ERR_USAGE,
                    "--area %" PRIu64 ": the heap has %zu area%s, numbered from 0",
                    listing->options->area - 1, count, count == 1 ? "" : "s");
}

static bool has_type(const struct objects *objects, const struct row *row, const char *type)
{
    struct object object;

    if (!strcmp(row->type, type))
        return true;
    objects_get_block(objects, row->block, &object);
    if (!strcmp(type, "?"))
        return objects_owner(objects, row->block) == BLOCK_NOBODY && object.kind &&
               object.kind->is_block;
    return (object.type && !strcmp(object.type->name, type)) ||
           (object.kind && !strcmp(object.kind->name, type));
}

static bool is_wanted(const struct listing *listing, const struct row *row)
{
    const struct objects *objects = &listing->session->objects;
    const struct objects_options *options = listing->options;
    const struct kind *kind = objects_kind(objects, row->block);

    if (row->bytes + row->held_bytes < options->min_bytes || !is_in_area(listing, row->address) ||
        (options->has_range &&
         (row->address < options->range_first || row->address > options->range_last)))
        return false;
    if (options->type)
        return has_type(objects, row, options->type);
    return options->has_helpers || (kind && !kind->is_block) ||
           objects_owner(objects, row->block) == BLOCK_NOBODY;
}

static int select_row(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct listing *listing = context;
    const struct objects *objects = &listing->session->objects;
    struct row row = {block, address, bytes,
                      (uint64_t)listing->tally.held_blocks[objects_head_number(objects, block)] *
                          objects->layout->block_bytes,
                      block_type_name(objects, block)};

    if (!is_wanted(listing, &row))
        return 0;
    struct row *slot = vec_add(&listing->rows);
    if (!slot)
        return MPH_ERR_NO_MEMORY;
    *slot = row;
    return 0;
}

static int by_address(const struct row *a, const struct row *b)
{
    return a->address < b->address ? -1 : a->address > b->address;
}

static int by_size(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    uint64_t a_bytes = a->bytes + a->held_bytes, b_bytes = b->bytes + b->held_bytes;

    return a_bytes != b_bytes ? (a_bytes > b_bytes ? -1 : 1) : by_address(a, b);
}

static int by_type(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = strcmp(a->type, b->type);

    return order ? order : by_address(a, b);
}

static void sort_rows(struct listing *listing)
{
    if (listing->rows.len && listing->options->sort != SORT_ADDRESS)
        qsort(listing->rows.data, listing->rows.len, sizeof(struct row),
              listing->options->sort == SORT_SIZE ? by_size : by_type);
}

static size_t row_count(const struct listing *listing)
{
    return listing->options->has_top && listing->options->top < listing->rows.len
               ? (size_t)listing->options->top
               : listing->rows.len;
}

// --- writing ---

static void add_value(const struct objects *objects, const struct row *row, struct text *text)
{
    struct object object;

    objects_get_block(objects, row->block, &object);
    if (object.kind && !object.kind->is_block)
        value_add_object(objects, row->address, &value_short, text);
}

// Who holds a block, in words: "map table of cache".
static void add_holder(const struct listing *listing, const struct row *row, struct text *text)
{
    const struct objects *objects = &listing->session->objects;
    uint64_t owner = objects_owner(objects, row->block);
    const struct outside *outside = objects_outside(objects, owner);

    if (owner == BLOCK_NOBODY)
        return;
    text_puts(text, "of ");
    if (outside) {
        text_puts(text, outside->name);
    } else {
        uint64_t top = objects_top_owner(objects, row->block);

        if (top < objects->block_count && names_add(&listing->names, top, text))
            text_putc(text, ' ');
        text_printf(text, "0x%" PRIx64, objects_block_address(objects, owner));
    }
}

static void write_row(const struct listing *listing, const struct row *row, struct output *output)
{
    const struct objects *objects = &listing->session->objects;
    struct text name, value, type;

    text_init(&name, NULL);
    text_init(&value, NULL);
    text_init(&type, NULL);
    if (!names_add(&listing->names, row->block, &name))
        add_holder(listing, row, &name);
    add_value(objects, row, &value);
    text_printf(output->text, "0x%08" PRIx64 " %5" PRIu64 "  ", row->address,
                row->bytes / objects->layout->block_bytes);
    text_escaped(&type, row->type, strlen(row->type));
    text_printf(output->text, "%-16s  %-24s  %s\n", type.bytes ? type.bytes : "",
                name.bytes ? name.bytes : "-", value.bytes ? value.bytes : "");
    text_deinit(&type);
    text_deinit(&value);
    text_deinit(&name);
}

static void write_text(const struct listing *listing, struct output *output)
{
    const struct tally *tally = &listing->tally;

    text_puts(output->text,
              "address    blocks  type              name                      value\n");
    for (size_t i = 0; i < row_count(listing); i++)
        write_row(listing, vec_at(&listing->rows, i), output);
    text_printf(output->text,
                "%zu listed. In the heap: %" PRIu64 " objects, %" PRIu64 " bytes; %" PRIu64
                " blocks they hold, %" PRIu64 "; %" PRIu64 " that nobody holds, %" PRIu64
                "; free %" PRIu64 "; pool %" PRIu64 "\n",
                row_count(listing), tally->objects, tally->object_bytes, tally->helpers,
                tally->helper_bytes, tally->unowned, tally->unowned_bytes + tally->loose_bytes,
                tally->free_bytes, tally->pool_bytes);
}

// --- JSON: one object a line ---

static void set_text(json_t *document, const char *key, const struct text *text)
{
    if (text->len)
        json_object_set_new(document, key, json_text(text->bytes));
}

static json_t *row_json(const struct listing *listing, const struct row *row)
{
    const struct objects *objects = &listing->session->objects;
    struct object object;
    struct text name, value;
    uint32_t owner = objects_owner(objects, row->block);
    const struct outside *outside = objects_outside(objects, owner);

    objects_get_block(objects, row->block, &object);
    text_init(&name, NULL);
    text_init(&value, NULL);
    names_add(&listing->names, row->block, &name);
    add_value(objects, row, &value);
    json_t *document =
        json_pack("{s:o, s:I, s:I, s:s, s:s%, s:o, s:I}", "address", json_address(row->address),
                  "blocks", (json_int_t)(row->bytes / objects->layout->block_bytes), "bytes",
                  (json_int_t)row->bytes, "kind", object.kind ? object.kind->name : "?", "letter",
                  object.kind ? &object.kind->letter : "?", (size_t)1, "type",
                  json_text(object.type ? object.type->name : row->type), "helper_bytes",
                  (json_int_t)row->held_bytes);
    set_text(document, "name", &name);
    set_text(document, "value", &value);
    if (outside)
        json_object_set_new(document, "holder", json_text(outside->name));
    else if (owner != BLOCK_NOBODY)
        json_object_set_new(document, "owner_address",
                            json_address(objects_block_address(objects, owner)));
    text_deinit(&value);
    text_deinit(&name);
    return document;
}

static json_t *summary_json(const struct tally *tally)
{
    return json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "summary", "objects",
                     (json_int_t)tally->objects, "object_bytes", (json_int_t)tally->object_bytes,
                     "helpers", (json_int_t)tally->helpers, "helper_bytes",
                     (json_int_t)tally->helper_bytes, "unowned", (json_int_t)tally->unowned,
                     "unowned_bytes", (json_int_t)tally->unowned_bytes, "loose_bytes",
                     (json_int_t)tally->loose_bytes, "free_bytes", (json_int_t)tally->free_bytes,
                     "pool_bytes", (json_int_t)tally->pool_bytes);
}

static int write_json(const struct listing *listing, struct output *output, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < row_count(listing); i++)
        rc = output_json_line(output, row_json(listing, vec_at(&listing->rows, i)), err);
    return rc < 0 ? rc : output_json_last(output, summary_json(&listing->tally), err);
}

static int list(struct listing *listing, struct output *output, struct mph_err *err)
{
    const struct objects *objects = &listing->session->objects;
    int rc = objects_each_head(objects, &(struct head_walk){select_row, listing});

    if (rc < 0)
        return mph_fail_no_memory(err);
    sort_rows(listing);
    report_common_notes(listing->session, output);
    if (output->is_json)
        return write_json(listing, output, err);
    write_text(listing, output);
    return 0;
}

static int run_objects(struct session *session, const void *raw_options, struct output *output,
                       struct mph_err *err)
{
    struct listing listing = {
        .session = session, .options = raw_options, .rows = VEC_OF(struct row)};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = check_area(&listing, err);
    if (rc == 0)
        rc = declare_values(&session->objects, err);
    if (rc == 0)
        rc = tally_init(&listing.tally, &session->objects, err);
    if (rc < 0)
        return rc;
    rc = names_init(&listing.names, &session->objects, err);
    if (rc == 0) {
        rc = list(&listing, output, err);
        names_deinit(&listing.names);
    }
    vec_deinit(&listing.rows);
    tally_deinit(&listing.tally);
    return rc;
}

const struct report report_objects = {
    .name = "objects",
    .summary = "every object: address, size, type, name, value",
    .help = "One line an object. A name is the shortest way from a module or a frame; values are "
            "cut where they are long. Blocks that an object holds (items, tables, text) count "
            "with it; --all lists them too.",
    .argp = &objects_argp,
    .options_size = sizeof(struct objects_options),
    .check = check_options,
    .run = run_objects,
};
