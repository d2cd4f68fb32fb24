// SPDX-License-Identifier: MIT
// A range of addresses by its first one and its size, as reads are asked for.
#ifndef MPH_BASE_RANGE_H
#define MPH_BASE_RANGE_H

#include <stdint.h>

struct range {
    uint64_t address;
    uint64_t size;
};

#endif
