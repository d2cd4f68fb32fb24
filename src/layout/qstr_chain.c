// SPDX-License-Identifier: MIT
// The chain of pools, and the form of what they hold.
#include <string.h>

#include "base/bytes.h"
#include "layout/qstr.h"
#include "target/devices.h"

// A pool's text entries are sampled rather than all read: a wrong form fails on
// the first, and a link should not carry more than it must.
enum { SAMPLES = 4 };

// --- the chain ---

struct pool_header {
    uint64_t previous, first_id, alloc, count;
    bool is_sorted;
};

static int read_header(struct target *target, size_t word, uint64_t address,
                       struct pool_header *ret, struct mph_err *err)
{
    uint8_t bytes[4 * 8];
    uint64_t sorted_bit = word == 8 ? 1ull << 63 : 1ull << 31;
    int rc;

    if (devices_contain(target, address))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, address, "qstr: no pool is at 0x%llx",
                           (unsigned long long)address);
    rc = target_read(target, address, bytes, 4 * word, err);
    if (rc < 0)
        return rc;
    uint64_t total = bytes_get(bytes + word, word, target->big_endian);
    ret->previous = bytes_get(bytes, word, target->big_endian);
    ret->first_id = total & ~sorted_bit;
    ret->is_sorted = total & sorted_bit;
    ret->alloc = bytes_get(bytes + 2 * word, word, target->big_endian);
    ret->count = bytes_get(bytes + 3 * word, word, target->big_endian);
    return 0;
}

// Ids fit in 16 bits in types and bytecode (py/qstr.h qstr_short_t).
static bool is_plausible(const struct pool_header *header)
{
    return header->count <= 0xffff && header->first_id <= 0xffff;
}

static int follow_chain(struct qstrs *qstrs, struct target *target, size_t word, uint64_t newest,
                        struct mph_err *err)
{
    uint64_t address = newest, next_first = 0, from = newest;

    for (size_t i = 0; i < QSTR_POOLS_MAX; i++) {
        struct pool_header header = {0};

        if (address % word)
            return mph_fail_at(err, MPH_ERR_BAD_DATA, from, "qstr: no pool can be at 0x%llx",
                               (unsigned long long)address);
        int rc = read_header(target, word, address, &header, err);
        if (rc < 0)
            return rc;
        if (!is_plausible(&header) || (i > 0 && header.first_id + header.count != next_first))
            return mph_fail_at(err, MPH_ERR_BAD_DATA, address,
                               "qstr: the pool at 0x%llx does not continue its chain",
                               (unsigned long long)address);
        qstrs->pools[qstrs->pool_count++] = (struct qstr_pool){
            address, header.first_id, header.alloc, header.count, header.is_sorted};
        next_first = header.first_id;
        if (!header.previous)
            return header.first_id == 0 ? 0
                                        : mph_fail_at(err, MPH_ERR_BAD_DATA, address,
                                                      "qstr: the chain of pools ends too early");
        from = address;
        address = header.previous;
    }
    return mph_fail_at(err, MPH_ERR_BAD_DATA, newest, "qstr: the chain of pools does not end");
}

// --- which form the text is in ---

uint32_t qstr_hash_add(uint32_t hash, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = hash * 33 ^ bytes[i];
    return hash;
}

uint32_t qstr_hash_end(uint32_t hash, size_t hash_bytes)
{
    hash &= hash_bytes == 1 ? 0xff : 0xffff;
    return hash ? hash : 1;
}

static uint32_t hash_of(const char *text, size_t length, size_t hash_bytes)
{
    return qstr_hash_end(qstr_hash_add(QSTR_HASH_START, (const uint8_t *)text, length), hash_bytes);
}

bool qstr_hash_find(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                    const struct qstr_pool *pool, uint64_t index, uint64_t *ret_address)
{
    struct qstr_entry entry;
    uint64_t hashes;

    if (!qstrs->hash_bytes)
        return false;
    if (qstrs->form == QSTR_EMBEDDED) {
        if (qstr_entry_read(qstrs, target, word_bytes, pool, index, &entry, NULL) < 0)
            return false;
        *ret_address = entry.start;
        return true;
    }
    if (target_read_uint(target, pool->address + 4 * word_bytes, word_bytes, &hashes, NULL) < 0)
        return false;
    *ret_address = hashes + index * qstrs->hash_bytes;
    return true;
}

static bool hash_fits(struct target *target, uint64_t address, size_t hash_bytes,
                      const struct qstr_entry *entry, const char *text)
{
    uint64_t hash;

    return target_read_uint(target, address, hash_bytes, &hash, NULL) == 0 &&
           hash == hash_of(text, entry->length, hash_bytes);
}

// Whether samples of one pool decode in the form that `qstrs` supposes. The
// length byte alone is weak for short texts, so the embedded form must have the
// right hash too, and a text of the others no NUL in it.
static bool pool_fits(const struct qstrs *qstrs, struct target *target, size_t word,
                      const struct qstr_pool *pool)
{
    uint64_t step = pool->count / SAMPLES + 1;

    for (uint64_t index = pool->first_id ? 0 : 1; index < pool->count; index += step) {
        struct qstr_entry entry;
        char text[QSTR_TEXT_MAX + 1];

        if (qstr_entry_read(qstrs, target, word, pool, index, &entry, NULL) < 0 ||
            qstr_entry_text(target, &entry, text, NULL) < 0)
            return false;
        if (qstrs->form == QSTR_EMBEDDED
                ? !hash_fits(target, entry.start, qstrs->hash_bytes, &entry, text)
                : strlen(text) != entry.length)
            return false;
    }
    return pool->count > 0;
}

static bool form_fits(const struct qstrs *qstrs, struct target *target, size_t word)
{
    for (size_t i = 0; i < qstrs->pool_count; i++)
        if (qstrs->pools[i].count > 1 && pool_fits(qstrs, target, word, &qstrs->pools[i]))
            return true;
    return false;
}

// The width of separate hashes: that in which the first string at hand has its own.
static uint8_t measure_hash_bytes(const struct qstrs *qstrs, struct target *target, size_t word)
{
    for (size_t i = 0; i < qstrs->pool_count; i++) {
        const struct qstr_pool *pool = &qstrs->pools[i];
        uint64_t index = pool->first_id ? 0 : 1, hashes;
        struct qstr_entry entry;
        char text[QSTR_TEXT_MAX + 1];

        if (index >= pool->count ||
            qstr_entry_read(qstrs, target, word, pool, index, &entry, NULL) < 0 ||
            qstr_entry_text(target, &entry, text, NULL) < 0 ||
            target_read_uint(target, pool->address + 4 * word, word, &hashes, NULL) < 0)
            continue;
        if (hash_fits(target, hashes + 2 * index, 2, &entry, text))
            return 2;
        if (hash_fits(target, hashes + index, 1, &entry, text))
            return 1;
    }
    return 0;
}

int qstrs_init(struct qstrs *qstrs, struct target *target, size_t word_bytes, uint64_t newest,
               struct mph_err *err)
{
    static const struct {
        enum qstr_form form;
        uint8_t hash_bytes;
    } forms[] = {{QSTR_SEPARATE, 0}, {QSTR_NO_HASHES, 0}, {QSTR_EMBEDDED, 2}, {QSTR_EMBEDDED, 1}};
    struct qstrs found = {0};
    int rc = follow_chain(&found, target, word_bytes, newest, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        found.form = forms[i].form;
        found.hash_bytes = forms[i].hash_bytes;
        if (form_fits(&found, target, word_bytes)) {
            if (found.form == QSTR_SEPARATE)
                found.hash_bytes = measure_hash_bytes(&found, target, word_bytes);
            *qstrs = found;
            return 0;
        }
    }
    return mph_fail_at(err, MPH_ERR_BAD_DATA, newest, "qstr: no pool of the chain holds text");
}
