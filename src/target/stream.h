// SPDX-License-Identifier: MIT
// Bytes to and from the other end of a link: a TCP connection or a pair of
// pipes, with a deadline on everything. It knows no protocol.
//
// A signal whose handler runs during a call ends it with MPH_ERR_INTERRUPTED;
// only SIGINT, SIGTERM, SIGHUP and SIGQUIT are let through, so that a terminal
// that changes its size does not.
#ifndef MPH_TARGET_STREAM_H
#define MPH_TARGET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct stream {
    int in, out;      // the same descriptor for a socket; -1 once closed
    const char *what; // the protocol, first word of every message; borrowed
    char peer[96];    // the other end, last word of every message: "127.0.0.1:6666"
    double timeout;   // seconds one answer may take
    bool same_host;   // the other end has this host's address; it may still be a tunnel
};

// Connect to "[HOST]:PORT", or to PORT alone. Without a host it is 127.0.0.1;
// an IPv6 address stands in brackets. Every address of a host name is tried.
int stream_connect(struct stream *ret, const char *what, const char *endpoint, double timeout,
                   struct mph_err *err);

// Take over a pair of descriptors, which stream_close closes.
void stream_init_pipes(struct stream *stream, const char *what, const char *peer, int in, int out,
                       double timeout);

// End the next wait of any stream, or the one that goes on, with
// MPH_ERR_INTERRUPTED. May be called from a signal handler.
void stream_interrupt(void);

// Let time pass. It is interrupted as a wait for an answer is.
int stream_pause(double seconds, struct mph_err *err);

// Closing a closed stream is fine.
void stream_close(struct stream *stream);

static inline bool stream_is_open(const struct stream *stream)
{
    return stream->in >= 0;
}

// Seconds on a clock that only moves forward.
double stream_now(void);

// All bytes, or MPH_ERR_LINK.
int stream_send(struct stream *stream, const void *bytes, size_t size, double deadline,
                struct mph_err *err);

// At least one byte and at most `size`, their number in *ret. The other end
// having closed is an error, and so is the deadline, even where more bytes wait:
// nobody can talk past it.
int stream_receive(struct stream *stream, void *bytes, size_t size, double deadline, size_t *ret,
                   struct mph_err *err);

// MPH_ERR_LINK with a line "what: why (peer)".
int stream_fail(const struct stream *stream, struct mph_err *err, const char *why);

#endif
