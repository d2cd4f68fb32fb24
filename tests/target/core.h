// SPDX-License-Identifier: MIT
#ifndef TARGET_CORE_H
#define TARGET_CORE_H

#include <stdbool.h>
#include <stdint.h>

// What tells one Cortex-M from another through its debug port.
struct core {
    const char *name;
    uint32_t cpuid;       // SCB CPUID at 0xE000ED00
    uint32_t swd_dpidr;   // DPIDR of the SW-DP
    uint32_t jtag_idcode; // IDCODE of the JTAG-DP
    uint32_t ap_idr;      // IDR of the MEM-AP
    uint32_t fp_ctrl;     // FP_CTRL: revision and number of breakpoint comparators
    uint32_t dwt_ctrl;    // DWT_CTRL: number of watchpoint comparators
    uint32_t tar_wrap;    // bytes after which TAR's increment wraps around
    bool packed;          // the MEM-AP knows packed transfers
};

// The core called `name` (m0, m0p, m3, m4, m7), or NULL. The table outlives the program.
const struct core *core_find(const char *name);

#endif
