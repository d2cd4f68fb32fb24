// SPDX-License-Identifier: MIT
#include "report/canvas.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <stdlib.h>
#include <string.h>

struct canvas {
    cairo_t *cr;
    cairo_surface_t *surface;
    FILE *file;
    enum canvas_form form;
};

// --- from beginning to end ---

static cairo_status_t write_bytes(void *context, const unsigned char *bytes, unsigned size)
{
    return fwrite(bytes, 1, size, context) == size ? CAIRO_STATUS_SUCCESS
                                                   : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *create_surface(enum canvas_form form, int width, int height, FILE *file)
{
    cairo_surface_t *surface;

    if (form == CANVAS_PNG)
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    surface = cairo_svg_surface_create_for_stream(write_bytes, file, width, height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

// The same letters at the same places on every surface, whatever the screen of this
// machine would like best.
static void set_plain_text(cairo_t *cr)
{
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cr, options);
    cairo_font_options_destroy(options);
}

struct canvas *canvas_create(enum canvas_form form, int width, int height, FILE *file)
{
    struct canvas *canvas = malloc(sizeof *canvas);

    if (!canvas)
        return NULL;
    cairo_surface_t *surface = create_surface(form, width, height, file);
    *canvas = (struct canvas){cairo_create(surface), surface, file, form};
    canvas_set_color(canvas, 0xffffff);
    cairo_paint(canvas->cr);
    set_plain_text(canvas->cr);
    return canvas;
}

// A file that cannot be written to is told by who opened it.
int canvas_finish(struct canvas *canvas, struct mph_err *err)
{
    cairo_status_t status = cairo_status(canvas->cr);

    cairo_destroy(canvas->cr);
    if (canvas->form == CANVAS_PNG && status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(canvas->surface, write_bytes, canvas->file);
    cairo_surface_finish(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(canvas->surface);
    cairo_surface_destroy(canvas->surface);
    free(canvas);
    if (status == CAIRO_STATUS_NO_MEMORY)
        return mph_fail_no_memory(err);
    return status == CAIRO_STATUS_SUCCESS || status == CAIRO_STATUS_WRITE_ERROR
               ? 0
               : mph_fail(err, MPH_ERR_INTERNAL, "cairo: %s", cairo_status_to_string(status));
}

// --- areas ---

void canvas_set_color(struct canvas *canvas, uint32_t rgb)
{
    cairo_set_source_rgb(canvas->cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0,
                         (rgb & 0xff) / 255.0);
}

void canvas_add_box(struct canvas *canvas, double left, double top, double width, double height)
{
    cairo_rectangle(canvas->cr, left, top, width, height);
}

void canvas_fill(struct canvas *canvas)
{
    cairo_fill(canvas->cr);
}

static void set_pixels(cairo_surface_t *pixels, const struct canvas_image *image)
{
    unsigned char *bytes = cairo_image_surface_get_data(pixels);
    size_t stride = (size_t)cairo_image_surface_get_stride(pixels), columns = image->columns;

    for (size_t y = 0; y < (size_t)image->rows; y++)
        for (size_t x = 0; x < columns; x++) {
            uint32_t rgb = image->color_of(image->context, y * columns + x);

            memcpy(bytes + y * stride + x * sizeof rgb, &rgb, sizeof rgb);
        }
    cairo_surface_mark_dirty(pixels);
}

void canvas_paint(struct canvas *canvas, const struct canvas_image *image, double left, double top)
{
    cairo_surface_t *pixels =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->columns, image->rows);

    if (cairo_surface_status(pixels) == CAIRO_STATUS_SUCCESS)
        set_pixels(pixels, image);
    cairo_save(canvas->cr);
    cairo_translate(canvas->cr, left, top);
    cairo_scale(canvas->cr, image->scale, image->scale);
    cairo_set_source_surface(canvas->cr, pixels, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(canvas->cr), CAIRO_FILTER_NEAREST);
    cairo_paint(canvas->cr);
    cairo_restore(canvas->cr);
    cairo_surface_destroy(pixels);
}

// --- text ---

void canvas_set_font(struct canvas *canvas, enum canvas_font font, double size)
{
    cairo_select_font_face(canvas->cr, font == CANVAS_MONO ? "monospace" : "sans-serif",
                           CAIRO_FONT_SLANT_NORMAL,
                           font == CANVAS_BOLD ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cr, size);
}

static double width_of(struct canvas *canvas, const char *text)
{
    cairo_text_extents_t extents;

    cairo_text_extents(canvas->cr, text, &extents);
    return extents.x_advance;
}

static void show_text(struct canvas *canvas, double left, double base, const char *text)
{
    cairo_move_to(canvas->cr, left, base);
    cairo_show_text(canvas->cr, text);
    cairo_new_path(canvas->cr);
}

// Shorten a text until it has room, with three points at its end.
static void cut(struct canvas *canvas, char *text, double room)
{
    static const char points[] = "...";
    size_t len = strlen(text);

    while (len > sizeof points && width_of(canvas, text) > room) {
        len--;
        memcpy(text + len - strlen(points), points, sizeof points);
    }
}

void canvas_text(struct canvas *canvas, double left, double base, double room, const char *text)
{
    enum { TEXT_BYTES = 400 };
    char fitting[TEXT_BYTES];

    snprintf(fitting, sizeof fitting, "%s", text);
    cut(canvas, fitting, room);
    show_text(canvas, left, base, fitting);
}

void canvas_text_before(struct canvas *canvas, double right, double base, const char *text)
{
    show_text(canvas, right - width_of(canvas, text), base, text);
}

static cairo_glyph_t glyph_of(cairo_scaled_font_t *font, const struct canvas_letter *letter)
{
    cairo_glyph_t glyph = {0}, *glyphs = &glyph;
    cairo_text_extents_t extents;
    int count = 1;

    cairo_scaled_font_text_to_glyphs(font, 0, 0, &letter->letter, 1, &glyphs, &count, NULL, NULL,
                                     NULL);
    cairo_scaled_font_glyph_extents(font, &glyph, 1, &extents);
    glyph.x = letter->x - extents.x_advance / 2;
    glyph.y = letter->y;
    return glyph;
}

void canvas_letters(struct canvas *canvas, const struct canvas_letter *letters, size_t count)
{
    enum { BATCH = 256 };
    cairo_scaled_font_t *font = cairo_get_scaled_font(canvas->cr);
    cairo_glyph_t glyphs[BATCH];

    for (size_t done = 0; done < count;) {
        int used = 0;

        while (used < BATCH && done < count)
            glyphs[used++] = glyph_of(font, &letters[done++]);
        cairo_show_glyphs(canvas->cr, glyphs, used);
    }
}
