// SPDX-License-Identifier: MIT
// Opening a target from options.
#ifndef MPH_CLI_OPEN_H
#define MPH_CLI_OPEN_H

#include "cli/options.h"
#include "report/session.h"

// A door that has a target of its own opens it as a link when the options name
// none. MPH_ERR_UNSUPPORTED when it has none either.
struct own_target {
    int (*open)(void *context, struct link *ret, struct mph_err *err);
    // Those of the selected thread and of the others.
    int (*add_registers)(void *context, struct target *target, struct mph_err *err);
    void *context;
    const char *elf;  // the ELF the door knows of, or NULL
    const char *core; // the core the door's memory is from, or NULL
    uint16_t machine;
    uint8_t word_bytes;
    bool big_endian;
    uint64_t entry;                  // of a position independent program; 0 not known
    const struct unwinder *unwinder; // of its C stack, or NULL; outlives the session
};

// `own` may be NULL. On error the session is empty again and holds nothing.
int open_session(struct session *session, const struct options *options,
                 const struct own_target *own, struct mph_err *err);

#endif
