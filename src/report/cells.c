// SPDX-License-Identifier: MIT
#include "report/cells.h"

#include <stdlib.h>
#include <string.h>

#include "report/palette.h"

// Each is about a thousand pixels wide, and not higher than wide. Cells of ten pixels have
// room for a letter.
static const struct {
    unsigned columns, pixels;
} sizes[] = {{64, 14}, {128, 10}, {256, 4}, {512, 2}, {1024, 1}};

enum { SIZES = sizeof sizes / sizeof *sizes };

// --- how many cells ---

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

static uint64_t rows_of(const struct cells *cells)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < cells->area_count; i++)
        rows +=
            divide_up(cells->areas[i].area->block_count, cells->blocks_per_cell * cells->columns);
    return rows;
}

static void choose_size(struct cells *cells)
{
    size_t size = 0;

    do {
        cells->columns = sizes[size].columns;
        cells->pixels = sizes[size].pixels;
    } while (rows_of(cells) > cells->columns && ++size < SIZES);
    while (rows_of(cells) > cells->columns)
        cells->blocks_per_cell *= 2;
}

// --- what is in them ---

struct filler {
    struct cells *cells;
    struct cell_area *area;
    uint8_t hues[CELLS_LETTERS];  // of each letter
    uint64_t used[CELLS_LETTERS]; // of the cell at hand: blocks in use, by hue
    char current;                 // the letter that the block before belongs to; 0: none
};

static char letter_in(const struct filler *filler, uint64_t block, char letter, bool *ret_begins)
{
    bool has_head = filler->current && filler->current != '.';

    switch (area_block(filler->area->area, block)) {
    case BLOCK_FREE:
        *ret_begins = filler->current != '.';
        return '.';
    case BLOCK_TAIL:
        *ret_begins = !has_head;
        return has_head ? filler->current : '=';
    default:
        *ret_begins = true;
        return letter & (CELLS_LETTERS - 1);
    }
}

// A cell begins free; each block in use is one more of its hue.
static void add_to_cell(struct filler *filler, struct cell *cell, char letter)
{
    uint8_t hue = filler->hues[(size_t)letter];

    if (letter != '.' && ++filler->used[hue] > filler->used[cell->hue])
        cell->hue = hue;
}

static void add_block(struct filler *filler, uint64_t block, char letter)
{
    uint64_t per_cell = filler->cells->blocks_per_cell;
    struct cell *cell = &filler->area->cells[block / per_cell];
    struct letter_count *count;
    bool begins;

    letter = letter_in(filler, block, letter, &begins);
    if (block % per_cell == 0) {
        memset(filler->used, 0, sizeof filler->used);
        *cell = (struct cell){filler->hues['.'], begins ? letter : 0};
    }
    add_to_cell(filler, cell, letter);
    count = &filler->cells->counts[(size_t)letter];
    count->runs += begins;
    count->blocks++;
    filler->current = letter;
}

static int add_blocks(void *context, uint64_t first, const char *letters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_block(context, first + i, letters[i]);
    return 0;
}

static int fill_area(struct filler *filler, struct cell_area *area, cells_walk *walk, void *context,
                     struct mph_err *err)
{
    struct letters letters = {.emit = add_blocks, .context = filler};

    area->count = divide_up(area->area->block_count, filler->cells->blocks_per_cell);
    area->cells = calloc(area->count, sizeof *area->cells);
    if (!area->cells)
        return mph_fail_no_memory(err);
    filler->area = area;
    filler->current = 0;
    return walk(context, area->area, &letters, err);
}

int cells_init(struct cells *cells, const struct heap *heap, cells_walk *walk, void *context,
               struct mph_err *err)
{
    struct filler filler = {.cells = cells};
    size_t count = heap_area_count(heap);
    int rc = 0;

    *cells = (struct cells){.area_count = count < CELLS_AREAS_MAX ? count : CELLS_AREAS_MAX,
                            .blocks_per_cell = 1};
    cells->areas_left_out = count - cells->area_count;
    for (size_t i = 0; i < cells->area_count; i++)
        cells->areas[i].area = heap_area(heap, i);
    choose_size(cells);
    for (size_t i = 0; i < CELLS_LETTERS; i++)
        filler.hues[i] = (uint8_t)(hue_of((char)i) - hues);
    for (size_t i = 0; rc == 0 && i < cells->area_count; i++)
        rc = fill_area(&filler, &cells->areas[i], walk, context, err);
    if (rc < 0)
        cells_deinit(cells);
    return rc;
}

void cells_deinit(struct cells *cells)
{
    for (size_t i = 0; i < cells->area_count; i++)
        free(cells->areas[i].cells);
    *cells = (struct cells){0};
}

// --- rows ---

size_t cells_rows(const struct cells *cells, const struct cell_area *area)
{
    return divide_up(area->count, cells->columns);
}

uint64_t cells_row_address(const struct cells *cells, const struct cell_area *area, size_t row,
                           uint64_t block_bytes)
{
    return area->area->pool_start + row * cells->columns * cells->blocks_per_cell * block_bytes;
}
