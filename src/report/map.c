// SPDX-License-Identifier: MIT
// The block map, byte for byte as the firmware's own mem_info(1) prints it:
// py/gc.c gc_dump_alloc_table of the firmware's era.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gc/letters.h"
#include "report/map_letters.h"
#include "report/map_picture.h"
#include "report/palette.h"
#include "report/report.h"

enum { ROW_BLOCKS = 64, FOLD_ROWS = 2 };
enum { KEY_PNG = 256, KEY_SVG };

struct map_options {
    bool has_legend;
    bool is_rich;
    struct map_pictures pictures;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct map_options *options = state->input;

    if (key == 'l')
        options->has_legend = true;
    else if (key == 'R')
        options->is_rich = true;
    else if (key == KEY_SVG)
        options->pictures.svg = argument;
    else if (key == KEY_PNG)
        options->pictures.png = argument;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option option_table[] = {
    {"legend", 'l', NULL, 0, "Say what each letter stands for", 0},
    {"rich", 'R', NULL, 0, "A letter for every kind of object, and of block that objects hold", 0},
    {"png", KEY_PNG, "FILE", 0, "Write it as a picture with a legend, and print no map", 0},
    {"svg", KEY_SVG, "FILE", 0, "The same of shapes, which stay sharp at any size", 0},
    {0}};

static const struct argp map_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- text ---

// What t stands for in a map that is not rich, in letters.c.
static const struct hue *hue_in(bool is_rich, char letter)
{
    return hue_of(!is_rich && letter == 't' ? '=' : letter);
}

static void begin_color(struct text *text, const struct hue *hue)
{
    if (hue->terminal == HUE_REVERSED)
        text_puts(text, "\x1b[0;7m");
    else
        text_printf(text, "\x1b[0;38;5;%dm", hue->terminal);
}

// Letters of one row; a run of one colour needs one sequence.
static void add_letters(struct output *output, bool is_rich, const char *letters, size_t count)
{
    if (!output->has_color) {
        text_add(output->text, letters, count);
        return;
    }
    for (size_t i = 0; i < count;) {
        const struct hue *hue = hue_in(is_rich, letters[i]);
        size_t run = 1;

        while (i + run < count && hue_in(is_rich, letters[i + run]) == hue)
            run++;
        begin_color(output->text, hue);
        text_add(output->text, letters + i, run);
        i += run;
    }
    text_puts(output->text, "\x1b[0m");
}

struct row_writer {
    struct output *output;
    const struct heap *heap;
    const struct gc_area *area;
    bool is_rich;
    uint64_t skip_to; // blocks before this one are folded away
};

// v1.8 printed the address, later releases the offset; five digits until v1.19,
// eight and no mask from v1.20 on.
static void add_row_header(struct row_writer *writer, uint64_t block)
{
    uint64_t offset = block * writer->heap->layout->block_bytes;

    switch (writer->heap->layout->era) {
    case ERA_1_8:
        text_printf(writer->output->text, "\n%05" PRIx64 ": ",
                    (writer->area->pool_start + offset) & 0xfffff);
        break;
    case ERA_1_8_1:
    case ERA_1_10:
    case ERA_1_19:
        text_printf(writer->output->text, "\n%05" PRIx64 ": ", offset & 0xfffff);
        break;
    default:
        text_printf(writer->output->text, "\n%08" PRIx32 ": ", (uint32_t)offset);
    }
}

// At the start of a row: fold two or more rows of free blocks into one line.
static void fold_free_rows(struct row_writer *writer, uint64_t block)
{
    uint64_t run = area_run(writer->area, block, BLOCK_FREE);

    if (run < FOLD_ROWS * ROW_BLOCKS)
        return;
    text_printf(writer->output->text, "\n       (%" PRIu64 " lines all free)", run / ROW_BLOCKS);
    writer->skip_to = (block + run) & ~(uint64_t)(ROW_BLOCKS - 1);
}

// Letters come in batches that begin at multiples of a row.
static int write_rows(void *context, uint64_t first, const char *letters, size_t count)
{
    struct row_writer *writer = context;

    for (size_t i = 0; i < count; i += ROW_BLOCKS) {
        size_t in_row = count - i < ROW_BLOCKS ? count - i : ROW_BLOCKS;

        if (first + i < writer->skip_to)
            continue;
        fold_free_rows(writer, first + i);
        if (first + i < writer->skip_to)
            continue;
        add_row_header(writer, first + i);
        add_letters(writer->output, writer->is_rich, letters + i, in_row);
    }
    return writer->output->text->failed;
}

static void add_legend_line(void *context, char letter, const char *meaning)
{
    struct output *output = context;

    text_puts(output->text, "  ");
    add_letters(output, true, &letter, 1);
    text_printf(output->text, "  %s\n", meaning);
}

// gc_dump_alloc_table took the pool's address as an unsigned int before v1.9.4
// (5f8ad284f8); no 64-bit host of that time had more than that to show.
static int write_text(struct session *session, bool is_rich, struct output *output,
                      struct mph_err *err)
{
    int rc = 0;

    if (session->layout.era == ERA_UNKNOWN)
        notes_add(&output->notes, "structures: of unknown era; rows begin as they do since 1.20");

    for (size_t i = 0; rc == 0 && i < heap_area_count(&session->heap); i++) {
        const struct gc_area *area = heap_area(&session->heap, i);
        struct row_writer writer = {output, &session->heap, area, is_rich, 0};
        struct letters letters = {.emit = write_rows, .context = &writer};

        text_printf(output->text, "GC memory layout; from %" PRIx64 ":", area->pool_start);
        rc = map_letters_walk(session, is_rich, area, &letters, err);
        text_putc(output->text, '\n');
        map_letters_note_unread(&letters, output);
    }
    return rc;
}

// --- JSON ---

static int collect_letters(void *context, uint64_t first, const char *letters, size_t count)
{
    struct text *all = context;

    (void)first;
    text_add(all, letters, count);
    return all->failed;
}

static json_t *area_json(struct session *session, bool is_rich, struct output *output,
                         const struct gc_area *area, struct mph_err *err)
{
    struct text all;
    struct letters letters = {.emit = collect_letters, .context = &all};
    json_t *document = NULL;

    text_init(&all, NULL);
    if (map_letters_walk(session, is_rich, area, &letters, err) == 0)
        document = json_pack(
            "{s:o, s:o, s:I, s:s%}", "pool_start_address", json_address(area->pool_start),
            "pool_end_address", json_address(area->pool_end), "block_bytes",
            (json_int_t)session->layout.block_bytes, "blocks", all.bytes ? all.bytes : "", all.len);
    text_deinit(&all);
    map_letters_note_unread(&letters, output);
    return document;
}

static int write_json(struct session *session, bool is_rich, struct output *output,
                      struct mph_err *err)
{
    json_t *document = json_object(), *areas = json_array();

    json_object_set_new(document, "areas", areas);
    for (size_t i = 0; i < heap_area_count(&session->heap); i++) {
        json_t *area = area_json(session, is_rich, output, heap_area(&session->heap, i), err);

        if (json_array_append_new(areas, area) < 0) {
            json_decref(document);
            return err && err->code ? err->code : mph_fail_no_memory(err);
        }
    }
    report_common_notes(session, output);
    return output_json(output, document, err);
}

static int run_map(struct session *session, const void *raw_options, struct output *output,
                   struct mph_err *err)
{
    const struct map_options *options = raw_options;
    bool has_pictures = map_pictures_wanted(&options->pictures);
    int rc = map_pictures_check(&options->pictures, err);

    if (rc == 0)
        rc = session_load(session, has_pictures, err);
    if (rc == 0 && options->is_rich)
        rc = session_load_objects(session, err);
    else if (rc == 0)
        rc = letters_hold(&session->heap, &session->target, session->tries, err);
    if (rc == 0)
        rc = letters_learn(&session->heap, &session->layout, &session->target, err);
    if (rc < 0)
        return rc;
    if (has_pictures)
        return map_pictures_write(session, &options->pictures, options->is_rich, output, err);
    if (output->is_json)
        return write_json(session, options->is_rich, output, err);
    rc = write_text(session, options->is_rich, output, err);
    if (rc == 0 && options->has_legend)
        map_letters_each(options->is_rich, output, add_legend_line);
    report_common_notes(session, output);
    return rc;
}

const struct report report_map = {
    .name = "map",
    .summary = "the block map, as micropython.mem_info(1) prints it",
    .help = "One letter a block, in the format of the firmware's own era, area by area.",
    .argp = &map_argp,
    .options_size = sizeof(struct map_options),
    .run = run_map,
};
