// SPDX-License-Identifier: MIT
#include "layout/window.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "layout/types.h"
#include "target/devices.h"

// --- reading the window ---

// RAM may begin inside the window: go down in steps from its end, first of these
// many bytes and then word by word, until memory refuses.
enum { STEP_BYTES = 64 };

static int read_downwards(struct window *window, uint64_t first, uint64_t end, uint8_t *bytes)
{
    size_t done = 0, step = STEP_BYTES;

    while (step >= window->word_bytes) {
        size_t left = (size_t)(end - first) - done;
        uint8_t *at = bytes + left - step;

        if (left < step || target_read(window->target, end - done - step, at, step, NULL) < 0) {
            step = step > window->word_bytes ? window->word_bytes : 0;
            continue;
        }
        done += step;
    }
    window->address = end - done;
    window->count = done / window->word_bytes;
    memmove(bytes, bytes + (size_t)(end - first) - done, done);
    return done ? 0 : MPH_ERR_READ;
}

// The largest part of [first, end) that ends at `end` and can be read.
static int read_suffix(struct window *window, uint64_t first, uint64_t end, uint8_t **ret,
                       struct mph_err *err)
{
    uint8_t *bytes = malloc((size_t)(end - first) + 1);
    struct mph_err why = {0};

    if (!bytes)
        return mph_fail_no_memory(err);
    int rc = target_read(window->target, first, bytes, (size_t)(end - first), &why);
    window->address = first;
    window->count = (size_t)(end - first) / window->word_bytes;
    if (rc == MPH_ERR_READ)
        rc = read_downwards(window, first, end, bytes);
    if (rc < 0) {
        free(bytes);
        if (rc == MPH_ERR_READ)
            mph_fail_at(err, rc, end, "memory: cannot read before 0x%llx",
                        (unsigned long long)end);
        else
            mph_fail_again(err, &why);
        return rc;
    }
    *ret = bytes;
    return 0;
}

int window_init(struct window *window, struct target *target, size_t word_bytes, uint64_t first,
                uint64_t end, struct mph_err *err)
{
    uint8_t *bytes = NULL;

    *window = (struct window){.target = target, .word_bytes = word_bytes};
    int rc = read_suffix(window, first, end, &bytes, err);
    if (rc < 0)
        return rc;
    window->words = calloc(window->count, sizeof *window->words);
    for (size_t i = 0; window->words && i < window->count; i++)
        window->words[i] = bytes_get(bytes + i * word_bytes, word_bytes, target->big_endian);
    free(bytes);
    return window->words ? 0 : mph_fail_no_memory(err);
}

void window_deinit(struct window *window)
{
    free(window->words);
    window->words = NULL;
    window->count = 0;
}

// Small numbers and odd addresses point to no structure, and device registers are
// not to be touched.
static bool is_pointer(const struct window *window, uint64_t word)
{
    return word >= 0x100 && word % window->word_bytes == 0 &&
           !devices_contain(window->target, word);
}

// Declare a read of `size` bytes behind each of the given words.
static int fetch_behind(const struct window *window, const uint64_t *words, size_t count,
                        size_t size, struct mph_err *err)
{
    struct range *ranges = calloc(count ? count : 1, sizeof *ranges);
    size_t used = 0;

    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (is_pointer(window, words[i]))
            ranges[used++] = (struct range){words[i], size};
    int rc = target_fetch(window->target, ranges, used, err);
    free(ranges);
    return rc;
}

// --- qstr pools ---

int window_find_qstrs(const struct window *window, struct qstrs *ret, struct mph_err *err)
{
    struct qstrs best = {0};

    int rc = fetch_behind(window, window->words, window->count, 4 * window->word_bytes, err);
    if (rc < 0)
        return mph_fail(err, rc, "qstr: the search for pools failed");
    for (size_t i = 0; i < window->count; i++) {
        struct qstrs found;

        if (!is_pointer(window, window->words[i]) ||
            qstrs_init(&found, window->target, window->word_bytes, window->words[i], NULL) < 0 ||
            found.pool_count <= best.pool_count)
            continue;
        best = found;
        best.holder = window->address + i * window->word_bytes;
    }
    if (!best.pool_count)
        return mph_fail_at(err, MPH_ERR_BAD_DATA, window->address,
                           "qstr: no pool found in readable memory (--elf or an image of flash "
                           "would tell)");
    *ret = best;
    return 0;
}

// --- the metatype ---

static int compare_words(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

// The first words of what the window's words point to.
static int read_behind(const struct window *window, uint64_t **ret, size_t *ret_count,
                       struct mph_err *err)
{
    uint64_t *behind = calloc(window->count, sizeof *behind);
    size_t used = 0;

    int rc = behind ? fetch_behind(window, window->words, window->count, window->word_bytes, err)
                    : mph_fail_no_memory(err);
    if (rc < 0) {
        free(behind);
        return rc;
    }
    for (size_t i = 0; i < window->count; i++)
        if (is_pointer(window, window->words[i]) &&
            target_read_uint(window->target, window->words[i], window->word_bytes, &behind[used],
                             NULL) == 0 &&
            is_pointer(window, behind[used]))
            used++;
    qsort(behind, used, sizeof *behind, compare_words);
    *ret = behind;
    *ret_count = used;
    return 0;
}

int window_find_metatype(const struct window *window, const struct qstrs *qstrs,
                         uint64_t *ret_metatype, enum type_form *ret_form, struct mph_err *err)
{
    uint64_t *behind;
    size_t count;

    int rc = read_behind(window, &behind, &count, err);
    if (rc < 0)
        return rc;
    rc = fetch_behind(window, behind, count, window->word_bytes, err);
    if (rc == 0)
        rc = MPH_ERR_BAD_DATA; // until one is found
    for (size_t i = 0; rc == MPH_ERR_BAD_DATA && i < count; i++) {
        uint64_t self;

        if ((i && behind[i] == behind[i - 1]) ||
            target_read_uint(window->target, behind[i], window->word_bytes, &self, NULL) < 0 ||
            self != behind[i])
            continue;

        enum type_form form = type_form_of(window->target, qstrs, window->word_bytes, self);
        if (form != TYPE_FORM_UNKNOWN) {
            *ret_metatype = self;
            *ret_form = form;
            rc = 0;
        }
    }
    free(behind);
    if (rc != MPH_ERR_BAD_DATA)
        return rc;
    return mph_fail_at(err, rc, window->address,
                       "types: none found in readable memory (--elf or an image of flash "
                       "would tell)");
}

// --- dicts ---

static bool is_dict(const struct window *window, const struct layout *layout, uint64_t object)
{
    uint64_t type, metatype;
    struct type_info info;

    return is_pointer(window, object) &&
           layout_read_word(layout, window->target, object, &type, NULL) == 0 &&
           is_pointer(window, type) &&
           layout_read_word(layout, window->target, type, &metatype, NULL) == 0 &&
           metatype == layout->metatype &&
           type_info_read(layout, window->target, type, &info, NULL) == 0 &&
           !strcmp(info.name, "dict");
}

// The pair lies at most this far before last_pool: six words in v1.21 and later,
// and up to five more where the options of section 1.2 add fields.
enum { DICTS_MIN = 3, DICTS_MAX = 12 };

size_t window_find_dicts(const struct window *window, const struct layout *layout)
{
    size_t holder = (size_t)((layout->qstrs.holder - window->address) / window->word_bytes);

    for (size_t back = DICTS_MIN; back <= DICTS_MAX && back <= holder; back++)
        if (is_dict(window, layout, window->words[holder - back]) &&
            is_dict(window, layout, window->words[holder - back + 1]))
            return back;
    return 0;
}

// --- the object representation ---

struct votes {
    unsigned keys;             // keys of dicts looked at
    unsigned text[REPR_D + 1]; // twice how many were identifiers, by representation
};

// A wrong rule may find an identifier behind every word too, but hardly the key
// __name__ that every module's dict has: that settles a draw, and nothing else.
enum { TEXT_WEIGHT = 2, NAME_WEIGHT = 3 };

static bool is_identifier(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text != '_' && !isalnum((unsigned char)*text))
            return false;
    return true;
}

static void vote(const struct window *window, const struct layout *layout, uint64_t key,
                 bool is_wide, struct votes *votes)
{
    for (enum repr repr = REPR_A_OLD; repr <= REPR_D; repr++) {
        char text[QSTR_TEXT_MAX + 1];
        uint64_t id;

        if ((repr == REPR_D) != is_wide || !repr_qstr(repr, key, &id))
            continue;
        if (qstr_text(&layout->qstrs, window->target, layout->word_bytes, id, text, NULL) == 0 &&
            is_identifier(text))
            votes->text[repr] += strcmp(text, "__name__") ? TEXT_WEIGHT : NAME_WEIGHT;
    }
}

enum { KEYS_MAX = 64, DICTS_SEEN_MAX = 64, TABLE_MAX = 4096 };

// Keys of the dicts that the window's words are or point at.
struct keys {
    size_t bytes; // of an object word
    uint64_t dicts[DICTS_SEEN_MAX];
    size_t dict_count;
    struct range *places; // of the keys
    size_t count;
};

static void find_dicts(const struct window *window, const struct layout *layout, struct keys *keys)
{
    for (size_t i = 0; i < window->count && keys->dict_count < DICTS_SEEN_MAX; i++) {
        uint64_t in_place = window->address + i * window->word_bytes;

        if (is_dict(window, layout, window->words[i]))
            keys->dicts[keys->dict_count++] = window->words[i];
        else if (is_dict(window, layout, in_place))
            keys->dicts[keys->dict_count++] = in_place;
    }
}

// py/obj.h mp_map_t after the type: {flags and used, alloc, table}.
static void find_places(const struct window *window, const struct layout *layout, uint64_t dict,
                        struct keys *keys)
{
    size_t word = layout->word_bytes;
    uint64_t alloc, table;

    if (layout_read_word(layout, window->target, dict + 2 * word, &alloc, NULL) < 0 ||
        layout_read_word(layout, window->target, dict + 3 * word, &table, NULL) < 0 ||
        alloc > TABLE_MAX || devices_contain(window->target, table))
        return;
    for (uint64_t i = 0; i < alloc && i < KEYS_MAX; i++)
        keys->places[keys->count++] = (struct range){table + i * 2 * keys->bytes, keys->bytes};
}

static bool read_key(const struct window *window, const struct range *place, uint64_t *ret)
{
    return target_read_uint(window->target, place->address, (size_t)place->size, ret, NULL) == 0 &&
           *ret;
}

// The texts that the keys are in any representation.
static int fetch_texts(const struct window *window, const struct layout *layout,
                       const struct keys *keys, struct mph_err *err)
{
    uint64_t *ids = calloc(keys->count * (REPR_D + 1) + 1, sizeof *ids), key;
    size_t used = 0;

    if (!ids)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < keys->count; i++)
        for (enum repr repr = REPR_A_OLD; repr <= REPR_D; repr++)
            used += (repr == REPR_D) == (keys->bytes > layout->word_bytes) &&
                    read_key(window, &keys->places[i], &key) && repr_qstr(repr, key, &ids[used]);
    int rc = qstr_fetch(&layout->qstrs, window->target, layout->word_bytes, ids, used, err);
    free(ids);
    return rc;
}

static int vote_on_keys(const struct window *window, const struct layout *layout, struct keys *keys,
                        struct votes *votes, struct mph_err *err)
{
    bool is_wide = keys->bytes > layout->word_bytes;
    uint64_t key;

    keys->count = 0;
    for (size_t i = 0; i < keys->dict_count; i++)
        find_places(window, layout, keys->dicts[i], keys);
    int rc = target_fetch(window->target, keys->places, keys->count, err);
    if (rc == 0)
        rc = fetch_texts(window, layout, keys, err);
    for (size_t i = 0; rc == 0 && i < keys->count; i++) {
        if (!read_key(window, &keys->places[i], &key))
            continue;
        votes->keys++;
        vote(window, layout, key, is_wide, votes);
    }
    return rc;
}

static enum repr winner(const struct votes *votes)
{
    enum repr best = REPR_UNKNOWN;

    for (enum repr repr = REPR_A_OLD; repr <= REPR_D; repr++)
        if (votes->text[repr] && (!best || votes->text[repr] > votes->text[best]))
            best = repr;
    return best && votes->text[best] * 4 >= votes->keys * 3 * TEXT_WEIGHT ? best : REPR_UNKNOWN;
}

int window_find_repr(const struct window *window, const struct layout *layout, enum repr *ret,
                     struct mph_err *err)
{
    struct keys keys = {.places = calloc(DICTS_SEEN_MAX * KEYS_MAX, sizeof *keys.places)};
    enum repr repr = REPR_UNKNOWN;
    int rc = keys.places ? 0 : mph_fail_no_memory(err);

    if (rc == 0)
        find_dicts(window, layout, &keys);
    for (size_t times = 1; rc == 0 && !repr && times * layout->word_bytes <= 8; times *= 2) {
        struct votes votes = {0};

        keys.bytes = times * layout->word_bytes;
        rc = vote_on_keys(window, layout, &keys, &votes, err);
        repr = winner(&votes);
    }
    free(keys.places);
    if (rc == 0)
        *ret = repr;
    return rc;
}
