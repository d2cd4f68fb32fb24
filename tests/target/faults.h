// SPDX-License-Identifier: MIT
#ifndef TARGET_FAULTS_H
#define TARGET_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_RANGES_MAX 8

// `size` bytes at `base`; may end at the top of the address space.
struct range {
    uint32_t base;
    uint64_t size;
};

struct ranges {
    struct range items[FAULT_RANGES_MAX];
    size_t count;
};

enum fault_action {
    FAULT_NONE,
    FAULT_DROP,  // close the connection
    FAULT_STALL, // keep it open and never answer again
};

/*
 * The misbehaviour a test asked for. All of it is off in a zeroed struct apart from `armed`.
 * Counts of commands and accesses start when the faults are armed.
 */
struct faults {
    bool armed;
    struct ranges unreadable;    // accesses that touch one are bus faults
    struct ranges zeros;         // reads from one yield zeros and no error
    unsigned wait_every;         // every n-th AP access is answered WAIT; 0: none
    unsigned power_ack_delay;    // reads of CTRL/STAT before a power-up request is acknowledged
    int stuck_ack;               // the 3 bits every DP and AP access is answered with; -1: none
    uint64_t drop_after;         // commands after which the connection drops; 0: never
    uint64_t stall_after;        // commands after which nothing is answered; 0: never
    uint64_t commands, accesses; // since armed
};

// Adds "BASE,SIZE" to `ranges`. 0, or -1 if the text is no range or the list is full.
int ranges_add(struct ranges *ranges, const char *text);

// Whether `size` bytes at `address` touch one of the ranges.
bool ranges_touch(const struct ranges *ranges, uint32_t address, size_t size);

// Counts one adapter command; says what becomes of it.
enum fault_action faults_next_command(struct faults *faults);

// Counts one AP access; says whether it is answered WAIT.
bool faults_next_access_waits(struct faults *faults);

#endif
