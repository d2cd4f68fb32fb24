// SPDX-License-Identifier: MIT
// The links there are. Each opens or fails with one line that names the other end.
#ifndef MPH_TARGET_LINKS_H
#define MPH_TARGET_LINKS_H

#include "target/link.h"

// OpenOCD's Tcl port, which halts nothing by itself, or a pair of pipes to an
// OpenOCD that evaluates what it is sent.
struct openocd_options {
    const char *endpoint; // "[HOST]:PORT", or "-" for Tcl commands on stdout, one a line,
                          // and their results on stdin, one a line
    const char *target;   // OpenOCD's name of the target; NULL: its current one
    double timeout;       // seconds to wait for any one answer
};
int openocd_open(const struct openocd_options *options, struct link *ret, struct mph_err *err);

// Any GDB remote stub. "[HOST]:PORT".
//
// Most stubs stop the target as soon as anyone connects, and do not say whether
// it ran before. Closing detaches as GDB's `detach` does, and what becomes of the
// target then is the stub's choice: QEMU 7.2 lets it go on, OpenOCD 0.12 leaves
// it halted (its Tcl port halts nothing). There is no halting and resuming beyond
// that. Memory that cannot be read reads as zeros through an OpenOCD without
// `gdb_report_data_abort enable`.
int rsp_open(const char *endpoint, double timeout, struct link *ret, struct mph_err *err);

// A caller's own read function. Reads exactly `size` bytes and returns 0, or
// returns -1 for memory that cannot be read, or -2 when the user interrupted.
typedef int callback_read_fn(void *context, uint64_t address, void *bytes, size_t size);
int callback_open(callback_read_fn *read, void *context, enum run_state state, struct link *ret,
                  struct mph_err *err);

#endif
