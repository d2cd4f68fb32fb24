// SPDX-License-Identifier: MIT
// The map of a heap as an SVG or PNG file, for documents and tickets.
#ifndef MPH_REPORT_PICTURE_H
#define MPH_REPORT_PICTURE_H

#include "base/vec.h"
#include "report/canvas.h"
#include "report/cells.h"

// Texts may be of any origin; they are cut where the picture ends.
struct picture {
    const struct cells *cells;
    uint64_t block_bytes;
    const char *title, *subtitle;        // lines above the map
    const char *meanings[CELLS_LETTERS]; // by letter: its line in the legend
    const struct vec *notes;             // of struct note: lines below it
};

// Pixels: of the PNG, and of the SVG at its natural size.
struct picture_size {
    int width, height;
};
struct picture_size picture_size(const struct picture *picture);

// Whether picture_write could make a file there, before anything is gathered for it.
int picture_check(const char *path, struct mph_err *err);

// Write it to a file, which appears whole or not at all. On one machine, with the fonts
// that it has, the same heap gives the same bytes.
int picture_write(const struct picture *picture, enum canvas_form form, const char *path,
                  struct mph_err *err);

#endif
