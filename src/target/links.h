// SPDX-License-Identifier: MIT
// The links there are. Each opens or fails with one line that names the other end.
#ifndef MPH_TARGET_LINKS_H
#define MPH_TARGET_LINKS_H

#include "target/link.h"

// OpenOCD's Tcl port, or a pair of pipes to an OpenOCD that evaluates what it is sent.
struct openocd_options {
    const char *endpoint; // "[HOST]:PORT", or "-" for Tcl commands on stdout, one a line,
                          // and their results on stdin, one a line
    const char *target;   // OpenOCD's name of the target; NULL: its current one
    double timeout;       // seconds to wait for any one answer
};
int openocd_open(const struct openocd_options *options, struct link *ret, struct mph_err *err);

// Any GDB remote stub. "[HOST]:PORT".
int rsp_open(const char *endpoint, double timeout, struct link *ret, struct mph_err *err);

// A caller's own read function. Reads exactly `size` bytes and returns 0, or
// returns -1 for memory that cannot be read, or -2 when the user interrupted.
typedef int callback_read_fn(void *context, uint64_t address, void *bytes, size_t size);
int callback_open(callback_read_fn *read, void *context, enum run_state state, struct link *ret,
                  struct mph_err *err);

#endif
