// SPDX-License-Identifier: MIT
// The other end of a link, played by a thread: it listens on a free port of
// loopback and talks to one connection after the other.
#ifndef MPH_TESTS_UNIT_PEER_H
#define MPH_TESTS_UNIT_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

// Talk on a connection until it is over; `fd` is closed by the caller.
typedef void peer_talk_fn(int fd, void *context);

// Never fails: a host that gives no port or thread ends the test.
struct peer *peer_start(int family, peer_talk_fn *talk, void *context);

// Cut the connection there may be, and wait for the thread to end.
void peer_stop(struct peer *peer);

int peer_port(const struct peer *peer);

// "127.0.0.1:PORT", which lives as long as the peer.
const char *peer_endpoint(const struct peer *peer);

// Wait on an open connection until the other end closes it.
void peer_wait_for_close(int fd);

// False when the other end is gone.
bool peer_send(int fd, const void *bytes, size_t size);

#endif
