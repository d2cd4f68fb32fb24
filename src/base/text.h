// SPDX-License-Identifier: MIT
// Text that grows, and text that leaves through a sink.
#ifndef MPH_BASE_TEXT_H
#define MPH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// Where a report's bytes go: called as often as needed, in order. Returns 0, or
// a negative code to end the report (an unwritable file, a pager that quit).
struct sink {
    int (*write)(void *context, const char *bytes, size_t size);
    void *context;
    const char *name; // of the file, for messages; may be NULL
};

// Text under construction. A failed allocation or a sink that refuses is
// remembered in `failed`, so that builders need not check every call;
// text_finish reports it.
struct text {
    char *bytes; // NUL-terminated once something was added
    size_t len;
    size_t capacity;
    const struct sink *sink; // NULL: keep all in memory
    int failed;              // 0 or an `enum mph_code`
};

// Start empty. With a sink the text is flushed to it whenever it has grown large.
void text_init(struct text *text, const struct sink *sink);
void text_deinit(struct text *text);

void text_add(struct text *text, const char *bytes, size_t size);
void text_puts(struct text *text, const char *string);
void text_putc(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Add bytes that came from a target: printable ASCII as it stands, everything
// else as \n, \t, \\ or \xNN, so that no control byte reaches a terminal.
void text_escaped(struct text *text, const char *bytes, size_t size);

// Flush to the sink, and say whether everything arrived.
int text_finish(struct text *text, struct mph_err *err);

#endif
