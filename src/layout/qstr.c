// SPDX-License-Identifier: MIT
#include "layout/qstr.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

// A pool's text entries are sampled rather than all read: a wrong form fails on
// the first, and a link should not carry more than it must.
enum { SAMPLES = 4 };

const char *repr_name(enum repr repr)
{
    static const char *const names[] = {"unknown", "A (before 1.13)", "A", "B (before 1.13)",
                                        "B",       "C (before 1.13)", "C", "D"};

    return names[repr];
}

const char *qstr_form_name(enum qstr_form form)
{
    static const char *const names[] = {"unknown", "embedded hash and length",
                                        "separate hashes and lengths", "separate lengths, no hash"};

    return names[form];
}

// py/obj.h mp_obj_is_qstr and MP_OBJ_QSTR_VALUE of each representation.
bool repr_qstr(enum repr repr, uint64_t object, uint64_t *ret)
{
    static const struct {
        uint64_t mask, value;
        int shift;
    } rules[] = {
        [REPR_A_OLD] = {0x3, 0x2, 2},
        [REPR_A] = {0x7, 0x2, 3},
        [REPR_B_OLD] = {0x3, 0x3, 2},
        [REPR_B] = {0x7, 0x3, 3},
        [REPR_C_OLD] = {0xff800007, 0x6, 3},
        [REPR_C] = {0xff80000f, 0x6, 4},
        [REPR_D] = {0xffff000000000000, 0x2000000000000, 1},
    };

    if (repr == REPR_UNKNOWN || (object & rules[repr].mask) != rules[repr].value)
        return false;
    *ret = (repr == REPR_D ? object & 0xffffffff : object) >> rules[repr].shift;
    return true;
}

// --- one pool ---

struct pool_header {
    uint64_t previous, first_id, alloc, count;
    bool is_sorted;
};

static int read_header(struct target *target, size_t word, uint64_t address,
                       struct pool_header *ret, struct mph_err *err)
{
    uint8_t bytes[4 * 8];
    uint64_t sorted_bit = word == 8 ? 1ull << 63 : 1ull << 31;
    int rc = target_read(target, address, bytes, 4 * word, err);

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
    uint64_t address = newest, next_first = 0;

    for (size_t i = 0; i < QSTR_POOLS_MAX; i++) {
        struct pool_header header;
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
        address = header.previous;
    }
    return mph_fail_at(err, MPH_ERR_BAD_DATA, newest, "qstr: the chain of pools does not end");
}

// Words in front of a pool's entries; the last of them are the pointers to hashes
// and lengths, where the form has these.
static size_t header_words(enum qstr_form form)
{
    return form == QSTR_SEPARATE ? 6 : form == QSTR_NO_HASHES ? 5 : 4;
}

uint64_t qstr_pool_bytes(const struct qstrs *qstrs, size_t word_bytes, const struct qstr_pool *pool)
{
    size_t entry_bytes = word_bytes;

    if (pool->alloc < pool->count || pool->alloc > QSTR_ALLOC_MAX)
        return 0;
    if (qstrs->form != QSTR_EMBEDDED)
        entry_bytes += 1;
    if (qstrs->form == QSTR_SEPARATE)
        entry_bytes += qstrs->hash_bytes;
    return header_words(qstrs->form) * word_bytes + pool->alloc * entry_bytes;
}

// --- one string ---

struct pool_fields {
    uint64_t lengths; // address of the length array; 0 in the embedded form
    uint64_t entries; // address of qstrs[]
};

static int read_fields(const struct qstrs *qstrs, struct target *target, size_t word, uint64_t pool,
                       struct pool_fields *ret, struct mph_err *err)
{
    *ret = (struct pool_fields){0, pool + header_words(qstrs->form) * word};
    if (qstrs->form == QSTR_EMBEDDED)
        return 0;
    return target_read_uint(target, ret->entries - word, word, &ret->lengths, err);
}

int qstr_entry_read(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                    const struct qstr_pool *pool, uint64_t index, struct qstr_entry *ret,
                    struct mph_err *err)
{
    struct pool_fields fields;
    struct qstr_entry entry;
    int rc = read_fields(qstrs, target, word_bytes, pool->address, &fields, err);

    if (rc < 0)
        return rc;
    rc = target_read_uint(target, fields.entries + index * word_bytes, word_bytes, &entry.start,
                          err);
    if (rc < 0)
        return rc;
    uint64_t length_at = fields.lengths + index;
    entry.text = entry.start;
    if (qstrs->form == QSTR_EMBEDDED) {
        length_at = entry.start + qstrs->hash_bytes;
        entry.text = length_at + 1;
    }
    rc = target_read_uint(target, length_at, 1, &entry.length, err);
    if (rc == 0)
        *ret = entry;
    return rc;
}

int qstr_entry_text(struct target *target, const struct qstr_entry *entry,
                    char text[QSTR_TEXT_MAX + 1], struct mph_err *err)
{
    char bytes[QSTR_TEXT_MAX + 1];
    int rc = target_read(target, entry->text, bytes, entry->length + 1, err);

    if (rc < 0)
        return rc;
    if (bytes[entry->length] != '\0')
        return mph_fail_at(err, MPH_ERR_BAD_DATA, entry->text + entry->length,
                           "qstr: text at 0x%llx is not %u bytes long",
                           (unsigned long long)entry->text, (unsigned)entry->length);
    memcpy(text, bytes, entry->length + 1);
    return 0;
}

static int text_at(const struct qstrs *qstrs, struct target *target, size_t word,
                   const struct qstr_pool *pool, uint64_t index, char text[QSTR_TEXT_MAX + 1],
                   struct mph_err *err)
{
    struct qstr_entry entry;
    int rc = qstr_entry_read(qstrs, target, word, pool, index, &entry, err);

    return rc < 0 ? rc : qstr_entry_text(target, &entry, text, err);
}

// The pool that holds an id, and the id's index there.
static const struct qstr_pool *pool_of(const struct qstrs *qstrs, uint64_t id, uint64_t *index)
{
    for (size_t i = 0; i < qstrs->pool_count; i++) {
        const struct qstr_pool *pool = &qstrs->pools[i];

        if (id < pool->first_id)
            continue;
        *index = id - pool->first_id;
        return *index < pool->count ? pool : NULL;
    }
    return NULL;
}

int qstr_text(const struct qstrs *qstrs, struct target *target, size_t word_bytes, uint64_t id,
              char text[QSTR_TEXT_MAX + 1], struct mph_err *err)
{
    uint64_t index;
    const struct qstr_pool *pool = pool_of(qstrs, id, &index);

    if (!pool)
        return mph_fail(err, MPH_ERR_BAD_DATA, "qstr: no string has the id %llu",
                        (unsigned long long)id);
    return text_at(qstrs, target, word_bytes, pool, index, text, err);
}

// Most names are this short; what is longer is read exactly, later.
enum { TEXT_GUESS = 16 };

// The ranges of the entries (and lengths) of ids, or of what the entries lead to.
static size_t fetch_ranges(const struct qstrs *qstrs, struct target *target, size_t word,
                           const uint64_t *ids, size_t count, bool is_text, struct range *ranges)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        struct pool_fields fields;
        uint64_t index, entry;
        const struct qstr_pool *pool = pool_of(qstrs, ids[i], &index);

        if (!pool || read_fields(qstrs, target, word, pool->address, &fields, NULL) < 0)
            continue;
        uint64_t entry_at = fields.entries + index * word;
        if (!is_text) {
            ranges[used++] = (struct range){entry_at, word};
            if (fields.lengths)
                ranges[used++] = (struct range){fields.lengths + index, 1};
        } else if (target_read_uint(target, entry_at, word, &entry, NULL) == 0) {
            ranges[used++] = (struct range){entry, TEXT_GUESS};
        }
    }
    return used;
}

int qstr_fetch(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
               const uint64_t *ids, size_t count, struct mph_err *err)
{
    struct range *ranges = calloc(2 * count + 1, sizeof *ranges);
    int rc = ranges ? 0 : mph_fail_no_memory(err);

    for (int is_text = 0; rc == 0 && is_text <= 1; is_text++) {
        size_t used = fetch_ranges(qstrs, target, word_bytes, ids, count, is_text, ranges);
        rc = target_fetch(target, ranges, used, err);
    }
    free(ranges);
    return rc;
}

// --- which form the text is in ---

// py/qstr.c qstr_compute_hash.
static uint32_t hash_of(const char *text, size_t length, size_t hash_bytes)
{
    uint32_t hash = 5381;

    for (size_t i = 0; i < length; i++)
        hash = hash * 33 ^ (unsigned char)text[i];
    hash &= hash_bytes == 1 ? 0xff : 0xffff;
    return hash ? hash : 1;
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
