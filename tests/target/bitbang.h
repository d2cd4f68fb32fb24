// SPDX-License-Identifier: MIT
#ifndef TARGET_BITBANG_H
#define TARGET_BITBANG_H

#include "cpu.h"
#include "dp_jtag.h"
#include "faults.h"
#include "front_end.h"

#include <stdbool.h>

// OpenOCD's remote_bitbang protocol (its doc/manual/jtag/drivers/remote_bitbang.txt): one character
// for each change of the JTAG pins.
struct bitbang {
    struct dp_jtag *jtag;
    struct cpu *cpu;
    struct faults *faults;
    struct stats *stats;
    bool tck, srst;
};

struct front_end bitbang_front_end(struct bitbang *bitbang);

#endif
