// SPDX-License-Identifier: MIT
#ifndef TARGET_ENDPOINT_H
#define TARGET_ENDPOINT_H

#include <stdint.h>

// Stream sockets, on loopback only. Each gives a file descriptor, or -1 with errno set.

// Connects to "PORT", "HOST:PORT" (a numeric address) or the path of a unix socket.
int endpoint_connect(const char *endpoint);

// Listens on 127.0.0.1; port 0 picks a free one. `*ret_port` is the port it listens on.
int endpoint_listen_tcp(uint16_t port, uint16_t *ret_port);

// Listens on a unix socket at `path`, which must not exist.
int endpoint_listen_unix(const char *path);

#endif
