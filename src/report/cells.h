// SPDX-License-Identifier: MIT
// The blocks of a heap as the cells of a picture: a row has as many as the size of the
// heap makes sensible, and where there are too many blocks, a cell stands for several.
#ifndef MPH_REPORT_CELLS_H
#define MPH_REPORT_CELLS_H

#include "gc/letters.h"

enum { CELLS_LETTERS = 128, CELLS_AREAS_MAX = 64 };

struct cell {
    uint8_t hue; // index into hues[]
    char letter; // of the head that begins here; '.' and '=': where free blocks, and tails
                 // that follow no head, begin; 0: as the cell before
};

struct cell_area {
    const struct gc_area *area;
    struct cell *cells; // one for each blocks_per_cell blocks
    size_t count;
};

struct letter_count {
    uint64_t runs;   // heads; of free blocks and lone tails, runs of them
    uint64_t blocks; // with the tails that follow
};

struct cells {
    struct cell_area areas[CELLS_AREAS_MAX];
    size_t area_count;
    size_t areas_left_out;    // because there are more; they are not counted either
    unsigned columns;         // cells of a row
    unsigned pixels;          // of a cell's side
    uint64_t blocks_per_cell; // a power of two; above 1 the hue is that of most blocks in use,
                              // and a cell is free where all are
    struct letter_count counts[CELLS_LETTERS]; // by letter
};

// Gives `letters` the letters of an area: letters_walk, or another that ends there.
typedef int cells_walk(void *context, const struct gc_area *area, struct letters *letters,
                       struct mph_err *err);

// At most a million cells, whatever the heap. The areas are borrowed.
int cells_init(struct cells *cells, const struct heap *heap, cells_walk *walk, void *context,
               struct mph_err *err);
void cells_deinit(struct cells *cells);

// Whether a cell has room for a letter, and for a gap between one object and the next.
static inline bool cells_have_letters(const struct cells *cells)
{
    return cells->pixels >= 10;
}

// Rows that an area takes.
size_t cells_rows(const struct cells *cells, const struct cell_area *area);

// Address of the first block of a row.
uint64_t cells_row_address(const struct cells *cells, const struct cell_area *area, size_t row,
                           uint64_t block_bytes);

#endif
