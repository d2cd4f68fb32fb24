// SPDX-License-Identifier: MIT
#include "report/report.h"

extern const struct report report_info, report_map, report_qstr, report_snapshot, report_objects,
    report_types, report_show, report_whatis, report_bt, report_tasks, report_fault, report_disasm,
    report_diagnose, report_garbage, report_fit, report_check, report_bounds, report_diff,
    report_why, report_refs, report_retained, report_page, report_watch;

const struct report *const reports[] = {&report_info,
                                        &report_map,
                                        &report_qstr,
                                        &report_snapshot,
                                        &report_watch,
                                        &report_objects,
                                        &report_types,
                                        &report_show,
                                        &report_whatis,
                                        &report_why,
                                        &report_refs,
                                        &report_garbage,
                                        &report_retained,
                                        &report_fit,
                                        &report_diff,
                                        &report_check,
                                        &report_bounds,
                                        &report_diagnose,
                                        &report_bt,
                                        &report_tasks,
                                        &report_fault,
                                        &report_disasm,
                                        &report_page,
                                        NULL};
