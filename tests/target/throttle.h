// SPDX-License-Identifier: MIT
#ifndef TARGET_THROTTLE_H
#define TARGET_THROTTLE_H

#include <stddef.h>

// The pace of a real probe. All zero: as fast as it goes.
struct throttle {
    double bytes_per_second;
    double ms_per_request;
};

// From "BYTES_PER_S,MS_PER_REQUEST"; zero for either means no limit. 0, or -1.
int throttle_parse(const char *text, struct throttle *ret);

// Waits as long as the probe would take for one request that moves `bytes` bytes.
void throttle_wait(const struct throttle *throttle, size_t bytes);

#endif
