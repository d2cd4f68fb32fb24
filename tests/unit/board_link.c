// SPDX-License-Identifier: MIT
#include "board_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int board_read(void *context, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct board *board = context;

    (void)err;
    board->reads++;
    for (size_t i = 0; i < count; i++) {
        struct extent asked = {reads[i].address, reads[i].address + (reads[i].size - 1)}, common;
        bool is_word = asked.first == board->word_address && reads[i].size == 4;

        board->device_reads += extent_common(asked, board->devices, &common);
        reads[i].status = is_word || extent_covers(board->ram, asked) ? 0 : MPH_ERR_READ;
        memset(reads[i].bytes, 0, reads[i].size);
        if (is_word)
            memcpy(reads[i].bytes, &board->word, 4);
    }
    return 0;
}

static void board_close(void *context)
{
    (void)context;
}

static const struct link_ops board_ops = {
    .name = "board", .read = board_read, .close = board_close};

void board_connect(struct target *target, struct board *board, uint16_t machine)
{
    struct link link = {.ops = &board_ops, .context = board, .machine = machine};

    target_init(target);
    assert_int_equal(target_add_link(target, &link, false, NULL), 0);
}
