// SPDX-License-Identifier: MIT
#ifndef TARGET_DP_H
#define TARGET_DP_H

#include "core.h"
#include "faults.h"
#include "mem_ap.h"

#include <stdbool.h>
#include <stdint.h>

// CTRL/STAT (ADIv5.2, B2.2.2), the bits that front ends need
#define DP_ORUNDETECT (1u << 0)
#define DP_STICKYORUN (1u << 1)
#define DP_STICKYERR (1u << 5)

// Register addresses
enum { DP_DPIDR = 0x0, DP_ABORT = 0x0, DP_CTRL_STAT = 0x4, DP_SELECT = 0x8, DP_RDBUFF = 0xC };

/*
 * The debug port's registers, as JTAG and SWD share them, with one MEM-AP as AP 0. Any other AP
 * reads as zero: there is none.
 */
struct dp {
    const struct core *core;
    struct mem_ap *ap;
    const struct faults *faults;
    uint32_t ctrl_stat; // as written, with the sticky flags; power acknowledges are computed
    uint32_t select;
    uint32_t read_buffer;      // result of the last AP read
    unsigned power_ack_delay; // reads of CTRL/STAT still to come before power is acknowledged
};

void dp_init(struct dp *dp, const struct core *core, struct mem_ap *ap,
             const struct faults *faults);

uint32_t dp_read_ctrl_stat(struct dp *dp);

// Sets the control bits; sticky flags stay.
void dp_write_ctrl_stat(struct dp *dp, uint32_t value);

// Register `offset` of AP number `ap`. 0, or -1: the access failed or was discarded because an
// earlier one had, and STICKYERR is set. A failed read gives zero.
int dp_read_ap(struct dp *dp, unsigned ap, unsigned offset, uint32_t *ret);
int dp_write_ap(struct dp *dp, unsigned ap, unsigned offset, uint32_t value);

#endif
