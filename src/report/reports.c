// SPDX-License-Identifier: MIT
#include "report/report.h"

extern const struct report report_info, report_map, report_qstr, report_snapshot;

const struct report *const reports[] = {&report_info, &report_map, &report_qstr, &report_snapshot,
                                        NULL};
