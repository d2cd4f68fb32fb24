// SPDX-License-Identifier: MIT
// From an address in code to its line; declared in code.h.
#include "object/code.h"

enum { OPCODE_BYTES_MAX = 0x100000 }; // jumps have 16 bits; nothing else bounds a function

enum { PIECE_BYTES = 256 };

struct piece {
    size_t size;
    uint8_t bytes[PIECE_BYTES];
};

struct search {
    uint64_t left; // bytes of code from the current line's start to the opcode
    unsigned line;
    bool is_done;
};

// Walk the entries in one piece of the table, and return how many bytes they have.
static size_t walk(const struct piece *piece, bool ends_with_zero, struct search *search)
{
    struct line_step step;
    size_t at = 0, next = 0;

    while (line_step_read(piece->bytes, piece->size, &next, &step)) {
        search->is_done = search->left < step.code_bytes || (ends_with_zero && !piece->bytes[at]);
        if (search->is_done)
            break;
        search->left -= step.code_bytes;
        search->line += step.lines;
        at = next;
    }
    return at;
}

static int fail_at(uint64_t address, const char *what, struct mph_err *err)
{
    return mph_fail_at(err, MPH_ERR_BAD_DATA, address, "code: %s at 0x%llx", what,
                       (unsigned long long)address);
}

int code_line(struct target *target, const struct code *code, uint64_t ip, unsigned *ret,
              struct mph_err *err)
{
    struct search search = {ip - code->line_base, 1, false};
    struct piece piece;

    if (ip < code->opcodes || ip - code->opcodes >= OPCODE_BYTES_MAX || code->is_native)
        return fail_at(ip, "no opcode of this function", err);
    for (uint64_t at = code->lines; at < code->lines_end && !search.is_done;) {
        uint64_t left = code->lines_end - at;

        piece.size = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        int rc = target_read(target, at, piece.bytes, piece.size, err);
        if (rc < 0)
            return rc;
        size_t used = walk(&piece, code->form != PRELUDE_V2, &search);
        if (!used && !search.is_done)
            return fail_at(at, "half an entry of a line table", err);
        at += used;
    }
    *ret = search.line;
    return 0;
}
