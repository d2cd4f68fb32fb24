// SPDX-License-Identifier: MIT
// Where RAM ends, found by reading outwards from an address in it. Nothing is written, so a
// mirror that repeats RAM is told from more RAM by what it holds alone.
#ifndef MPH_TARGET_PROBE_H
#define MPH_TARGET_PROBE_H

#include "base/extent.h"
#include "target/target.h"

enum { PROBE_REACH = 16 << 20 }; // bytes each way; no chip has more on it

struct probe {
    struct extent found; // what could be read, in whole pages
    bool is_endless;     // PROBE_REACH, not a refused read, ended it
    bool is_cut;         // the window's last page could be read, too
    uint64_t period;     // bytes after which it repeats itself; 0: it does not
    bool is_plain;       // too few words differ to tell whether it does
};

// Read from the page of `address` outwards, within `window`, until the target refuses or devices
// begin: at most a word of each page, and PROBE_REACH each way. Returns 1; 0 when that address is
// outside of the window, a device's, or cannot be read; negative when the link is lost.
int probe_ram(struct target *target, uint64_t address, struct extent window, struct probe *ret,
              struct mph_err *err);

#endif
