// SPDX-License-Identifier: MIT
// Errors: a negative code, the faulting target address, and one line of text.
//
// Functions that can fail return 0 or one of the codes below and take a
// `struct mph_err *err` as their last argument, which may be NULL. The text is
// set where the cause is known, and the first error wins: a caller that only
// passes a failure on never overwrites it. Results are untouched on error.
#ifndef MPH_BASE_ERROR_H
#define MPH_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum mph_code {
    MPH_OK = 0,
    MPH_ERR_USAGE = -1,       // a wrong option or argument
    MPH_ERR_READ = -2,        // target memory that cannot be read
    MPH_ERR_FILE = -3,        // a file that cannot be opened or parsed
    MPH_ERR_LINK = -4,        // the connection to the target failed or went away
    MPH_ERR_NO_SYMBOL = -5,   // the ELF has no such symbol, type or member
    MPH_ERR_BAD_DATA = -6,    // target data that contradicts itself
    MPH_ERR_UNSUPPORTED = -7, // something this build or this target cannot do
    MPH_ERR_NO_HEAP = -8,     // no MicroPython heap there
    MPH_ERR_AMBIGUOUS = -9,   // more than one answer
    MPH_ERR_WRONG_ELF = -10,  // the ELF does not belong to this memory
    MPH_ERR_NO_MEMORY = -11,  // out of memory on the host
    MPH_ERR_INTERRUPTED = -12, // the user asked to stop
    MPH_ERR_INTERNAL = -13,   // a failure of our own
};

struct mph_err {
    int code;         // 0 or an `enum mph_code`
    bool has_address; // whether `address` says where the target faulted
    uint64_t address;
    char text[320]; // one line, no newline, no control bytes
};

// Record `code` with a formatted line and return it. Does nothing but return
// `code` when `err` is NULL or already holds an error. Control bytes that come
// in through the arguments are replaced by '?'.
int mph_fail(struct mph_err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As mph_fail, and remember the target address that faulted.
int mph_fail_at(struct mph_err *err, int code, uint64_t address, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Pass on an error that was kept aside while alternatives were tried.
int mph_fail_again(struct mph_err *err, const struct mph_err *kept);

// Out of memory on the host, in words.
int mph_fail_no_memory(struct mph_err *err);

// The exit status of the command for a code, 0 and 2 to 5, as README.md lists.
int mph_exit_status(int code);

// A short lower-case word for a code, for the JSON form of an error.
const char *mph_code_name(int code);

#endif
