// SPDX-License-Identifier: MIT
#ifndef TARGET_STLINK_SERVER_H
#define TARGET_STLINK_SERVER_H

#include "front_end.h"
#include "stlink.h"

// The TCP protocol of ST's stlink-server (API 2, as OpenOCD 0.12 speaks it), in front of one
// ST-Link.
struct stlink_server {
    struct stlink *stlink;
};

struct front_end stlink_server_front_end(struct stlink_server *server);

#endif
