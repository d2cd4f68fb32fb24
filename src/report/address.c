// SPDX-License-Identifier: MIT
#include "report/address.h"

#include "base/parse.h"

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct address_options *options = state->input;

    if (key != ARGP_KEY_ARG || options->has_address)
        return ARGP_ERR_UNKNOWN;
    options->has_address = true;
    if (!parse_uint(argument, &options->address))
        options->problem = "ADDR is not a number";
    return 0;
}

const struct argp address_argp = {NULL, parse_option, NULL, NULL, NULL, NULL, NULL};

const char *address_check(const void *raw_options)
{
    const struct address_options *options = raw_options;

    return options->has_address ? options->problem : "ADDR is missing";
}
