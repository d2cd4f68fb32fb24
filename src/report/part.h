// SPDX-License-Identifier: MIT
// A report as part of another one: its JSON instead of its output.
#ifndef MPH_REPORT_PART_H
#define MPH_REPORT_PART_H

#include "report/report.h"

enum { PART_WORDS = 4 };

// A report and its options as one writes them: {"fit", "1024"}. Unused words are NULL.
struct part {
    const char *words[PART_WORDS];
};

// The document that it writes with --format json. Returns what the report returns; *ret is
// untouched on error. The session is left as the report leaves it.
int part_document(struct session *session, const struct part *part, json_t **ret,
                  struct mph_err *err);

// The same of one that writes a document a line: each is handed on, and released. `visit`
// returns 0, or a negative code to end it.
struct part_visitor {
    int (*visit)(void *context, const json_t *line);
    void *context;
};
int part_each_line(struct session *session, const struct part *part,
                   const struct part_visitor *visitor, struct mph_err *err);

// Whether after this error nothing else can succeed: the link is lost, the user has had
// enough, or memory has.
bool part_is_fatal(int code);

#endif
