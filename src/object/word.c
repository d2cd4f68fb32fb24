// SPDX-License-Identifier: MIT
#include "object/word.h"

#include <string.h>

size_t word_size(const struct layout *layout)
{
    return layout->repr == REPR_D ? 8 : layout->word_bytes;
}

// The value of the bits above the tag, as the sign of a word of this size has it.
static int64_t signed_above(uint64_t bits, size_t bytes, int shift)
{
    int unused = 64 - 8 * (int)bytes;

    return (int64_t)(bits << unused) >> (unused + shift);
}

// Immediate objects since v1.13 (6f0c83f6e1): None 0, False 1, True 3.
static enum word_kind immediate(uint64_t value)
{
    switch (value) {
    case 0:
        return WORD_NONE;
    case 1:
        return WORD_FALSE;
    case 3:
        return WORD_TRUE;
    default:
        return WORD_BAD;
    }
}

// Tags of representations A and B: the low bits, and how far the value lies above.
struct tags {
    uint8_t integer_mask, integer_tag, integer_shift;
    uint8_t immediate_mask, immediate_tag; // mask 0: there are none
    uint8_t pointer_mask;
};

static void decode_tagged(const struct tags *tags, size_t bytes, uint64_t bits, struct word *ret)
{
    if ((bits & tags->integer_mask) == tags->integer_tag) {
        ret->kind = WORD_SMALL_INT;
        ret->integer = signed_above(bits, bytes, tags->integer_shift);
    } else if (tags->immediate_mask && (bits & tags->immediate_mask) == tags->immediate_tag) {
        ret->kind = immediate(bits >> 3);
    } else if ((bits & tags->pointer_mask) == 0) {
        ret->kind = WORD_POINTER;
        ret->pointer = bits;
    }
}

// py/obj.h mp_obj_float_get of representation C: 30 bits of a float, offset so that
// zero is no pointer; the low two bits were dropped.
static double float_c(uint64_t bits)
{
    uint32_t raw = (uint32_t)(bits - 0x80800000u) & ~3u;
    float value;

    memcpy(&value, &raw, sizeof value);
    return (double)value;
}

static void decode_c(enum repr repr, uint64_t bits, struct word *ret)
{
    if (bits & 1) {
        ret->kind = WORD_SMALL_INT;
        ret->integer = signed_above(bits, 4, 1);
    } else if ((bits & 3) == 0) {
        ret->kind = WORD_POINTER;
        ret->pointer = bits;
    } else if (repr == REPR_C && (bits & 0xff80000f) == 0xe) {
        ret->kind = immediate(bits >> 4);
    } else {
        ret->kind = WORD_FLOAT;
        ret->number = float_c(bits);
    }
}

// The top 16 bits tell; what is no tag is a double, offset so that a pointer is 0.
static void decode_d(uint64_t bits, struct word *ret)
{
    uint64_t raw = bits - 0x8004000000000000u;

    switch (bits >> 48) {
    case 0:
        ret->kind = WORD_POINTER;
        ret->pointer = bits;
        break;
    case 1: // 47 bits and a sign since v1.9.4 (2759bec858)
        ret->kind = WORD_SMALL_INT;
        ret->integer = (int64_t)(bits << 16) >> 17;
        break;
    case 3:
        ret->kind = immediate(bits >> 46 & 3);
        break;
    default:
        ret->kind = WORD_FLOAT;
        memcpy(&ret->number, &raw, sizeof raw);
    }
}

void word_decode(const struct layout *layout, uint64_t bits, struct word *ret)
{
    static const struct tags tags[] = {
        [REPR_UNKNOWN] = {1, 1, 1, 0, 0, 3}, [REPR_A_OLD] = {1, 1, 1, 0, 0, 3},
        [REPR_A] = {1, 1, 1, 7, 6, 3},       [REPR_B_OLD] = {3, 1, 2, 0, 0, 1},
        [REPR_B] = {3, 1, 2, 7, 7, 1},
    };

    *ret = (struct word){.kind = WORD_BAD};
    if (bits == 0)
        ret->kind = WORD_NULL;
    else if (bits == 4)
        ret->kind = WORD_SENTINEL;
    else if (repr_qstr(layout->repr, bits, &ret->id))
        ret->kind = WORD_QSTR;
    else if (layout->repr == REPR_D)
        decode_d(bits, ret);
    else if (layout->repr == REPR_C || layout->repr == REPR_C_OLD)
        decode_c(layout->repr, bits, ret);
    else
        decode_tagged(&tags[layout->repr], layout->word_bytes, bits, ret);
}
