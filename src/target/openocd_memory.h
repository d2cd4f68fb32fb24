// SPDX-License-Identifier: MIT
// Reading memory through OpenOCD: many ranges a script, as aligned 32-bit
// accesses only, in portions that suit the speed of the probe.
//
// OpenOCD serves nobody else while it works on a script, an attached GDB
// included, so portions are kept at about 150 ms. Over USB a run of its own can
// cost as much as hundreds of further words; where it does, runs are merged
// across the gaps between them.
#ifndef MPH_TARGET_OPENOCD_MEMORY_H
#define MPH_TARGET_OPENOCD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/link.h"
#include "target/tcl_port.h"

// How much of something one script asks for.
struct portion {
    size_t limit; // at this moment
    size_t least, most;
};

struct openocd_memory {
    struct tcl_port *port;    // borrowed
    const char *target;       // OpenOCD's name, quoted as a Tcl word; borrowed
    bool big_endian;          // the byte order OpenOCD makes its words with
    bool has_read_memory;     // else mdw, before OpenOCD 0.12
    bool has_dump;            // dump_image has not failed yet
    bool has_answered;        // memory at `answered` was read
    uint64_t answered;
    struct portion words;     // by read_memory
    struct portion runs;
    struct portion dump_words; // by dump_image
    unsigned run_samples;
    double run_seconds;        // measured: what one more run costs; 0 not known
    double word_seconds;       // and one more word of a run
};

void openocd_memory_init(struct openocd_memory *ret, struct tcl_port *port, const char *target,
                         bool big_endian, bool has_read_memory);

// See link_ops.read.
int openocd_memory_read(struct openocd_memory *memory, struct link_read *reads, size_t count,
                        struct mph_err *err);

// A script that runs `command` with `target` as OpenOCD's current target, for
// commands that know no other. Its result is the list `CODE TEXT` of the command.
void openocd_with_target(struct text *script, const char *target, const struct text *command);

#endif
