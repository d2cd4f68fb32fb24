// SPDX-License-Identifier: MIT
// A link to a made-up board, whose RAM holds zeros, and which notices who reads its devices.
#ifndef MPH_UNIT_BOARD_LINK_H
#define MPH_UNIT_BOARD_LINK_H

#include "base/extent.h"
#include "target/target.h"

struct board {
    struct extent ram; // answers, and nothing else does
    uint64_t word_address;
    uint32_t word;         // but four bytes there
    struct extent devices; // what the test calls so
    unsigned reads;        // of the link
    unsigned device_reads; // pieces that touched devices
};

// Connect a target to it; target_deinit ends that. The board must outlive it.
void board_connect(struct target *target, struct board *board, uint16_t machine);

#endif
