// SPDX-License-Identifier: MIT
#ifndef TARGET_OPTIONS_H
#define TARGET_OPTIONS_H

#include "core.h"
#include "faults.h"
#include "memory.h"
#include "throttle.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the command line asks for. The strings are those of argv. The memory's regions are added
 * as they are named; options_deinit() gives them back.
 */
struct options {
    bool stlink; // that front end, or else the other
    uint16_t stlink_port;
    const char *bitbang_path;
    const struct core *core;
    const char *gdb, *qmp, *registers;
    const char *stats_path, *announce_path;
    struct throttle throttle;
    struct faults faults;
    struct memory memory;
};

// Parses the command line. On wrong usage it says so and exits.
void options_parse(struct options *options, int argc, char **argv);
void options_deinit(struct options *options);

#endif
