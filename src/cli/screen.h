// SPDX-License-Identifier: MIT
// A heap that moves, drawn in place on a terminal.
//
// Only the shell command has it: the library has no terminal.
#ifndef MPH_CLI_SCREEN_H
#define MPH_CLI_SCREEN_H

#include "report/watch.h"

struct screen;

// NULL when out of memory. The terminal stays as it is until the view begins.
struct screen *screen_create(void);
void screen_destroy(struct screen *screen);

// Lives as long as the screen.
const struct watch_view *screen_view(const struct screen *screen);

#endif
