// SPDX-License-Identifier: MIT
// The table of reports: name, options, help and function live together, and the
// shell command, GDB, OpenOCD and the documents all enumerate it.
//
// To add a report: write src/report/NAME.c with its options structure, its argp
// and its function, and put its `struct report` into the table in reports.c.
#ifndef MPH_REPORT_REPORT_H
#define MPH_REPORT_REPORT_H

#include <argp.h>
#include <jansson.h>

#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "report/session.h"

struct watch_view; // report/watch.h

// Where a report writes, and in which form.
struct output {
    struct text *text;
    bool is_json;
    bool is_dot; // a Graphviz graph; of reports that have one
    bool has_color;
    struct vec notes;              // of struct note: what a reader must know besides
    const struct watch_view *view; // a picture that moves, on a terminal; NULL: there is none
};

void output_init(struct output *output, struct text *text, bool is_json, bool has_color);
void output_deinit(struct output *output);

// Besides the report, output->notes says what was not read, not believed, or is not
// certain. In text the command prints them apart from the report.

// Write a JSON document with its notes, and release it. NULL is out of memory.
int output_json(struct output *output, json_t *document, struct mph_err *err);

// Write one document of many, on a line of its own, and release it. The last one has
// the notes.
int output_json_line(struct output *output, json_t *document, struct mph_err *err);
int output_json_last(struct output *output, json_t *document, struct mph_err *err);

// Let a reader see what was written so far, which must be whole lines.
int output_flush(struct output *output, struct mph_err *err);

// An address as JSON: "0x20000000".
json_t *json_address(uint64_t address);

// Text of any origin as JSON, which is UTF-8: what is not is escaped as \xNN.
json_t *json_text(const char *text);

// The string under a key of a document; empty where there is none.
const char *json_string_of(const json_t *document, const char *key);

// The two moments that a report compares: those of two dumps, or of one target.
struct moments {
    const char *before, *after; // each a core, or FILE@ADDR; NULL: of the target
    double seconds;             // between the two looks at the target
};

struct report {
    const char *name;
    const char *arguments;   // for usage, such as "FILE"; NULL: none
    const char *summary;     // one line
    const char *help;        // what the report says, in a few sentences
    const struct argp *argp; // its own options, whose input is `options`; may be NULL
    size_t options_size;     // bytes of its options structure
    bool has_dot;            // whether it can be written as a Graphviz graph
    // What is wrong with the options as a whole, in words, or NULL. May be NULL.
    const char *(*check)(const void *options);
    // Whether with these options it looks at no target, so that none is opened. May be NULL.
    bool (*needs_no_target)(const void *options);
    // Of a report that can compare two moments: which; false when with these options it is
    // about one. `run` gets the session of the later one, with the earlier one in
    // session->before. NULL: it is always about one.
    bool (*moments)(const void *options, struct moments *ret);
    // What it wants to have of the earlier one besides, from the session of that: `run` finds
    // it in session->before_document. NULL: nothing.
    int (*describe_before)(struct session *session, json_t **ret, struct mph_err *err);
    // 0; 1 when the report found what it looks for; or a negative code.
    int (*run)(struct session *session, const void *options, struct output *output,
               struct mph_err *err);
};

// All reports, in the order in which help lists them; ends with NULL.
extern const struct report *const reports[];

// The report of that name, or NULL.
const struct report *report_find(const char *name);

// Notes that hold for every report: what was missing in the input, what of the
// heap was not believed, what the layout could not settle, a table that moved.
void report_common_notes(const struct session *session, struct output *output);

#endif
