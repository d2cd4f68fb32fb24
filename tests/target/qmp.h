// SPDX-License-Identifier: MIT
#ifndef TARGET_QMP_H
#define TARGET_QMP_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

// A session with QEMU's machine protocol (QMP), for as long as it takes to learn where the guest's
// memory lies in QEMU's own.
struct qmp {
    FILE *stream;
    pid_t qemu; // the process at the other end
};

// Connects to the unix socket at `path`. 0, or -1 with a message on stderr.
int qmp_open(struct qmp *qmp, const char *path);
void qmp_close(struct qmp *qmp);

// The address in QEMU's address space of guest address `guest`. -1 if there is no RAM or ROM.
int qmp_host_address(struct qmp *qmp, uint32_t guest, uint64_t *ret);

#endif
