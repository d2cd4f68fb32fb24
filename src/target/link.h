// SPDX-License-Identifier: MIT
// A link: a connection to a target that is alive, whatever carries it. This is
// the header for those who implement one; callers use target.h.
//
// To add a link: fill a `struct link_ops` in a file of its own, write
// `int NAME_open(..., struct link *ret, struct mph_err *err)`, and add the
// option that opens it to cli/options.c. No link writes to a target's memory,
// resets it, or halts it outside `halt`.
#ifndef MPH_TARGET_LINK_H
#define MPH_TARGET_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/regs.h"

enum run_state {
    RUN_UNKNOWN, // the link does not say
    RUN_HALTED,
    RUN_RUNNING,
    RUN_DUMP, // not alive: an image or a core
};

// One contiguous read.
struct link_read {
    uint64_t address;
    size_t size;    // > 0; address + size does not wrap beyond 2^64
    uint8_t *bytes; // `size` bytes, filled when status is 0
    int status;     // 0, or MPH_ERR_READ when the target refused it
};

// What the link has carried so far.
struct link_stats {
    uint64_t requests; // round trips asked of the other end
    uint64_t pieces;   // contiguous reads within those
    uint64_t bytes;    // bytes of target memory that crossed
    double seconds;    // time spent waiting for answers
};

struct link_ops {
    const char *name; // "openocd", "gdb", "callback"

    // Make all `count` reads. A target that refuses one marks that one's status
    // and the rest are still tried. Fails only when the link itself is lost,
    // timed out or interrupted.
    int (*read)(void *link, struct link_read *reads, size_t count, struct mph_err *err);

    // Whether the target runs at this moment. NULL: not known.
    int (*state)(void *link, enum run_state *ret, struct mph_err *err);

    // The registers of a halted target. NULL: not available.
    int (*registers)(void *link, struct regs *ret, struct mph_err *err);

    // Halt and let go on; only ever called under --halt. NULL: cannot.
    int (*halt)(void *link, struct mph_err *err);
    int (*resume)(void *link, struct mph_err *err);

    void (*close)(void *link);
};

struct link {
    const struct link_ops *ops;
    void *context;
    const struct link_stats *stats; // kept by the implementation, lives as long as it
    size_t gap_bytes;   // two reads closer than this are cheaper as one
    uint16_t machine;   // ELF e_machine as far as the link tells, 0 not known
    uint8_t word_bytes; // 4 or 8 as far as the link tells, 0 not known
};

#endif
