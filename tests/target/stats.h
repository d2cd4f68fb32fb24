// SPDX-License-Identifier: MIT
#ifndef TARGET_STATS_H
#define TARGET_STATS_H

#include <stdint.h>

/*
 * What the debug port counts, and the file it reports that in.
 *
 * "PPB" is the Private Peripheral Bus, 0xE0000000-0xE00FFFFF: the debugger's own registers live
 * there. Everything else on the bus is the target's memory.
 */
struct stats {
    uint64_t connections;          // debuggers that connected
    uint64_t adapter_commands;     // ST-Link: USB commands; JTAG: scans of IR and DR
    uint64_t bus_reads;            // reads the debugger asked of target memory
    uint64_t bus_writes;           // writes the debugger asked of target memory
    uint64_t bus_bytes_read;       // bytes of target memory that reached the debugger
    uint64_t bus_faults;           // accesses that failed, PPB included
    uint64_t ppb_reads;            // reads of the PPB
    uint64_t ppb_writes;           // writes to the PPB
    uint64_t memory_writes;        // changes of target memory, counted where they are made
    uint64_t memory_bytes_written; // bytes those changes hold
    uint64_t waits;                // accesses answered WAIT
    uint64_t cpu_halts;            // times the debugger halted the CPU, or a breakpoint did
    uint64_t cpu_resumes;          // times the debugger let it run or step
    uint64_t cpu_stops;            // times the running machine was stopped for any reason of ours
    uint64_t resets;               // resets the debugger asked for
    uint64_t reports;              // times this was written to the file, this one included
};

/*
 * Writes every counter to `path` as `name=value` lines, by way of `path`.tmp and a rename, so that
 * a reader sees a whole report or the one before it. Counts the report first.
 * 0, or -1 with errno set.
 */
int stats_write(struct stats *stats, const char *path);

#endif
