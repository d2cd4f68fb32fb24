// SPDX-License-Identifier: MIT
#include "vm/locals.h"

enum { PIECE_BYTES = 512, CODE_BYTES_MAX = 1 << 15 };

// py/bc0.h since v1.12. What follows an opcode is told by its upper half, and for some by
// MP_BC_MASK_EXTRA_BYTE.
enum format { FORMAT_BYTE, FORMAT_QSTR, FORMAT_NUMBER, FORMAT_OFFSET };
enum {
    LOAD_FAST_N = 0x24,
    DELETE_DEREF = 0x29, // with LOAD_DEREF, STORE_FAST_N, STORE_DEREF, DELETE_FAST between
    JUMP = 0x42,
    POP_JUMP_IF_FALSE = 0x44, // up to here offsets have a sign
    RETURN_VALUE = 0x63,
    RAISE_FROM = 0x66, // RAISE_LAST and RAISE_OBJ before it
    LOAD_FAST_MULTI = 0xb0,
    STORE_FAST_MULTI = 0xc0,
    MULTI_END = 0xd0,
};

struct sweep {
    const struct objects *objects;
    const struct frame *frame;
    uint64_t piece;
    size_t piece_size;
    uint8_t bytes[PIECE_BYTES];
    uint64_t at;
    uint64_t furthest; // forward jumps lead here at the most
    unsigned count;
    bool has_met_ip;
    bool has_failed;
};

static uint8_t next_byte(struct sweep *sweep)
{
    if (sweep->at < sweep->piece || sweep->at - sweep->piece >= sweep->piece_size) {
        uint64_t room = objects_room(sweep->objects, sweep->at);

        sweep->piece = sweep->at;
        sweep->piece_size = room < PIECE_BYTES ? (size_t)room : PIECE_BYTES;
        if (!room || !objects_read(sweep->objects, sweep->at, sweep->bytes, sweep->piece_size)) {
            sweep->piece_size = 0;
            sweep->has_failed = true;
            return 0;
        }
    }
    return sweep->bytes[sweep->at++ - sweep->piece];
}

static uint64_t next_number(struct sweep *sweep)
{
    uint64_t number = 0;
    uint8_t byte;

    do {
        byte = next_byte(sweep);
        number = number << 7 | (byte & 0x7f);
    } while (byte & 0x80 && !sweep->has_failed);
    return number;
}

// py/vm.c DECODE_ULABEL, DECODE_SLABEL: two bytes up to v1.18, then seven bits and eight
// more where they do not do.
static int64_t next_offset(struct sweep *sweep, bool has_sign)
{
    int64_t first = next_byte(sweep);

    if (sweep->frame->code.form != PRELUDE_V2)
        return (first | (int64_t)next_byte(sweep) << 8) - (has_sign ? 0x8000 : 0);
    if (!(first & 0x80))
        return first - (has_sign ? 0x40 : 0);
    return ((first & 0x7f) | (int64_t)next_byte(sweep) << 7) - (has_sign ? 0x4000 : 0);
}

static void skip_name(struct sweep *sweep)
{
    if (sweep->frame->code.form == PRELUDE_V2) {
        next_number(sweep);
    } else {
        next_byte(sweep);
        next_byte(sweep);
    }
}

static void count_local(struct sweep *sweep, uint64_t index)
{
    if (index >= sweep->frame->n_state)
        sweep->has_failed = true;
    else if (index >= sweep->count)
        sweep->count = (unsigned)index + 1;
}

static void take_jump(struct sweep *sweep, uint8_t opcode)
{
    uint64_t target = (uint64_t)next_offset(sweep, opcode <= POP_JUMP_IF_FALSE);

    target += sweep->at;
    if (target > sweep->furthest && target - sweep->at < CODE_BYTES_MAX)
        sweep->furthest = target;
}

static void take_operand(struct sweep *sweep, uint8_t opcode)
{
    enum format format = 0x3a4 >> 2 * (opcode >> 4) & 3;
    uint64_t number;

    if (opcode >= LOAD_FAST_MULTI && opcode < MULTI_END) {
        count_local(sweep, opcode & 15);
    } else if (format == FORMAT_QSTR) {
        skip_name(sweep);
    } else if (format == FORMAT_NUMBER) {
        number = next_number(sweep);
        if (opcode >= LOAD_FAST_N && opcode <= DELETE_DEREF)
            count_local(sweep, number);
    } else if (format == FORMAT_OFFSET) {
        take_jump(sweep, opcode);
    }
    if (format != FORMAT_QSTR && (opcode & 0x9e) == 0)
        next_byte(sweep);
}

// Behind the last opcode that a jump leads to, code ends where it leaves.
static bool ends_code(const struct sweep *sweep, uint8_t opcode)
{
    return (opcode == JUMP || (opcode >= RETURN_VALUE && opcode <= RAISE_FROM)) &&
           sweep->at > sweep->furthest;
}

static void run(struct sweep *sweep)
{
    uint8_t opcode;

    do {
        sweep->has_met_ip |= sweep->at == sweep->frame->ip;
        opcode = next_byte(sweep);
        take_operand(sweep, opcode);
    } while (!sweep->has_failed && !ends_code(sweep, opcode) &&
             sweep->at - sweep->frame->code.opcodes < CODE_BYTES_MAX);
}

unsigned locals_count(const struct objects *objects, const struct frame *frame)
{
    const struct code *code = &frame->code;
    unsigned arguments = code->arg_count + code->has_varargs + code->has_varkeywords;
    struct sweep sweep = {.objects = objects, .frame = frame, .count = arguments};

    if (arguments > frame->n_state)
        return 0;
    if (code->is_native || code->form == PRELUDE_V0)
        return arguments;
    sweep.at = sweep.furthest = code->opcodes;
    run(&sweep);
    return sweep.has_met_ip && !sweep.has_failed ? sweep.count : arguments;
}
