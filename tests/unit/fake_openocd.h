// SPDX-License-Identifier: MIT
// A peer that plays OpenOCD's Tcl port for the scripts of our link to it: well,
// or as badly as a test wants. It has no shared files.
#ifndef MPH_TESTS_UNIT_FAKE_OPENOCD_H
#define MPH_TESTS_UNIT_FAKE_OPENOCD_H

#include <stdbool.h>
#include <stdint.h>

// Its memory is that of pattern.h, and 256 bytes in it cannot be read.
enum { MEMORY = 0x20000000, HOLE = 0x20008000, MEMORY_END = 0x20100000 };

struct fake {
    const char *reads; // an answer to every read instead of memory; "" hangs
    const char *names; // of targets
    const char *state;
    bool big_endian;
    bool not_examined;
    bool cut; // close in the middle of an answer to a read
    double run_seconds;
    unsigned runs;
    char commands[8192]; // those that are no reads, one a line
};

// One that does well: two targets, of which a.cpu is the current one and runs.
struct fake fake_openocd(void);

bool fake_is_readable(uint64_t address);

// Answer commands that come on `in` until it closes; each ends in `end`.
void fake_talk(struct fake *fake, int in, int out, char end);

// The same on a connection to the Tcl port, as a peer_talk_fn whose context is
// a struct fake.
void fake_talk_tcl(int fd, void *context);

#endif
