// SPDX-License-Identifier: MIT
// A cache in front of a link, and the planner that decides what to ask it for.
//
// A stage of a report names the ranges it is about to need with cache_fetch;
// the planner leaves out what is known, merges neighbours whose gap costs less
// than another request, and asks for the rest in one go. Exact reads then hit
// the cache (pages.h).
#ifndef MPH_TARGET_CACHE_H
#define MPH_TARGET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/range.h"
#include "base/vec.h"
#include "target/link.h"

struct cache;

// The link is borrowed and must outlive the cache. NULL when out of memory.
struct cache *cache_create(struct link *link);
void cache_destroy(struct cache *cache);

// Forget everything: the target has run since.
void cache_clear(struct cache *cache);

// Forget one range, so that the next read crosses the link again.
void cache_forget(struct cache *cache, uint64_t address, uint64_t size);

// Make these reads over the link now, whatever is known, in the order given. Nothing of it is
// kept. Memory that refuses marks its own read, as in link.h.
int cache_read_anew(struct cache *cache, struct link_read *reads, size_t count,
                    struct mph_err *err);

// Declare what will be read. Ranges may overlap and come in any order. Target
// memory that refuses is no error here: the exact read will say so.
int cache_fetch(struct cache *cache, const struct range *ranges, size_t count, struct mph_err *err);

// Whether a read of the range needs nothing from the link.
bool cache_holds(const struct cache *cache, uint64_t address, uint64_t size);

// All bytes, or an error with the first address that could not be read; without an
// `err` to hold it the address is not looked for.
int cache_read(struct cache *cache, uint64_t address, void *bytes, size_t size,
               struct mph_err *err);

// The words that are known, or those that the target refused, as struct range in rising
// order; words side by side are one range. They are appended to *ranges.
int cache_list_known(const struct cache *cache, struct vec *ranges, struct mph_err *err);
int cache_list_refused(const struct cache *cache, struct vec *ranges, struct mph_err *err);

// Bytes that callers asked to read, each counted once as long as it is known.
uint64_t cache_needed_bytes(const struct cache *cache);

#endif
