// SPDX-License-Identifier: MIT
// Heap areas recognised by their invariants, with no help from symbols.
//
// py/gc.c gc_setup_area divides [start, end) into the allocation table, the
// one-bit tables and the pool by a formula that leaves no freedom; so the words
// {table, table bytes, [finalisers,] [weak references,] pool start, pool end}
// recognise themselves. docs/heap-format.md lists the invariants I1 to I7.
#ifndef MPH_LAYOUT_AREA_H
#define MPH_LAYOUT_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "target/target.h"

// An area structure that satisfies the invariants.
struct area_match {
    uint64_t address; // of the word that holds the table's address
    uint64_t table;   // start of the allocation table
    uint64_t table_bytes;
    uint64_t finalisers; // 0: none
    uint64_t weakrefs;   // 0: none
    uint64_t pool_start;
    uint64_t pool_end;
    uint16_t block_bytes;
    uint8_t tables;   // one-bit tables: 0, 1 or 2
    uint8_t gap;      // bytes between the allocation table and the next
    bool gap_is_sure; // without one-bit tables both answers may fit
};

enum { AREA_WORDS_MAX = 6 };

// Whether the words at `words` (AREA_WORDS_MAX of them, in the target's byte
// order, read from `address`) are an area structure. Looks at nothing else.
bool area_match_words(const uint8_t *words, size_t word_bytes, bool big_endian, uint64_t address,
                      struct area_match *ret);

// All area structures in the given RAM, as struct area_match in rising order of
// address. Pools of areas that were found are not searched. Over a link each range
// is read upwards until the target refuses, or the first heap begins. *ret_read is
// how many bytes could be read there (it may be NULL).
int area_scan(struct target *target, size_t word_bytes, const struct range *ram, size_t ram_count,
              struct vec *matches, uint64_t *ret_read, struct mph_err *err);

// The first area of the one heap there is: the structure that does not lie in
// an area of its own. Further areas hang from it; structures left over from areas
// that were freed are passed over: *ret_further counts both (it may be NULL).
// MPH_ERR_NO_HEAP when there is no first one,
// MPH_ERR_AMBIGUOUS when there are several.
int area_head(const struct vec *matches, size_t word_bytes, struct area_match *ret,
              size_t *ret_further, struct mph_err *err);

// Whether the word before the structure is a `next` that leads to another area:
// then the heap is split, and the structure begins with that word.
bool area_leads_on(struct target *target, size_t word_bytes, const struct area_match *area);

#endif
