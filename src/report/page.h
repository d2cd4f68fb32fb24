// SPDX-License-Identifier: MIT
// One HTML file that shows a document: the page of the folder page/ with the document in it.
#ifndef MPH_REPORT_PAGE_H
#define MPH_REPORT_PAGE_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

// A page of a heap of 8 MB is to stay below this; see page_fit.h.
enum { PAGE_BYTES_MAX = 3000000 };

// Bytes of these that are left for data.
size_t page_room(void);

// Bytes of the page that a piece of the document's text takes by itself.
size_t page_packed_bytes(const char *text, size_t size);

// Whether page_write could make a file there, before anything is gathered for it.
int page_check(const char *path, struct mph_err *err);

// Write it; `document` is what docs/page.md describes, and stays the caller's. Only the
// page's data element depends on it: base64 of a zlib stream of the JSON text, so that no
// text of a target reaches the HTML. The same document gives the same bytes. The file
// appears whole or not at all. MPH_ERR_FILE: it cannot be written.
int page_write(const char *path, json_t *document, struct mph_err *err);

#endif
