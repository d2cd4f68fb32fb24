// SPDX-License-Identifier: MIT
// A conversation with OpenOCD's Tcl: a script goes, its outcome comes back. It
// does not know what the scripts are about.
//
// Over TCP a script and its result each end in 0x1a; through pipes each is one
// line (openocd.texi "Tcl RPC server"; our own openocd/mpheap.tcl). OpenOCD
// prints every result of its Tcl port on its own terminal and into the console
// of a GDB that lets the target run, so where both sides see the same file
// system results travel through a file and the printed one is empty.
//
// After any failure the conversation is over: what would arrive next belongs to
// the script that failed.
#ifndef MPH_TARGET_TCL_PORT_H
#define MPH_TARGET_TCL_PORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "target/link.h"
#include "target/openocd_reply.h"
#include "target/stream.h"

struct tcl_port {
    struct stream stream;
    char endpoint[96];        // as given, for tcl_port_reopen
    double timeout;
    char folder[96];          // shared with OpenOCD; empty where there is none
    char *answer;             // the latest, reused
    size_t capacity;
    struct link_stats *stats; // requests and seconds are counted here; borrowed
};

// Connect to "[HOST]:PORT", or with "-" speak through stdout and stdin.
int tcl_port_open(struct tcl_port *ret, const char *endpoint, double timeout,
                  struct link_stats *stats, struct mph_err *err);

// Close, and remove the shared folder. Fine to call twice.
void tcl_port_close(struct tcl_port *port);

// Connect again after a failure. Pipes cannot.
int tcl_port_reopen(struct tcl_port *port, struct mph_err *err);

// Try to agree on a folder from now on. Costs nothing until the next script,
// which finds out whether OpenOCD can write there and we can read it.
void tcl_port_share(struct tcl_port *port);

// Whether files in `folder` reach us. Meaningful once a script has run.
static inline bool tcl_port_is_shared(const struct tcl_port *port)
{
    return port->folder[0] != '\0';
}

// Evaluate a script and wait for its outcome, whatever its code. The script
// holds no newline, has balanced braces, and does no harm when run twice. An
// answer longer than `limit` bytes is a failure. The result lives until the
// next call.
int tcl_port_eval(struct tcl_port *port, const struct text *script, size_t limit,
                  struct tcl_result *ret, struct mph_err *err);

// Add a string as one word of a script, whatever characters it has.
void tcl_quote(struct text *script, const char *word);

// Add the quoted path of the one file in the shared folder that scripts may
// write for us.
void tcl_quote_data_file(struct text *script, const struct tcl_port *port);

// Read that file into `bytes` and remove it. False unless it has exactly `size` bytes.
bool tcl_port_take_data(const struct tcl_port *port, void *bytes, size_t size);

// End the conversation: MPH_ERR_LINK with a line that quotes the start of what came.
int tcl_port_fail(struct tcl_port *port, struct mph_err *err, const char *why,
                  const char *text, size_t len);

#endif
