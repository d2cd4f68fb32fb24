// SPDX-License-Identifier: MIT
// Help texts, out of the table of reports and the table of options.
#ifndef MPH_CLI_HELP_H
#define MPH_CLI_HELP_H

#include "report/report.h"

// The options that every report has.
extern const struct argp_option common_options[];

// Each returns text for the caller to free, or NULL when out of memory.
char *help_in_general(void);
char *help_of_report(const struct report *report);
char *help_report_names(void); // one a line

#endif
