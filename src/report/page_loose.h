// SPDX-License-Identifier: MIT
// For the page: blocks in use that no allocation has.
#ifndef MPH_REPORT_PAGE_LOOSE_H
#define MPH_REPORT_PAGE_LOOSE_H

#include <jansson.h>

#include "gc/heap.h"

// A table with `address` and `blocks` of each run of tails without a head, as a collection in
// progress or damage leaves them; `block_bytes` is the size of a block. NULL: there are none,
// or there is no memory for it.
json_t *page_loose(const struct heap *heap, uint64_t block_bytes);

#endif
