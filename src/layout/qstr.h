// SPDX-License-Identifier: MIT
// Interned strings: the chain of pools, and the text behind an id. And which
// object representation tells an id from a pointer.
#ifndef MPH_LAYOUT_QSTR_H
#define MPH_LAYOUT_QSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/target.h"

// Where the text's length and hash are. py/qstr.h: embedded up to v1.18,
// separate arrays from v1.19 (18b1ba086c), hashes optional from v1.23 (7ea503929a).
enum qstr_form {
    QSTR_FORM_UNKNOWN,
    QSTR_EMBEDDED,  // entry -> {hash, length, text, NUL}
    QSTR_SEPARATE,  // entry -> text; pool.hashes, pool.lengths
    QSTR_NO_HASHES, // entry -> text; pool.lengths
};

// Ids have 16 bits, and a new pool is at most twice as long as the one before.
enum { QSTR_POOLS_MAX = 16, QSTR_TEXT_MAX = 255, QSTR_ALLOC_MAX = 0x1ffff };

struct qstr_pool {
    uint64_t address;
    uint64_t first_id; // ids below are in the previous pools
    uint64_t alloc;    // entries there is room for; less than count in ROM; not checked
    uint64_t count;
    bool is_sorted; // v1.22 and later say so in the top bit of total_prev_len
};

struct qstrs {
    enum qstr_form form;
    uint8_t hash_bytes; // of one hash, 1 or 2; 0: there are none, or not known
    uint64_t holder;    // address of the last_pool pointer
    size_t pool_count;
    struct qstr_pool pools[QSTR_POOLS_MAX]; // newest first
};

// One entry of a pool.
struct qstr_entry {
    uint64_t start;  // what the pool points at: the text, or in the embedded form its hash
    uint64_t text;   // address of the first byte of the text
    uint64_t length; // without the NUL; at most QSTR_TEXT_MAX
};

// How an object word tells small integers, qstrs, immediates and pointers
// apart: representations A to D of py/obj.h, before and after v1.13 moved the
// qstr id up by one bit (6f0c83f6e1).
enum repr {
    REPR_UNKNOWN,
    REPR_A_OLD,
    REPR_A,
    REPR_B_OLD,
    REPR_B,
    REPR_C_OLD,
    REPR_C,
    REPR_D,
};

const char *repr_name(enum repr repr);
const char *qstr_form_name(enum qstr_form form);

// The qstr id in an object word, if it holds one.
bool repr_qstr(enum repr repr, uint64_t object, uint64_t *ret);

// Follow the chain from the newest pool. Fails with MPH_ERR_BAD_DATA when it
// breaks an invariant: total_prev_len == prev.total_prev_len + prev.len, an end
// with prev 0, lengths that match the text.
int qstrs_init(struct qstrs *qstrs, struct target *target, size_t word_bytes, uint64_t newest,
               struct mph_err *err);

// Declare that the texts of these ids will be read.
int qstr_fetch(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
               const uint64_t *ids, size_t count, struct mph_err *err);

// Declare that all entries of the `pool_count` newest pools will be read.
int qstr_fetch_pools(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                     size_t pool_count, struct mph_err *err);

// The text of an id, NUL-terminated, at most QSTR_TEXT_MAX bytes.
int qstr_text(const struct qstrs *qstrs, struct target *target, size_t word_bytes, uint64_t id,
              char text[QSTR_TEXT_MAX + 1], struct mph_err *err);

// Entry `index` of a pool, which must be below its count. Where the text is, not
// the text: it may be unreadable, or not end where its length says.
int qstr_entry_read(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                    const struct qstr_pool *pool, uint64_t index, struct qstr_entry *ret,
                    struct mph_err *err);

// The text of an entry: entry->length bytes, which may be NUL too, and a NUL.
int qstr_entry_text(struct target *target, const struct qstr_entry *entry,
                    char text[QSTR_TEXT_MAX + 1], struct mph_err *err);

// The hash that pools and strings have: from QSTR_HASH_START on, over all bytes in any
// number of pieces, cut to so many bytes of hash (0: as wide as 2). py/qstr.c
// qstr_compute_hash.
enum { QSTR_HASH_START = 5381 };
uint32_t qstr_hash_add(uint32_t hash, const uint8_t *bytes, size_t count);
uint32_t qstr_hash_end(uint32_t hash, size_t hash_bytes);

// Where the hash of entry `index` is; false in pools without hashes.
bool qstr_hash_find(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                    const struct qstr_pool *pool, uint64_t index, uint64_t *ret_address);

// Bytes that a pool on the heap asked the allocator for: the structure and its
// arrays, which are one allocation. py/qstr.c qstr_add. 0 for a pool whose `alloc`
// cannot be that of a pool on the heap.
uint64_t qstr_pool_bytes(const struct qstrs *qstrs, size_t word_bytes,
                         const struct qstr_pool *pool);

#endif
