// SPDX-License-Identifier: MIT
#include "cli/screen_map.h"

#include <curses.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAP_KIND = 3, MAP_CHANGED = 4 };
enum { COLOR_USED = 1, COLOR_MARKED, COLOR_CHANGED };

void screen_map_deinit(struct screen_map *map)
{
    free(map->blocks);
    *map = (struct screen_map){0};
}

static bool make_room(struct screen_map *map, uint64_t count)
{
    uint8_t *blocks;

    if (count <= map->room)
        return true;
    blocks = realloc(map->blocks, (size_t)count);
    if (!blocks)
        return false;
    map->blocks = blocks;
    map->room = count;
    return true;
}

void screen_map_take(struct screen_map *map, const struct sampler *sampler)
{
    uint64_t count = 0, at = 0;

    for (size_t i = 0; i < heap_area_count(&sampler->now); i++)
        count += heap_area(&sampler->now, i)->block_count;
    map->count = make_room(map, count) ? count : 0;
    for (size_t i = 0; map->count && i < heap_area_count(&sampler->now); i++) {
        const struct gc_area *area = heap_area(&sampler->now, i);

        for (uint64_t block = 0; block < area->block_count; block++)
            map->blocks[at++] =
                (uint8_t)(area_block(area, block) |
                          (sampler_has_changed(sampler, i, block, 1) ? MAP_CHANGED : 0));
    }
}

// --- drawing ---

struct cell {
    uint64_t blocks, used, heads, marked;
    bool has_changed;
};

static struct cell count_cell(const struct screen_map *map, uint64_t first, uint64_t blocks)
{
    struct cell cell = {.blocks = blocks};

    for (uint64_t i = first; i < first + blocks; i++) {
        enum block kind = map->blocks[i] & MAP_KIND;

        cell.used += kind != BLOCK_FREE;
        cell.heads += block_is_head(kind);
        cell.marked += kind == BLOCK_MARK;
        cell.has_changed |= (map->blocks[i] & MAP_CHANGED) != 0;
    }
    return cell;
}

// One block has the letters of mem_info(1), which tells no types here; many have how full
// they are.
static chtype cell_letter(const struct cell *cell)
{
    if (!cell->used)
        return '.';
    if (cell->blocks == 1)
        return cell->marked ? 'm' : cell->heads ? 'h' : '=';
    return cell->used == cell->blocks ? '#' : cell->used * 2 >= cell->blocks ? '+' : '-';
}

static chtype cell_look(const struct cell *cell, bool has_colors)
{
    if (!has_colors)
        return cell->has_changed ? A_REVERSE : A_NORMAL;
    if (cell->has_changed)
        return (chtype)COLOR_PAIR(COLOR_CHANGED) | A_REVERSE;
    if (cell->marked)
        return (chtype)COLOR_PAIR(COLOR_MARKED);
    return cell->used ? (chtype)COLOR_PAIR(COLOR_USED) : A_DIM;
}

// Blue and orange's kin: they differ for those who cannot tell red from green.
void screen_map_colors(void)
{
    init_pair(COLOR_USED, COLOR_CYAN, -1);
    init_pair(COLOR_MARKED, COLOR_MAGENTA, -1);
    init_pair(COLOR_CHANGED, COLOR_YELLOW, -1);
}

static void draw_legend(int row, uint64_t each)
{
    char line[80] = "";

    if (each > 1)
        snprintf(line, sizeof line,
                 "%" PRIu64 " blocks a letter: . free, - + # the fuller the more", each);
    mvaddnstr(row, 0, line, COLS);
    clrtoeol();
}

void screen_map_draw(const struct screen_map *map, int top, int rows, bool has_colors)
{
    uint64_t cells = rows > 0 && COLS > 0 ? (uint64_t)rows * (uint64_t)COLS : 0;
    uint64_t each = cells ? (map->count + cells - 1) / cells : 0;
    uint64_t first = 0;

    draw_legend(top - 1, each);
    for (int row = 0; row < rows; row++) {
        move(top + row, 0);
        clrtoeol();
        for (int column = 0; column < COLS && first < map->count; column++) {
            uint64_t left = map->count - first;
            struct cell cell = count_cell(map, first, left < each ? left : each);

            mvaddch(top + row, column, cell_letter(&cell) | cell_look(&cell, has_colors));
            first += cell.blocks;
        }
    }
}
