// SPDX-License-Identifier: MIT
// A file that appears whole or not at all, whatever ends its writing.
#ifndef MPH_BASE_WHOLE_FILE_H
#define MPH_BASE_WHOLE_FILE_H

#include <stdio.h>

#include "base/error.h"

// Fills the file, from its beginning on. Failed writes need not be looked at: they stay
// in ferror(file). A negative code means that there is to be no file.
struct whole_file_content {
    int (*write)(void *context, FILE *file, struct mph_err *err);
    void *context;
};

// Write to a temporary file beside `path`, and give it that name once all of it is on the
// disk. Only a regular file is replaced. `what` begins the error's text: "snapshot".
int whole_file_write(const char *path, const char *what, const struct whole_file_content *content,
                     struct mph_err *err);

// Whether a file could be made there, to be asked before the work for it begins. Nothing stays.
int whole_file_check(const char *path, const char *what, struct mph_err *err);

#endif
