// SPDX-License-Identifier: MIT
// A conversation with a GDB stub: a command goes, its answer comes back. It
// looks after checksums, acknowledgements and packets nobody asked for, and does
// not know what the commands are about.
#ifndef MPH_TARGET_RSP_PORT_H
#define MPH_TARGET_RSP_PORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "target/link.h"
#include "target/stream.h"

enum { RSP_BUFFER_SIZE = 32 * 1024 }; // the longest packet there can be

struct rsp_port {
    struct stream stream;
    struct link_stats *stats; // requests and seconds are counted here; borrowed
    bool lost; // an answer went missing: what comes next would answer something else
    bool acks; // packets are acknowledged, which is how every conversation begins
    size_t in_len;
    size_t body_len;
    char in[RSP_BUFFER_SIZE];
    char body[RSP_BUFFER_SIZE]; // the latest answer, its escapes undone; any bytes
};

int rsp_port_open(struct rsp_port *port, const char *endpoint, double timeout,
                  struct link_stats *stats, struct mph_err *err);

// Ask the stub to let go of the target, and close. A stub that no longer
// answers is told all the same.
void rsp_port_close(struct rsp_port *port);

// Send a command of at most 250 characters and wait for its answer, which is
// then in `body`. Stop replies that come by themselves are passed over; one is
// an answer to "?" only. After a failure the conversation is over.
int rsp_port_ask(struct rsp_port *port, const char *command, struct mph_err *err);

bool rsp_port_says(const struct rsp_port *port, const char *text);

// End the conversation: MPH_ERR_LINK with a line that quotes the start of the answer.
int rsp_port_fail(struct rsp_port *port, struct mph_err *err, const char *why);

#endif
