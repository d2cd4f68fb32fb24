// SPDX-License-Identifier: MIT
// Reports whose one argument is an address.
#ifndef MPH_REPORT_ADDRESS_H
#define MPH_REPORT_ADDRESS_H

#include "report/report.h"

// Their options structure, or how it begins.
struct address_options {
    const char *problem; // what is wrong with the words, or NULL
    uint64_t address;
    bool has_address;
};

extern const struct argp address_argp;
const char *address_check(const void *options);

#endif
