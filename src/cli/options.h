// SPDX-License-Identifier: MIT
// The command line, the same behind every door.
#ifndef MPH_CLI_OPTIONS_H
#define MPH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/vec.h"
#include "report/report.h"

struct image_option {
    const char *path;
    uint64_t address;
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

// Strings are borrowed from argv or owned by `copies`.
struct options {
    const struct report *report;
    void *report_options; // of report->options_size bytes, zeroed before parsing

    const char *elf;
    const char *core;
    const char *hex;
    struct vec images; // of struct image_option
    const char *openocd;
    const char *target;
    const char *gdb;
    struct regs regs;
    bool may_halt;
    struct vec ram; // of struct range
    double timeout; // seconds
    unsigned tries;

    bool is_json, is_dot;
    enum color color;
    bool has_stats;
    bool is_quiet;
    const char *output; // NULL: where the door's output goes

    struct vec copies;    // of char *
    const char *bad_word; // the word that was not understood
    const char *problem;  // what a value that did not parse should have been
    char *help;           // what --help, --version or --usage asked for, or NULL
};

// Parse `mpheap REPORT [ARGS] [options]`; argv[0] is the program. When options->help
// is set on success, there is nothing to do but print it. MPH_ERR_USAGE with one
// line otherwise.
int options_parse(int argc, char **argv, struct options *ret, struct mph_err *err);
void options_deinit(struct options *options);

// The path and the address of FILE@ADDR: the path's length, or 0 when it is not that.
size_t image_parse(const char *argument, uint64_t *ret_address);

// Whether words ask for JSON, for those that could not be parsed.
bool options_want_json(int argc, char **argv);

// Whether any option says where the target is.
bool options_have_target(const struct options *options);

#endif
