// SPDX-License-Identifier: MIT
// What a GDB stub answers. The first byte chooses: a stream of packets, or a
// target description and, behind its first NUL, an answer to `g`.
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "target/rsp_layout.h"
#include "target/rsp_packet.h"

enum { IS_LAYOUT = 1, IS_BIG = 2, EXPANDED_MAX = 4096 };

static void read_body(const struct rsp_piece *piece)
{
    char *expanded = malloc(EXPANDED_MAX);
    size_t len = 0;

    if (expanded && rsp_expand(piece->body, piece->len, expanded, EXPANDED_MAX, &len) &&
        len > EXPANDED_MAX)
        abort();
    rsp_is_error(piece->body, piece->len);
    rsp_is_stop(piece->body, piece->len);
    rsp_is_output(piece->body, piece->len);
    free(expanded);
}

static void scan_packets(const struct input *input)
{
    struct rsp_piece piece;

    for (size_t at = 0; at < input->size; at += piece.used) {
        rsp_scan((const char *)input->bytes + at, input->size - at, &piece);
        if (piece.kind == RSP_MORE)
            return;
        if (!piece.used || piece.used > input->size - at)
            abort();
        if (piece.kind == RSP_PACKET)
            read_body(&piece);
    }
}

static void read_layout(const struct input *input, bool big_endian)
{
    const uint8_t *nul = memchr(input->bytes, '\0', input->size);
    size_t xml = nul ? (size_t)(nul - input->bytes) : input->size;
    const char *digits = (const char *)(nul ? nul + 1 : input->bytes);
    size_t len = nul ? input->size - xml - 1 : input->size;
    struct rsp_layout *layout = calloc(1, sizeof *layout);
    struct regs regs = {.count = 0};
    size_t known = 0;

    if (!layout)
        return;
    rsp_layout_add(layout, (const char *)input->bytes, xml);
    rsp_layout_sort(layout);
    rsp_layout_word_bytes(layout);
    rsp_layout_decode(layout, digits, len, big_endian, &regs, &known);
    if (known > layout->count)
        abort();
    for (size_t i = 0; i < layout->count; i++)
        rsp_reg_decode(&layout->list[i], digits, len, big_endian, &regs);
    if (rsp_layout_guess(layout, len / 2))
        rsp_layout_decode(layout, digits, len, big_endian, &regs, &known);
    free(layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned flags = (unsigned)input_take(&input, 1);

    if (flags & IS_LAYOUT)
        read_layout(&input, flags & IS_BIG);
    else
        scan_packets(&input);
    return 0;
}
