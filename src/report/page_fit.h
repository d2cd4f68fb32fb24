// SPDX-License-Identifier: MIT
// Keeps the page of a large heap small: texts of a table are cut until it fits.
#ifndef MPH_REPORT_PAGE_FIT_H
#define MPH_REPORT_PAGE_FIT_H

#include "report/table.h"

// A column of lines that can be cut.
struct page_spare {
    const char *what; // its cells, for the note: "values"
    size_t column;
};

// Cut the columns, one after the other, until the table takes no more than so many bytes of
// the page. A note says to how many characters.
void page_fit(struct table *table, const struct page_spare *spares, size_t count, size_t room,
              struct vec *notes);

#endif
