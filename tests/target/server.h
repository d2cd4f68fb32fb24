// SPDX-License-Identifier: MIT
#ifndef TARGET_SERVER_H
#define TARGET_SERVER_H

#include "cpu.h"
#include "faults.h"
#include "front_end.h"
#include "stats.h"
#include "throttle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_INPUT_SIZE 65536

/*
 * One debugger at a time over a socket, and the signals: SIGTERM and SIGINT end the server,
 * SIGUSR1 has the counters written, SIGUSR2 arms the faults.
 */
struct server {
    struct front_end front_end;
    struct cpu *cpu;
    struct faults *faults;
    struct stats *stats;
    const char *stats_path; // or NULL
    struct throttle throttle;
    int listener; // a listening socket
    int signals;  // a signalfd for the four signals
    int client;   // -1: no debugger
    bool stalled; // the debugger at hand is never answered again
    uint8_t input[SERVER_INPUT_SIZE];
    size_t input_length;
    struct reply reply;
};

// Blocks the four signals and gives a signalfd for them, or -1.
int server_open_signals(void);

// Serves until a signal ends it: 0. -1 if the live machine is lost, or the system fails.
int server_run(struct server *server);

#endif
