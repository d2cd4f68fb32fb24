// SPDX-License-Identifier: MIT
// For the page: all that the reports say of one moment.
#ifndef MPH_REPORT_PAGE_MOMENT_H
#define MPH_REPORT_PAGE_MOMENT_H

#include "report/report.h"

// A moment of the page's document (docs/page.md). A report that fails is an entry of its
// errors; only without a heap, or where nothing else can succeed, there is none. The session
// has its objects loaded afterwards. It is to take no more than so many bytes of the page.
int page_moment(struct session *session, size_t room, json_t **ret, struct mph_err *err);

#endif
