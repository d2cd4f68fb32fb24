// SPDX-License-Identifier: MIT
#include "report/picture_map.h"

#include "report/palette.h"

enum { PAPER = 0xffffff };

// --- cells as pixels ---

static uint32_t color_of(const void *context, size_t index)
{
    const struct cell_area *area = context;

    return index < area->count ? hues[area->cells[index].hue].rgb : PAPER;
}

static void draw_pixels(struct canvas *canvas, const struct cells *cells,
                        const struct cell_area *area, double left, double top)
{
    const struct canvas_image image = {.columns = (int)cells->columns,
                                       .rows = (int)cells_rows(cells, area),
                                       .scale = (int)cells->pixels,
                                       .color_of = color_of,
                                       .context = area};

    canvas_paint(canvas, &image, left, top);
}

// --- where a cell is ---

static double left_of(const struct cells *cells, size_t index)
{
    size_t pixels = index % cells->columns * cells->pixels;

    return (double)pixels;
}

static double top_of(const struct cells *cells, size_t index)
{
    size_t pixels = index / cells->columns * cells->pixels;

    return (double)pixels;
}

// --- cells as bars, one for each object ---

// Cells from `first` on that are one bar: up to where another object begins, or the row ends.
static size_t bar_at(const struct cells *cells, const struct cell_area *area, size_t first)
{
    size_t end = first + 1;

    while (end < area->count && end % cells->columns != 0 && !area->cells[end].letter)
        end++;
    return end - first;
}

// A gap of one pixel is left to the right and below.
static void draw_bars(struct canvas *canvas, const struct cells *cells,
                      const struct cell_area *area, size_t hue, double left, double top)
{
    size_t run;

    for (size_t i = 0; i < area->count; i += run) {
        run = bar_at(cells, area, i);
        if (area->cells[i].hue == hue)
            canvas_add_box(canvas, left + left_of(cells, i), top + top_of(cells, i),
                           (double)(run * cells->pixels) - 1, cells->pixels - 1);
    }
    canvas_set_color(canvas, hues[hue].rgb);
    canvas_fill(canvas);
}

// --- letters ---

// Black or white, whichever is easier to read on a colour: by its luma (ITU-R BT.601).
static uint32_t ink_on(uint32_t rgb)
{
    uint32_t luma = (299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff)) / 1000;

    return luma > 128 ? 0x000000 : 0xffffff;
}

// Where in a cell a letter stands.
static struct canvas_letter letter_in(char letter, double left, double top, double size)
{
    return (struct canvas_letter){letter, left + (size - 1) / 2, top + 0.74 * size};
}

static bool is_shown(char letter)
{
    return letter && letter != '.' && letter != '=';
}

// The letters of this ink, some at a time.
static void draw_letters(struct canvas *canvas, const struct cells *cells,
                         const struct cell_area *area, uint32_t ink, double left, double top)
{
    enum { BATCH = 256 };
    struct canvas_letter letters[BATCH];
    size_t used = 0;

    canvas_set_color(canvas, ink);
    for (size_t i = 0; i < area->count; i++) {
        const struct cell *cell = &area->cells[i];

        if (is_shown(cell->letter) && ink_on(hues[cell->hue].rgb) == ink)
            letters[used++] = letter_in(cell->letter, left + left_of(cells, i),
                                        top + top_of(cells, i), cells->pixels);
        if (used == BATCH || i + 1 == area->count) {
            canvas_letters(canvas, letters, used);
            used = 0;
        }
    }
}

// --- all of it ---

void picture_map_draw(struct canvas *canvas, const struct cells *cells,
                      const struct cell_area *area, double left, double top)
{
    if (!cells_have_letters(cells)) {
        draw_pixels(canvas, cells, area, left, top);
        return;
    }
    for (size_t hue = 0; hue < hue_count; hue++)
        draw_bars(canvas, cells, area, hue, left, top);
    canvas_set_font(canvas, CANVAS_MONO, 0.75 * cells->pixels);
    draw_letters(canvas, cells, area, 0x000000, left, top);
    draw_letters(canvas, cells, area, 0xffffff, left, top);
}

void picture_map_draw_sample(struct canvas *canvas, char letter, double left, double top,
                             double size)
{
    uint32_t rgb = hue_of(letter)->rgb;
    const struct canvas_letter in_it = letter_in(letter, left, top, size);

    canvas_set_color(canvas, rgb);
    canvas_add_box(canvas, left, top, size - 1, size - 1);
    canvas_fill(canvas);
    canvas_set_color(canvas, ink_on(rgb));
    canvas_set_font(canvas, CANVAS_MONO, 0.75 * size);
    canvas_letters(canvas, &in_it, is_shown(letter));
}
