// SPDX-License-Identifier: MIT
// What fills the heap: a histogram by type and class.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "gc/numbers.h"
#include "object/tally.h"
#include "report/report.h"

struct types_options {
    const char *problem;
    uint64_t top;
    bool has_top;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct types_options *options = state->input;

    if (key != 'n')
        return ARGP_ERR_UNKNOWN;
    options->has_top = true;
    if (!parse_uint(argument, &options->top))
        options->problem = "--top: not a number";
    return 0;
}

static const char *check_options(const void *raw_options)
{
    return ((const struct types_options *)raw_options)->problem;
}

static const struct argp_option option_table[] = {
    {"top", 'n', "N", 0, "Only the N largest; the rest is summed up", 0}, {0}};

static const struct argp types_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- counting ---

// Classes of the program are counted each, whatever their names; everything else by
// what it is called.
struct row {
    const struct type *class; // NULL: no class of the program's
    const struct kind *kind;  // of the first; NULL: not known
    const char *name;
    uint64_t count, own_bytes, helper_bytes;
};

struct histogram {
    const struct objects *objects;
    struct vec rows; // of struct row
    uint32_t *slots; // 1 + place in rows, open addressing over class and name
    size_t capacity; // a power of two
    // By number: 1 + place in rows of a kind whose objects are all called the same.
    uint32_t by_kind[KINDS_MAX];
};

static uint64_t hash_of(const struct type *class, const char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t) class;

    for (; !class && *name; name++)
        hash = hash * 33 ^ (unsigned char)*name;
    return hash * 0x9e3779b97f4a7c15u >> 32;
}

static size_t slot_of(const struct histogram *histogram, const struct type *class, const char *name)
{
    size_t slot = (size_t)hash_of(class, name) & (histogram->capacity - 1);

    while (histogram->slots[slot]) {
        const struct row *row = vec_at(&histogram->rows, histogram->slots[slot] - 1);

        if (row->class == class && (class || !strcmp(row->name, name)))
            break;
        slot = (slot + 1) & (histogram->capacity - 1);
    }
    return slot;
}

static bool grow(struct histogram *histogram)
{
    size_t capacity = histogram->capacity ? 2 * histogram->capacity : 256;
    uint32_t *slots = calloc(capacity, sizeof *slots);

    if (!slots)
        return false;
    free(histogram->slots);
    histogram->slots = slots;
    histogram->capacity = capacity;
    for (size_t i = 0; i < histogram->rows.len; i++) {
        const struct row *row = vec_at(&histogram->rows, i);

        slots[slot_of(histogram, row->class, row->name)] = (uint32_t)i + 1;
    }
    return true;
}

static struct row *find_row(struct histogram *histogram, uint64_t block)
{
    struct object object;

    if (2 * histogram->rows.len >= histogram->capacity && !grow(histogram))
        return NULL;
    objects_get_block(histogram->objects, block, &object);
    const struct type *class = object.type && object.type->is_on_heap ? object.type : NULL;
    const char *name = block_type_name(histogram->objects, block);
    size_t slot = slot_of(histogram, class, name);
    if (histogram->slots[slot])
        return vec_at(&histogram->rows, histogram->slots[slot] - 1);
    struct row *row = vec_add(&histogram->rows);
    if (!row)
        return NULL;
    *row = (struct row){.class = class, .kind = object.kind, .name = name};
    histogram->slots[slot] = (uint32_t)histogram->rows.len;
    return row;
}

static struct row *row_for(struct histogram *histogram, uint64_t block)
{
    uint8_t number = histogram->objects->kinds[block];
    uint32_t *place = &histogram->by_kind[number];

    if (number && kind_is_named_by_type(kind_at(number)))
        return find_row(histogram, block);
    if (*place)
        return vec_at(&histogram->rows, *place - 1);
    struct row *row = find_row(histogram, block);
    if (row)
        *place = 1 + (uint32_t)(row - (const struct row *)histogram->rows.data);
    return row;
}

// A block that an object holds counts with the object.
static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct histogram *histogram = context;
    uint64_t top = objects_top_owner(histogram->objects, block);
    bool is_helper = top != block && top < histogram->objects->block_count;
    struct row *row = row_for(histogram, is_helper ? top : block);

    (void)address;
    if (!row)
        return MPH_ERR_NO_MEMORY;
    row->count += !is_helper;
    *(is_helper ? &row->helper_bytes : &row->own_bytes) += bytes;
    return 0;
}

static uint64_t total_of(const struct row *row)
{
    return row->own_bytes + row->helper_bytes;
}

static int by_total(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (total_of(a) != total_of(b))
        return total_of(a) > total_of(b) ? -1 : 1;
    return strcmp(a->name, b->name);
}

// --- writing ---

// The largest rows as they are, and the others as one.
static size_t rows_shown(const struct histogram *histogram, const struct types_options *options,
                         struct row *rest)
{
    size_t count = options->has_top && options->top < histogram->rows.len ? (size_t)options->top
                                                                          : histogram->rows.len;

    *rest = (struct row){.name = "(others)"};
    for (size_t i = count; i < histogram->rows.len; i++) {
        const struct row *row = vec_at(&histogram->rows, i);

        rest->count += row->count;
        rest->own_bytes += row->own_bytes;
        rest->helper_bytes += row->helper_bytes;
    }
    return count;
}

struct totals {
    uint64_t pool_bytes, free_bytes;
    uint64_t loose_bytes; // of tails without a head
};

static struct totals totals_of(const struct histogram *histogram)
{
    struct gc_numbers numbers = {0};

    gc_numbers(histogram->objects->heap, &numbers);
    struct totals totals = {numbers.total_bytes, numbers.free_bytes,
                            numbers.total_bytes - numbers.free_bytes};
    for (size_t i = 0; i < histogram->rows.len; i++)
        totals.loose_bytes -= total_of(vec_at(&histogram->rows, i));
    return totals;
}

static double share_of(uint64_t bytes, const struct totals *totals)
{
    return totals->pool_bytes ? 100.0 * (double)bytes / (double)totals->pool_bytes : 0;
}

static void write_row(const struct row *row, const struct totals *totals, struct output *output)
{
    text_printf(output->text, "%7" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %5.1f%%  ",
                row->count, row->own_bytes, row->helper_bytes, total_of(row),
                share_of(total_of(row), totals));
    text_escaped(output->text, row->name, strlen(row->name));
    text_putc(output->text, '\n');
}

static void write_rest(uint64_t bytes, const char *name, const struct totals *totals,
                       struct output *output)
{
    text_printf(output->text, "%7s %9s %9s %9" PRIu64 " %5.1f%%  %s\n", "", "", "", bytes,
                share_of(bytes, totals), name);
}

static void write_text(const struct histogram *histogram, const struct types_options *options,
                       const struct totals *totals, struct output *output)
{
    struct row rest;
    size_t count = rows_shown(histogram, options, &rest);

    text_puts(output->text, "  count       own    helper     total  share  type\n");
    for (size_t i = 0; i < count; i++)
        write_row(vec_at(&histogram->rows, i), totals, output);
    if (count < histogram->rows.len)
        write_row(&rest, totals, output);
    if (totals->loose_bytes)
        write_rest(totals->loose_bytes, "(tails without a head)", totals, output);
    write_rest(totals->free_bytes, "(free)", totals, output);
    write_rest(totals->pool_bytes, "(pool)", totals, output);
}

static json_t *row_json(const struct row *row, const struct totals *totals)
{
    json_t *document =
        json_pack("{s:o, s:s, s:s%, s:I, s:I, s:I, s:f}", "type", json_text(row->name), "kind",
                  row->kind ? row->kind->name : "?", "letter", row->kind ? &row->kind->letter : "?",
                  (size_t)1, "count", (json_int_t)row->count, "own_bytes",
                  (json_int_t)row->own_bytes, "helper_bytes", (json_int_t)row->helper_bytes,
                  "share", share_of(total_of(row), totals) / 100);

    if (document && row->class)
        json_object_set_new(document, "class_address", json_address(row->class->address));
    return document;
}

static int write_json(const struct histogram *histogram, const struct types_options *options,
                      const struct totals *totals, struct output *output, struct mph_err *err)
{
    struct row rest;
    size_t count = rows_shown(histogram, options, &rest);
    json_t *rows = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, row_json(vec_at(&histogram->rows, i), totals));
    if (count < histogram->rows.len)
        json_array_append_new(rows, row_json(&rest, totals));
    return output_json(output,
                       json_pack("{s:o, s:I, s:I, s:I}", "types", rows, "loose_bytes",
                                 (json_int_t)totals->loose_bytes, "free_bytes",
                                 (json_int_t)totals->free_bytes, "pool_bytes",
                                 (json_int_t)totals->pool_bytes),
                       err);
}

static int write(struct histogram *histogram, const struct types_options *options,
                 struct output *output, struct mph_err *err)
{
    struct totals totals = totals_of(histogram);
    int rc = 0;

    if (histogram->rows.len)
        qsort(histogram->rows.data, histogram->rows.len, sizeof(struct row), by_total);
    if (output->is_json)
        rc = write_json(histogram, options, &totals, output, err);
    else
        write_text(histogram, options, &totals, output);
    return rc;
}

static int run_types(struct session *session, const void *raw_options, struct output *output,
                     struct mph_err *err)
{
    struct histogram histogram = {.objects = &session->objects, .rows = VEC_OF(struct row)};
    int rc = session_load_objects(session, err);

    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    if (objects_each_head(histogram.objects, &(struct head_walk){count_head, &histogram}) < 0)
        rc = mph_fail_no_memory(err);
    else
        rc = write(&histogram, raw_options, output, err);
    free(histogram.slots);
    vec_deinit(&histogram.rows);
    return rc;
}

const struct report report_types = {
    .name = "types",
    .summary = "what fills the heap, by type and class",
    .help = "How many objects of each type there are, their own bytes and those of the blocks "
            "they hold (items, tables, text), largest first. Everything and the free bytes "
            "make up the pool.",
    .argp = &types_argp,
    .options_size = sizeof(struct types_options),
    .check = check_options,
    .run = run_types,
};
