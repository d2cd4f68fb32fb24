// SPDX-License-Identifier: MIT
// What pictures are drawn on, whatever the file they end in. Lengths are pixels from the
// upper left corner, colours 0xRRGGBB, texts printable ASCII. Drawing cannot fail: what
// went wrong is told at the end.
#ifndef MPH_REPORT_CANVAS_H
#define MPH_REPORT_CANVAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct canvas;

enum canvas_form { CANVAS_SVG, CANVAS_PNG };

// White. The file is borrowed until canvas_finish, and is written to as it likes; errors
// of writing stay in ferror(file). Returns NULL when out of memory.
struct canvas *canvas_create(enum canvas_form form, int width, int height, FILE *file);

// Put all into the file, and release the canvas.
int canvas_finish(struct canvas *canvas, struct mph_err *err);

// Of what is drawn from now on.
void canvas_set_color(struct canvas *canvas, uint32_t rgb);

// Collect rectangles, and fill them all.
void canvas_add_box(struct canvas *canvas, double left, double top, double width, double height);
void canvas_fill(struct canvas *canvas);

enum canvas_font { CANVAS_SANS, CANVAS_BOLD, CANVAS_MONO };
void canvas_set_font(struct canvas *canvas, enum canvas_font font, double size);

// Text with its base line at `base`; cut, with three points, where it is wider than `room`.
void canvas_text(struct canvas *canvas, double left, double base, double room, const char *text);
// Text that ends at `right`.
void canvas_text_before(struct canvas *canvas, double right, double base, const char *text);

// Letters, each with the middle of its base line at (x, y).
struct canvas_letter {
    char letter;
    double x, y;
};
void canvas_letters(struct canvas *canvas, const struct canvas_letter *letters, size_t count);

// An image of columns x rows pixels, each drawn `scale` wide and high, with sharp edges.
// `color_of` tells the colour of one.
struct canvas_image {
    int columns, rows, scale;
    uint32_t (*color_of)(const void *context, size_t index); // row by row
    const void *context;
};
void canvas_paint(struct canvas *canvas, const struct canvas_image *image, double left, double top);

#endif
