// SPDX-License-Identifier: MIT
// The page without its data, as `make` puts it together from page/.
#ifndef MPH_REPORT_PAGE_TEMPLATE_H
#define MPH_REPORT_PAGE_TEMPLATE_H

#include <stddef.h>

// Up to where the data stands, and from there on. Both live as long as the program.
struct page_template {
    const char *head, *tail;
    size_t head_size, tail_size;
};

struct page_template page_template(void);

#endif
