// SPDX-License-Identifier: MIT
#include "dp_jtag.h"

// Instructions (ADIv5.2, table B3-1); every other one is BYPASS
enum { IR_ABORT = 0x8, IR_DPACC = 0xA, IR_APACC = 0xB, IR_IDCODE = 0xE };

enum { IR_BITS = 4, IDCODE_BITS = 32, ACCESS_BITS = 35, BYPASS_BITS = 1 };

#define IR_CAPTURE 0x1u // what an IR scan shifts out

#define ACK_OK_FAULT 2u
#define ACK_WAIT 1u

// A DPACC or APACC scan: RnW, address bits 3:2, data.
#define ACCESS_IS_READ(scan) ((scan)&1)
#define ACCESS_ADDRESS(scan) ((unsigned)(scan) << 1 & 0xCu)
#define ACCESS_DATA(scan) ((uint32_t)((scan) >> 3))

#define SELECT_APSEL(select) ((select) >> 24)
#define SELECT_APBANKSEL(select) ((select)&0xF0u)
#define SELECT_DPBANKSEL(select) ((select)&0xFu)

// In JTAG the sticky flags are cleared by writing ones to them.
#define STICKY_WRITE_ONE_TO_CLEAR 0xB2u

void dp_jtag_init(struct dp_jtag *jtag, struct dp *dp, struct faults *faults, struct stats *stats)
{
    *jtag = (struct dp_jtag){.dp = dp, .faults = faults, .stats = stats};
    dp_jtag_reset(jtag);
}

void dp_jtag_reset(struct dp_jtag *jtag)
{
    jtag->state = TEST_LOGIC_RESET;
    jtag->instruction = IR_IDCODE;
}

static void load_shift(struct dp_jtag *jtag, uint64_t value, unsigned length)
{
    jtag->shift = value;
    jtag->shift_length = length;
}

// The answer to the scan before: its acknowledge and, if it was a read, its data.
static void capture_access(struct dp_jtag *jtag)
{
    bool is_ap = jtag->instruction == IR_APACC;
    uint64_t ack = ACK_OK_FAULT;
    jtag->waiting = is_ap && faults_next_access_waits(jtag->faults);
    if (jtag->waiting)
        ack = ACK_WAIT;
    if (jtag->faults->armed && jtag->faults->stuck_ack >= 0) {
        ack = (uint64_t)jtag->faults->stuck_ack;
        jtag->waiting = true;
    }
    load_shift(jtag, ack | (uint64_t)jtag->dp->read_buffer << 3, ACCESS_BITS);
}

static void capture_dr(struct dp_jtag *jtag)
{
    switch (jtag->instruction) {
    case IR_IDCODE:
        load_shift(jtag, jtag->dp->core->jtag_idcode, IDCODE_BITS);
        break;
    case IR_DPACC:
    case IR_APACC:
        capture_access(jtag);
        break;
    case IR_ABORT:
        load_shift(jtag, 0, ACCESS_BITS);
        break;
    default:
        load_shift(jtag, 0, BYPASS_BITS);
        break;
    }
}

static uint32_t read_dp(struct dp *dp, unsigned address)
{
    if (address == DP_CTRL_STAT && SELECT_DPBANKSEL(dp->select) == 0)
        return dp_read_ctrl_stat(dp);
    return address == DP_SELECT ? dp->select : 0;
}

static void write_dp(struct dp *dp, unsigned address, uint32_t value)
{
    if (address == DP_SELECT) {
        dp->select = value;
    } else if (address == DP_CTRL_STAT && SELECT_DPBANKSEL(dp->select) == 0) {
        dp->ctrl_stat &= ~(value & STICKY_WRITE_ONE_TO_CLEAR);
        dp_write_ctrl_stat(dp, value);
    }
}

// A scan of RDBUFF is there to shift out what the AP read before it; its own value is zero.
static void access_dp(struct dp *dp, uint64_t scan)
{
    unsigned address = ACCESS_ADDRESS(scan);
    if (!ACCESS_IS_READ(scan))
        write_dp(dp, address, ACCESS_DATA(scan));
    else
        dp->read_buffer = address == DP_RDBUFF ? 0 : read_dp(dp, address);
}

static void access_ap(struct dp *dp, uint64_t scan)
{
    if (dp->ctrl_stat & DP_STICKYORUN)
        return;
    unsigned ap = SELECT_APSEL(dp->select);
    unsigned offset = SELECT_APBANKSEL(dp->select) | ACCESS_ADDRESS(scan);
    if (ACCESS_IS_READ(scan))
        dp_read_ap(dp, ap, offset, &dp->read_buffer);
    else
        dp_write_ap(dp, ap, offset, ACCESS_DATA(scan));
}

// A scan answered WAIT is not carried out. With overrun detection on, nothing after it is either,
// until the debugger has noticed: it would take other reads' data for its own otherwise.
static void note_wait(struct dp_jtag *jtag)
{
    jtag->waiting = false;
    jtag->stats->waits++;
    if (jtag->dp->ctrl_stat & DP_ORUNDETECT)
        jtag->dp->ctrl_stat |= DP_STICKYORUN;
}

static void update_dr(struct dp_jtag *jtag)
{
    jtag->stats->adapter_commands++;
    bool is_dp = jtag->instruction == IR_DPACC;
    bool is_ap = jtag->instruction == IR_APACC;
    if ((is_dp || is_ap) && jtag->waiting)
        note_wait(jtag);
    else if (is_dp)
        access_dp(jtag->dp, jtag->shift);
    else if (is_ap)
        access_ap(jtag->dp, jtag->shift);
}

static void update_ir(struct dp_jtag *jtag)
{
    jtag->stats->adapter_commands++;
    jtag->instruction = (unsigned)jtag->shift;
}

static enum tap_state next_state(enum tap_state state, bool tms)
{
    static const enum tap_state next[][2] = {
        [TEST_LOGIC_RESET] = {RUN_TEST_IDLE, TEST_LOGIC_RESET},
        [RUN_TEST_IDLE] = {RUN_TEST_IDLE, SELECT_DR_SCAN},
        [SELECT_DR_SCAN] = {CAPTURE_DR, SELECT_IR_SCAN},
        [CAPTURE_DR] = {SHIFT_DR, EXIT1_DR},
        [SHIFT_DR] = {SHIFT_DR, EXIT1_DR},
        [EXIT1_DR] = {PAUSE_DR, UPDATE_DR},
        [PAUSE_DR] = {PAUSE_DR, EXIT2_DR},
        [EXIT2_DR] = {SHIFT_DR, UPDATE_DR},
        [UPDATE_DR] = {RUN_TEST_IDLE, SELECT_DR_SCAN},
        [SELECT_IR_SCAN] = {CAPTURE_IR, TEST_LOGIC_RESET},
        [CAPTURE_IR] = {SHIFT_IR, EXIT1_IR},
        [SHIFT_IR] = {SHIFT_IR, EXIT1_IR},
        [EXIT1_IR] = {PAUSE_IR, UPDATE_IR},
        [PAUSE_IR] = {PAUSE_IR, EXIT2_IR},
        [EXIT2_IR] = {SHIFT_IR, UPDATE_IR},
        [UPDATE_IR] = {RUN_TEST_IDLE, SELECT_DR_SCAN},
    };
    return next[state][tms];
}

static bool is_shifting(const struct dp_jtag *jtag)
{
    return jtag->state == SHIFT_DR || jtag->state == SHIFT_IR;
}

void dp_jtag_clock(struct dp_jtag *jtag, bool tms, bool tdi)
{
    if (is_shifting(jtag))
        jtag->shift = jtag->shift >> 1 | (uint64_t)tdi << (jtag->shift_length - 1);
    jtag->state = next_state(jtag->state, tms);
    switch (jtag->state) {
    case TEST_LOGIC_RESET:
        dp_jtag_reset(jtag);
        break;
    case CAPTURE_DR:
        capture_dr(jtag);
        break;
    case CAPTURE_IR:
        load_shift(jtag, IR_CAPTURE, IR_BITS);
        break;
    case UPDATE_DR:
        update_dr(jtag);
        break;
    case UPDATE_IR:
        update_ir(jtag);
        break;
    default:
        break;
    }
}

bool dp_jtag_tdo(const struct dp_jtag *jtag)
{
    return is_shifting(jtag) ? jtag->shift & 1 : true;
}
