// SPDX-License-Identifier: MIT
#include "report/picture.h"

#include <inttypes.h>
#include <string.h>

#include "base/notes.h"
#include "base/text.h"
#include "base/whole_file.h"
#include "report/palette.h"
#include "report/picture_map.h"

// Pixels. A line of text is LINE high, with its base line BASE below its top.
enum { MARGIN = 16, LINE = 18, BASE = 13, TITLE_LINES = 3, AREA_GAP = 10, SAMPLE = 14 };
enum { LABEL_CHARACTER = 6, LABEL_SIZE = 10, TEXT_SIZE = 12, TITLE_SIZE = 16 };
enum { LEGEND_COLUMNS = 2, LEGEND_GAP = 40, NUMBER_ROOM = 70, NOTES_MAX = 5 };
enum { INK = 0x1a1a1a, FAINT_INK = 0x666666 };

// Where everything is.
struct sheet {
    const struct picture *picture;
    char legend[CELLS_LETTERS]; // letters in their order
    size_t legend_count;
    int map_left, map_width;
    int y; // the top of what is drawn next
};

// --- what needs how much room ---

static int label_width(const struct picture *picture)
{
    uint64_t last = 0;
    int digits = 1;

    for (size_t i = 0; i < picture->cells->area_count; i++)
        if (picture->cells->areas[i].area->pool_end > last)
            last = picture->cells->areas[i].area->pool_end;
    while (last >>= 4)
        digits++;
    return (digits + 2) * LABEL_CHARACTER + MARGIN / 2;
}

// Letters in use, relatives side by side.
static void find_legend(struct sheet *sheet)
{
    for (size_t hue = 0; hue < hue_count; hue++)
        for (const char *letter = hues[hue].letters; *letter; letter++)
            if (sheet->picture->cells->counts[(size_t)*letter].blocks)
                sheet->legend[sheet->legend_count++] = *letter;
}

static struct sheet sheet_of(const struct picture *picture)
{
    struct sheet sheet = {.picture = picture,
                          .map_left = MARGIN + label_width(picture),
                          .map_width = (int)(picture->cells->columns * picture->cells->pixels),
                          .y = MARGIN};

    find_legend(&sheet);
    return sheet;
}

static size_t legend_rows(const struct sheet *sheet)
{
    return (sheet->legend_count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
}

static size_t notes_shown(const struct picture *picture)
{
    return picture->notes->len < NOTES_MAX ? picture->notes->len : NOTES_MAX;
}

static int area_height(const struct cells *cells, const struct cell_area *area)
{
    return (int)(cells_rows(cells, area) * cells->pixels);
}

struct picture_size picture_size(const struct picture *picture)
{
    const struct sheet sheet = sheet_of(picture);
    int height = 2 * MARGIN + TITLE_LINES * LINE;

    for (size_t i = 0; i < picture->cells->area_count; i++)
        height += LINE + area_height(picture->cells, &picture->cells->areas[i]) + AREA_GAP;
    height += (int)(1 + 1 + legend_rows(&sheet) + notes_shown(picture)) * LINE;
    return (struct picture_size){sheet.map_left + sheet.map_width + MARGIN, height};
}

// --- lines ---

static double room_after(const struct sheet *sheet, double left)
{
    return sheet->map_left + sheet->map_width - left;
}

static void draw_line(struct sheet *sheet, struct canvas *canvas, int left, const char *string)
{
    struct text text;

    text_init(&text, NULL);
    text_escaped(&text, string, strlen(string));
    if (text.len)
        canvas_text(canvas, left, sheet->y + BASE, room_after(sheet, left), text.bytes);
    text_deinit(&text);
    sheet->y += LINE;
}

static void draw_title(struct sheet *sheet, struct canvas *canvas)
{
    canvas_set_color(canvas, INK);
    canvas_set_font(canvas, CANVAS_BOLD, TITLE_SIZE);
    draw_line(sheet, canvas, MARGIN, sheet->picture->title);
    sheet->y += LINE / 4;
    canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
    draw_line(sheet, canvas, MARGIN, sheet->picture->subtitle);
    sheet->y += LINE - LINE / 4;
}

static void draw_notes(struct sheet *sheet, struct canvas *canvas)
{
    canvas_set_color(canvas, INK);
    canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
    for (size_t i = 0; i < notes_shown(sheet->picture); i++)
        draw_line(sheet, canvas, MARGIN, notes_text(sheet->picture->notes, i));
}

// --- the map ---

// Rows between one label and the next, so that lines of text do not touch.
static size_t label_step(const struct cells *cells)
{
    size_t step = 1;

    while (step * cells->pixels < LABEL_SIZE + 2)
        step *= 2;
    return step;
}

static void draw_labels(const struct sheet *sheet, struct canvas *canvas,
                        const struct cell_area *area)
{
    const struct cells *cells = sheet->picture->cells;
    size_t rows = cells_rows(cells, area), step = label_step(cells);
    int right = sheet->map_left - MARGIN / 2;
    int middle =
        (int)(cells->pixels < LABEL_SIZE ? LABEL_SIZE : cells->pixels + LABEL_SIZE - 3) / 2;

    canvas_set_color(canvas, FAINT_INK);
    canvas_set_font(canvas, CANVAS_MONO, LABEL_SIZE);
    for (size_t row = 0; row < rows; row += step) {
        char label[24];

        snprintf(label, sizeof label, "0x%" PRIx64,
                 cells_row_address(cells, area, row, sheet->picture->block_bytes));
        canvas_text_before(canvas, right, sheet->y + (double)(row * cells->pixels) + middle, label);
    }
}

static void draw_area(struct sheet *sheet, struct canvas *canvas, const struct cell_area *area)
{
    char heading[128];

    snprintf(heading, sizeof heading, "0x%" PRIx64 " to 0x%" PRIx64 ": %" PRIu64 " blocks",
             area->area->pool_start, area->area->pool_end, area->area->block_count);
    canvas_set_color(canvas, INK);
    canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
    draw_line(sheet, canvas, sheet->map_left, heading);
    draw_labels(sheet, canvas, area);
    picture_map_draw(canvas, sheet->picture->cells, area, sheet->map_left, sheet->y);
    sheet->y += area_height(sheet->picture->cells, area) + AREA_GAP;
}

// --- the legend ---

static void draw_scale(struct sheet *sheet, struct canvas *canvas)
{
    const struct cells *cells = sheet->picture->cells;
    char line[256];
    int length;

    if (cells->blocks_per_cell == 1)
        length = snprintf(line, sizeof line, "One cell is a block of %" PRIu64 " bytes.",
                          sheet->picture->block_bytes);
    else
        length =
            snprintf(line, sizeof line,
                     "One cell is %" PRIu64 " blocks, %" PRIu64 " bytes, with the colour of "
                     "most of its blocks in use; it is free where all are.",
                     cells->blocks_per_cell, cells->blocks_per_cell * sheet->picture->block_bytes);
    if (cells->areas_left_out)
        snprintf(line + length, sizeof line - (size_t)length, " %zu more areas are not shown.",
                 cells->areas_left_out);
    canvas_set_color(canvas, FAINT_INK);
    canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
    draw_line(sheet, canvas, MARGIN, line);
}

static int legend_width(const struct sheet *sheet)
{
    int all = sheet->map_left + sheet->map_width - MARGIN;

    return (all - (LEGEND_COLUMNS - 1) * LEGEND_GAP) / LEGEND_COLUMNS;
}

// Three columns of numbers end at the right of an entry.
static void draw_numbers(struct canvas *canvas, int right, int base, const char *const numbers[3])
{
    for (int i = 0; i < 3; i++)
        canvas_text_before(canvas, right - (2 - i) * NUMBER_ROOM, base, numbers[i]);
}

static uint64_t blocks_shown(const struct cells *cells)
{
    uint64_t blocks = 0;

    for (size_t i = 0; i < CELLS_LETTERS; i++)
        blocks += cells->counts[i].blocks;
    return blocks;
}

static void draw_counts(const struct sheet *sheet, struct canvas *canvas, char letter, int right,
                        int base)
{
    const struct letter_count *count = &sheet->picture->cells->counts[(size_t)letter];
    double share = 100.0 * (double)count->blocks / (double)blocks_shown(sheet->picture->cells);
    char runs[24], bytes[24], percent[24];

    snprintf(runs, sizeof runs, "%" PRIu64, count->runs);
    snprintf(bytes, sizeof bytes, "%" PRIu64, count->blocks * sheet->picture->block_bytes);
    snprintf(percent, sizeof percent, "%.1f %%", share);
    draw_numbers(canvas, right, base, (const char *const[]){runs, bytes, percent});
}

static void draw_entry(const struct sheet *sheet, struct canvas *canvas, char letter, int left,
                       int top)
{
    const char *meaning = sheet->picture->meanings[(size_t)letter];
    int right = left + legend_width(sheet), text_left = left + SAMPLE + MARGIN / 2;

    picture_map_draw_sample(canvas, letter, left, top + 2, SAMPLE);
    canvas_set_color(canvas, INK);
    canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
    canvas_text(canvas, text_left, top + BASE, right - 2.6 * NUMBER_ROOM - text_left,
                meaning ? meaning : "");
    draw_counts(sheet, canvas, letter, right, top + BASE);
}

// Column by column.
static void draw_legend(struct sheet *sheet, struct canvas *canvas)
{
    static const char *const heads[3] = {"number", "bytes", "share"};
    size_t rows = legend_rows(sheet);

    for (size_t i = 0; i < sheet->legend_count; i++) {
        int left = MARGIN + (int)(i / rows) * (legend_width(sheet) + LEGEND_GAP);

        if (i % rows == 0) {
            canvas_set_color(canvas, FAINT_INK);
            canvas_set_font(canvas, CANVAS_SANS, TEXT_SIZE);
            draw_numbers(canvas, left + legend_width(sheet), sheet->y + BASE, heads);
        }
        draw_entry(sheet, canvas, sheet->legend[i], left, sheet->y + (int)(i % rows + 1) * LINE);
    }
    sheet->y += (int)(rows + 1) * LINE;
}

// --- the file ---

struct page {
    const struct picture *picture;
    enum canvas_form form;
};

static int write_page(void *context, FILE *file, struct mph_err *err)
{
    const struct page *page = context;
    const struct picture *picture = page->picture;
    struct picture_size size = picture_size(picture);
    struct sheet sheet = sheet_of(picture);
    struct canvas *canvas = canvas_create(page->form, size.width, size.height, file);

    if (!canvas)
        return mph_fail_no_memory(err);
    draw_title(&sheet, canvas);
    for (size_t i = 0; i < picture->cells->area_count; i++)
        draw_area(&sheet, canvas, &picture->cells->areas[i]);
    draw_scale(&sheet, canvas);
    draw_legend(&sheet, canvas);
    draw_notes(&sheet, canvas);
    return canvas_finish(canvas, err);
}

static const char what[] = "map";

int picture_check(const char *path, struct mph_err *err)
{
    return whole_file_check(path, what, err);
}

int picture_write(const struct picture *picture, enum canvas_form form, const char *path,
                  struct mph_err *err)
{
    struct page page = {picture, form};
    const struct whole_file_content content = {write_page, &page};

    return whole_file_write(path, what, &content, err);
}
