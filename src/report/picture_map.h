// SPDX-License-Identifier: MIT
// The map in a picture: cells and what they look like. For picture.c.
#ifndef MPH_REPORT_PICTURE_MAP_H
#define MPH_REPORT_PICTURE_MAP_H

#include "report/canvas.h"
#include "report/cells.h"

// Draw the cells of an area with their upper left corner at (left, top).
void picture_map_draw(struct canvas *canvas, const struct cells *cells,
                      const struct cell_area *area, double left, double top);

// Draw one cell of `size` pixels with its letter, as the legend shows it.
void picture_map_draw_sample(struct canvas *canvas, char letter, double left, double top,
                             double size);

#endif
