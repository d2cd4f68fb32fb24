// SPDX-License-Identifier: MIT
// Opening what a report is about: one moment, or the two that it compares.
#ifndef MPH_CLI_MOMENTS_H
#define MPH_CLI_MOMENTS_H

#include "cli/open.h"

// Of two moments, the session is that of the later one, and has the earlier one in
// session->before. Options that describe memory, such as --elf and --image, hold for both.
// Between two looks at a target nothing of it is held: a link is closed, and what --halt
// stopped runs.
// MPH_ERR_UNSUPPORTED when it is known that it does not run in between.
int open_moments(struct session *session, const struct options *options,
                 const struct own_target *own, struct mph_err *err);

#endif
