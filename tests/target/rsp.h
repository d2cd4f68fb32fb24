// SPDX-License-Identifier: MIT
#ifndef TARGET_RSP_H
#define TARGET_RSP_H

#include "stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A client of QEMU's gdb stub: run control, registers, and what memory cannot be read otherwise.
 *
 * Register numbers are those of QEMU's org.gnu.gdb.arm.m-profile: 0-15, and 25 for xPSR.
 * QEMU takes any byte sent to a running machine for a request to stop it, so memory and breakpoint
 * calls stop a running machine, do their work and let it go on; each such stop is counted.
 *
 * Every call gives 0 or -1: the stub refused, or the link is gone (`lost`).
 */
struct rsp {
    int fd;
    bool running;
    bool lost;
    int stop_signal; // of the last stop: 2 interrupted, 5 breakpoint, watchpoint or step
    struct stats *stats;
    char input[4096]; // bytes received and not yet read
    size_t input_length, input_next;
};

#define RSP_REGISTER_XPSR 25

enum rsp_point {
    RSP_BREAKPOINT = 1,
    RSP_WATCH_WRITE = 2,
    RSP_WATCH_READ = 3,
    RSP_WATCH_ACCESS = 4,
};

// Attaches over the connected socket `fd`, which the client owns from then on, and lets the
// machine run.
int rsp_open(struct rsp *rsp, int fd, struct stats *stats);

// Lets the machine run and closes the link.
void rsp_close(struct rsp *rsp);

int rsp_stop(struct rsp *rsp);
int rsp_continue(struct rsp *rsp);
int rsp_step(struct rsp *rsp);

// Takes in a stop the machine reported by itself, if there is one, without waiting for it.
void rsp_poll(struct rsp *rsp);

// System reset. Leaves the machine stopped at its reset vector.
int rsp_reset(struct rsp *rsp);

int rsp_read_register(struct rsp *rsp, unsigned number, uint32_t *ret);
int rsp_write_register(struct rsp *rsp, unsigned number, uint32_t value);

// At most 64 bytes.
int rsp_read_memory(struct rsp *rsp, uint32_t address, void *ret, size_t size);
int rsp_write_memory(struct rsp *rsp, uint32_t address, const void *bytes, size_t size);

// Inserts or removes a breakpoint, or a watchpoint over `length` bytes.
int rsp_set_point(struct rsp *rsp, bool insert, enum rsp_point kind, uint32_t address,
                  uint32_t length);

#endif
