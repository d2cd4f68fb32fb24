// SPDX-License-Identifier: MIT
#include "layout/qstr.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/devices.h"

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

// What pools point at is read only where a read disturbs nothing.
static int check_address(struct target *target, uint64_t address, struct mph_err *err)
{
    if (!devices_contain(target, address))
        return 0;
    return mph_fail_at(err, MPH_ERR_READ, address, "qstr: a device may be at 0x%llx, not memory",
                       (unsigned long long)address);
}

// --- one pool ---

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
    rc = check_address(target, length_at, err);
    if (rc == 0)
        rc = target_read_uint(target, length_at, 1, &entry.length, err);
    if (rc == 0)
        *ret = entry;
    return rc;
}

int qstr_entry_text(struct target *target, const struct qstr_entry *entry,
                    char text[QSTR_TEXT_MAX + 1], struct mph_err *err)
{
    char bytes[QSTR_TEXT_MAX + 1];
    int rc = check_address(target, entry->text, err);

    if (rc == 0)
        rc = target_read(target, entry->text, bytes, entry->length + 1, err);
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
        } else if (target_read_uint(target, entry_at, word, &entry, NULL) == 0 &&
                   !devices_contain(target, entry)) {
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

// --- all strings of the newest pools ---

// What holds the lengths of a pool's strings: one array, or a byte in front of each.
static size_t length_ranges(const struct qstrs *qstrs, struct target *target, size_t word,
                            const struct qstr_pool *pool, struct range *ranges)
{
    struct pool_fields fields;
    size_t used = 0;

    if (read_fields(qstrs, target, word, pool->address, &fields, NULL) < 0)
        return 0;
    if (qstrs->form != QSTR_EMBEDDED) {
        ranges[0] = (struct range){fields.lengths, pool->count};
        return !devices_contain(target, fields.lengths);
    }
    for (uint64_t i = 0; i < pool->count; i++) {
        uint64_t entry;

        if (target_read_uint(target, fields.entries + i * word, word, &entry, NULL) == 0 &&
            !devices_contain(target, entry))
            ranges[used++] = (struct range){entry, qstrs->hash_bytes + 1u};
    }
    return used;
}

static int fetch_pools(const struct qstrs *qstrs, struct target *target, size_t word,
                       size_t pool_count, struct range *ranges, struct mph_err *err)
{
    size_t used = 0;

    for (size_t i = 0; i < pool_count; i++)
        ranges[i] = (struct range){qstrs->pools[i].address,
                                   (header_words(qstrs->form) + qstrs->pools[i].count) * word};
    int rc = target_fetch(target, ranges, pool_count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < pool_count; i++)
        used += length_ranges(qstrs, target, word, &qstrs->pools[i], ranges + used);
    return target_fetch(target, ranges, used, err);
}

int qstr_fetch_pools(const struct qstrs *qstrs, struct target *target, size_t word_bytes,
                     size_t pool_count, struct mph_err *err)
{
    size_t most = pool_count;

    for (size_t i = 0; i < pool_count; i++)
        most += (size_t)qstrs->pools[i].count;
    struct range *ranges = calloc(most + 1, sizeof *ranges);
    int rc = ranges ? fetch_pools(qstrs, target, word_bytes, pool_count, ranges, err)
                    : mph_fail_no_memory(err);
    free(ranges);
    return rc;
}
