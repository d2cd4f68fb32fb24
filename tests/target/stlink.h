// SPDX-License-Identifier: MIT
#ifndef TARGET_STLINK_H
#define TARGET_STLINK_H

#include "bus.h"
#include "dp.h"
#include "faults.h"
#include "stats.h"

#include <stddef.h>
#include <stdint.h>

#define STLINK_COMMAND_SIZE 16
#define STLINK_DATA_MAX 10236 // bytes of data with one command

/*
 * The commands of an ST-Link/V2 with firmware J37 in SWD mode, as OpenOCD's "dapdirect" transport
 * uses them (names and numbers: OpenOCD 0.12, src/jtag/drivers/stlink_usb.c).
 */
struct stlink {
    struct dp *dp;
    struct bus *bus;
    struct faults *faults;
    struct stats *stats;
    uint8_t mode;
    uint8_t last_status;   // of the last memory command
    uint32_t last_address; // where it failed
};

void stlink_init(struct stlink *stlink, struct dp *dp, struct bus *bus, struct faults *faults,
                 struct stats *stats);

// Carries out a command that brings `size` bytes of data along.
void stlink_write(struct stlink *stlink, const uint8_t command[STLINK_COMMAND_SIZE],
                  const uint8_t *data, size_t size);

// Carries out a command that answers with `size` bytes, which are zero to begin with.
void stlink_read(struct stlink *stlink, const uint8_t command[STLINK_COMMAND_SIZE],
                 uint8_t *answer, size_t size);

#endif
