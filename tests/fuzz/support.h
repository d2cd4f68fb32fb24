// SPDX-License-Identifier: MIT
// What the fuzz targets share: input as numbers and as a file, and all reports
// run over a session. A target says in its opening comment how it reads its input.
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/session.h"

// What libFuzzer calls: "libFuzzer – a library for coverage-guided fuzz testing".
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

// Input that is taken from its front.
struct input {
    const uint8_t *bytes;
    size_t size;
};

// The next `size` (1 to 8) bytes as a little-endian number; zeros past the end.
uint64_t input_take(struct input *input, size_t size);

// A file without a folder that holds the bytes, for functions that open one.
struct memory_file {
    int fd;
    char path[32]; // of /proc/self/fd
};

// Ends the process where the host cannot make one.
void memory_file_init(struct memory_file *file, const uint8_t *bytes, size_t size);
void memory_file_deinit(struct memory_file *file);

// Run some of the reports that write no file over what the session has opened, those that
// take an address with several. All of them for each input would leave time for few
// inputs; which, the input's bytes choose. Ends the process when a report breaks a promise: an
// error without its line, control bytes, a JSON document that is none, or endless text.
void run_some_reports(struct session *session, bool is_json, const uint8_t *data, size_t size);

// The same promise for an error that came from elsewhere; `rc` is what came with it.
void check_error(int rc, const struct mph_err *err);

// Open a session that reads the memory of `behind` through the cache and its
// planner, as over a link. `behind` must outlive it.
void open_over_link(struct session *session, struct target *behind);

#endif
