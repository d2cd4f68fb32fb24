// SPDX-License-Identifier: MIT
// Instructions with what their constants and targets are.
#ifndef MPH_REPORT_LISTING_H
#define MPH_REPORT_LISTING_H

#include "cpu/isa.h"
#include "report/report.h"

enum { LISTING_MAX = 100000 }; // instructions

struct listing {
    struct session *session;
    enum isa isa;
    uint64_t count;        // of instructions that are wanted; 0: all of the function
    bool is_around_pc;     // from some instructions before the pc on
    struct text name;      // of the function, empty where it has none
    uint64_t start, size;  // of the code; size 0: not known
    uint64_t header_bytes; // data in front of the code
    bool is_on_heap;
    bool has_pc;
    uint64_t pc;
    struct vec literals; // of uint64_t: where code loads constants from
    struct vec insns;    // of struct insn
    bool has_stop;       // code that could not be read to its end
    uint64_t stop;
};

// An empty one; the caller says what to decode.
void listing_init(struct listing *listing, struct session *session);
void listing_deinit(struct listing *listing);

// An address without the bit that says Thumb.
uint64_t listing_address(const struct listing *listing, uint64_t address);

// Decode from the start on, or around the pc, up to the count or the end of the function.
// The first address must be readable; where code ends later, `stop` says so.
int listing_decode(struct listing *listing, struct mph_err *err);

// As docs/json.md has it; and the text of that document. NULL is out of memory.
json_t *listing_json(const struct listing *listing);
void listing_write(const json_t *document, struct text *text);

#endif
