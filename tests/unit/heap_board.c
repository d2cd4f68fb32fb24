// SPDX-License-Identifier: MIT
#include "heap_board.h"

#include <string.h>

void heap_board_put(struct heap_board *board, uint64_t address, uint64_t value)
{
    bytes_put(board->ram + (address - RAM), board->build.word, board->build.big_endian, value);
}

uint64_t heap_board_get(const struct heap_board *board, uint64_t address)
{
    return bytes_get(board->ram + (address - RAM), board->build.word, board->build.big_endian);
}

static void put_kind(struct heap_board *board, const struct area_match *area, uint64_t block,
                     enum block kind)
{
    board->ram[area->table + block / 4 - RAM] |= (uint8_t)(kind << block % 4 * 2);
}

static uint64_t blocks_of(const struct area_match *area)
{
    return area->table_bytes * 4;
}

// Allocations of random lengths, some marked, and free blocks between them.
static void put_random_blocks(struct heap_board *board, const struct area_match *area)
{
    for (uint64_t block = 0; block < blocks_of(area);) {
        uint64_t left = blocks_of(area) - block, length = 1 + (uint64_t)rand() % 4;

        if (length > left)
            length = left;
        if (rand() % 3)
            for (uint64_t i = 0; i < length; i++)
                put_kind(board, area, block + i,
                         i > 0        ? BLOCK_TAIL
                         : rand() % 8 ? BLOCK_HEAD
                                      : BLOCK_MARK);
        block += length;
    }
}

// What a word may hold: nothing, a block, now and then its inside or none at all.
static uint64_t random_word(const struct heap_board *board, const struct area_match *areas,
                            size_t count)
{
    const struct area_match *area = &areas[(size_t)rand() % count];
    uint64_t address = area->pool_start + (uint64_t)rand() % blocks_of(area) * board->build.block;

    unsigned choice = (unsigned)rand() % 8;
    if (choice < board->density)
        return address;
    switch (choice) {
    case 6:
        return address + board->build.word;
    case 7:
        return area->pool_end;
    default:
        return (uint64_t)rand();
    }
}

static void put_members(struct heap_board *board)
{
    static const enum member words[] = {MEMBER_AREA_NEXT,        MEMBER_AREA_TABLE,
                                        MEMBER_AREA_TABLE_BYTES, MEMBER_AREA_FINALISERS,
                                        MEMBER_AREA_POOL_START,  MEMBER_AREA_POOL_END};
    uint8_t size = (uint8_t)board->build.word;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        board->layout.members[words[i]] = (struct member_at){HOW_DWARF, size * (int64_t)i, size};
    board->layout.members[MEMBER_STACK_TOP] = (struct member_at){HOW_DWARF, 0, size};
    board->layout.members[MEMBER_DICT_LOCALS] = (struct member_at){HOW_DWARF, size, size};
}

int heap_board_set_up(struct heap_board *board, const struct build *build, size_t area_count)
{
    struct area_match areas[2] = {set_up(build, RAM + 0x400, RAM + 0x1c00),
                                  set_up(build, SECOND + 16 * build->word, RAM + 0x3800)};
    uint64_t at[2] = {FIRST, SECOND};
    size_t word = build->word;

    memset(board, 0, sizeof *board);
    board->build = *build;
    board->density = 1 + (unsigned)rand() % 6;
    board->layout = (struct layout){.word_bytes = (uint8_t)word,
                                    .block_bytes = (uint16_t)build->block,
                                    .big_endian = build->big_endian,
                                    .area = FIRST,
                                    .ctx = CTX,
                                    .ctx_how = HOW_DWARF,
                                    .notes = NOTES};
    put_members(board);
    for (size_t i = 0; i < area_count; i++) {
        heap_board_put(board, at[i], i + 1 < area_count ? at[i + 1] : 0);
        put_words(build, &areas[i], board->ram + (at[i] + word - RAM));
        put_random_blocks(board, &areas[i]);
        for (uint64_t address = areas[i].pool_start; address < areas[i].pool_end; address += word)
            heap_board_put(board, address, random_word(board, areas, area_count));
    }
    heap_board_put(board, CTX, STACK_TOP);
    for (uint64_t address = CTX + word; address < CTX + 6 * word; address += word)
        heap_board_put(board, address, random_word(board, areas, area_count));
    heap_board_put(board, CTX + 3 * word, 0); // nlr_top: no chain of exception buffers
    for (uint64_t i = 1; i <= STACK_WORDS; i++)
        heap_board_put(board, STACK_TOP - i * word, random_word(board, areas, area_count));

    target_init(&board->target);
    board->target.big_endian = build->big_endian;
    regs_set(&board->target.regs, "sp", STACK_TOP - STACK_WORDS * word);
    regs_set(&board->target.regs, "r4", random_word(board, areas, area_count));
    regs_set(&board->target.regs, "r5", random_word(board, areas, area_count));
    if (target_add_bytes(&board->target, RAM, board->ram, RAM_BYTES, true, "ram", NULL) < 0 ||
        heap_init(&board->heap, &board->target, &board->layout, &(struct heap_options){1}, NULL) <
            0)
        return -1;
    return objects_open(&board->objects, &board->heap, &board->layout, &board->target, NULL, NULL);
}

void heap_board_tear_down(struct heap_board *board)
{
    objects_deinit(&board->objects);
    heap_deinit(&board->heap);
    layout_deinit(&board->layout);
    target_deinit(&board->target);
}

enum block heap_board_block(const struct heap_board *board, uint64_t block, uint64_t *ret_address)
{
    for (size_t i = 0; i < heap_area_count(&board->heap); i++) {
        const struct gc_area *area = heap_area(&board->heap, i);

        if (block < area->block_count) {
            *ret_address = area->pool_start + block * board->build.block;
            return board->ram[area->table + block / 4 - RAM] >> block % 4 * 2 & 3;
        }
        block -= area->block_count;
    }
    *ret_address = 0;
    return BLOCK_FREE;
}

const struct build heap_board_builds[] = {
    {4, false, 1, 1, 16}, {8, false, 1, 1, 32}, {4, true, 1, 1, 16}, {4, false, 1, 1, 32}};

const size_t heap_board_build_count = sizeof heap_board_builds / sizeof *heap_board_builds;
