// SPDX-License-Identifier: MIT
#ifndef TARGET_DP_JTAG_H
#define TARGET_DP_JTAG_H

#include "dp.h"
#include "faults.h"
#include "stats.h"

#include <stdbool.h>
#include <stdint.h>

// States of the TAP controller (IEEE 1149.1, figure 6-1)
enum tap_state {
    TEST_LOGIC_RESET,
    RUN_TEST_IDLE,
    SELECT_DR_SCAN,
    CAPTURE_DR,
    SHIFT_DR,
    EXIT1_DR,
    PAUSE_DR,
    EXIT2_DR,
    UPDATE_DR,
    SELECT_IR_SCAN,
    CAPTURE_IR,
    SHIFT_IR,
    EXIT1_IR,
    PAUSE_IR,
    EXIT2_IR,
    UPDATE_IR,
};

// A JTAG-DP: the TAP with its scan chains in front of the debug port (ADIv5.2, chapter B3).
struct dp_jtag {
    struct dp *dp;
    struct faults *faults;
    struct stats *stats;
    enum tap_state state;
    unsigned instruction;
    uint64_t shift;        // bit 0 leaves through TDO next
    unsigned shift_length; // in bits
    bool waiting;          // the DPACC or APACC scan under way is answered WAIT
};

void dp_jtag_init(struct dp_jtag *jtag, struct dp *dp, struct faults *faults, struct stats *stats);

// One rising edge of TCK.
void dp_jtag_clock(struct dp_jtag *jtag, bool tms, bool tdi);

// TDO at this moment.
bool dp_jtag_tdo(const struct dp_jtag *jtag);

// What TRST does.
void dp_jtag_reset(struct dp_jtag *jtag);

#endif
