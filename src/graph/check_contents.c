// SPDX-License-Identifier: MIT
// Contents that must agree with each other: maps and sets with the number of their entries,
// text with its hash, rings with their positions.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/check_parts.h"

struct contents {
    struct check *check;
    const struct object *object;
    const char *name; // of an object outside of the heap
};

static bool is_unsettled(const struct contents *contents)
{
    const struct check *check = contents->check;

    return (check->worker->may_allocate || check->is_collecting) &&
           is_in_work(check, contents->object);
}

static void add(const struct contents *contents, enum damage kind, uint64_t address,
                const char *why, const char *text)
{
    uint64_t block;
    struct finding *finding =
        damage_add(contents->check, kind, is_unsettled(contents), address, "%s", text);

    if (objects_head_at(contents->check->objects, contents->object->address, &block))
        damage_about(contents->check, finding, block);
    else
        finding->name = contents->name;
    finding_explain(finding, "%s", why);
}

// --- maps and sets ---

// Slots of a table of keys, `step` object words apart.
struct slots {
    uint64_t table, alloc, used;
    unsigned step;
    bool is_ordered;
};

// py/obj.h MP_OBJ_NULL and MP_OBJ_SENTINEL, 8 in debug builds up to v1.10.
static bool is_entry(uint64_t key)
{
    return key != 0 && key != 4 && key != 8;
}

// Words that are the same value wherever they stand; floats compare otherwise.
static bool is_comparable(const struct objects *objects, uint64_t key)
{
    struct word word;

    word_decode(objects->layout, key, &word);
    return word.kind == WORD_QSTR || word.kind == WORD_SMALL_INT;
}

static bool read_key(const struct objects *objects, const struct slots *slots, uint64_t index,
                     uint64_t *ret)
{
    return objects_uint(objects, slots->table + index * slots->step * objects->obj, objects->obj,
                        ret);
}

static int compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static void check_duplicates(const struct contents *contents, const struct slots *slots,
                             uint64_t *keys, size_t count)
{
    if (count)
        qsort(keys, count, sizeof *keys, compare);
    for (size_t i = 1; i < count; i++)
        if (keys[i] == keys[i - 1]) {
            char text[CHECK_TEXT];

            snprintf(text, sizeof text, "the key 0x%" PRIx64 " is there more than once", keys[i]);
            add(contents, DAMAGE_CONTENT, slots->table, "an entry was overwritten", text);
            return;
        }
}

static void check_used(const struct contents *contents, const struct slots *slots, uint64_t found,
                       uint64_t hole)
{
    char text[CHECK_TEXT];

    if (found == slots->used)
        return;
    if (slots->is_ordered) {
        snprintf(text, sizeof text, "entry %" PRIu64 " of %" PRIu64 " is empty, and it is ordered",
                 hole, slots->used);
        add(contents, DAMAGE_CONTENT,
            slots->table + hole * slots->step * contents->check->objects->obj,
            "an entry was overwritten", text);
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64 " entries of its table are in use, and it says %" PRIu64,
             found, slots->used);
    add(contents, DAMAGE_CONTENT, slots->table, "its table was overwritten, or that number", text);
}

// `keys` has room for all of them.
static void check_slots(const struct contents *contents, const struct slots *slots, uint64_t *keys)
{
    const struct objects *objects = contents->check->objects;
    uint64_t count = slots->is_ordered ? slots->used : slots->alloc, found = 0, hole = 0;
    size_t comparable = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t key;

        if (!read_key(objects, slots, i, &key))
            return;
        if (!is_entry(key)) {
            hole = i;
            continue;
        }
        found++;
        if (is_comparable(objects, key))
            keys[comparable++] = key;
    }
    check_used(contents, slots, found, hole);
    check_duplicates(contents, slots, keys, comparable);
}

static void check_table(const struct contents *contents, const struct slots *slots)
{
    struct check *check = contents->check;
    uint64_t block, bytes = check->objects->obj * slots->step, *keys;
    char text[CHECK_TEXT];

    check->maps++;
    if (slots->used > slots->alloc) {
        snprintf(text, sizeof text, "%" PRIu64 " entries in use, and there is room for %" PRIu64,
                 slots->used, slots->alloc);
        add(contents, DAMAGE_SIZE, contents->object->address, "one of the two was overwritten",
            text);
        return;
    }
    // A table that is not where it should be, or too short, is a finding of its own.
    if (spot_of(check, slots->table, &block) != SPOT_HEAD || !slots->alloc ||
        objects_block_bytes(check->objects, block) / bytes < slots->alloc ||
        check->worker->budget < slots->alloc)
        return;
    check->worker->budget -= slots->alloc;
    keys = malloc((size_t)slots->alloc * sizeof *keys);
    if (keys)
        check_slots(contents, slots, keys);
    free(keys);
}

static void check_maps(const struct contents *contents)
{
    const struct objects *objects = contents->check->objects;
    const struct object *object = contents->object;

    for (size_t i = 0; i < field_count(object->kind); i++) {
        struct map_view map;

        if (object->kind->fields[i].form == FORM_MAP &&
            map_read(objects, field_address(objects, object, i), &map))
            check_table(contents,
                        &(struct slots){map.table, map.alloc, map.used, 2, map.is_ordered});
    }
}

enum { SET_ALLOC, SET_USED, SET_TABLE };

static void check_set(const struct contents *contents)
{
    const struct objects *objects = contents->check->objects;
    struct slots slots = {.step = 1};

    if (field_get(objects, contents->object, SET_ALLOC, &slots.alloc) &&
        field_get(objects, contents->object, SET_USED, &slots.used) &&
        field_get(objects, contents->object, SET_TABLE, &slots.table))
        check_table(contents, &slots);
}

// --- text ---

enum { STR_HASH, STR_LEN, STR_DATA, TEXT_CHUNK = 256 };

static bool hash_text(const struct objects *objects, uint64_t data, uint64_t length, uint64_t *ret)
{
    const struct qstrs *qstrs = &objects->layout->qstrs;
    uint8_t bytes[TEXT_CHUNK];
    uint32_t hash = QSTR_HASH_START;

    for (uint64_t at = 0; at < length; at += TEXT_CHUNK) {
        size_t count = length - at < TEXT_CHUNK ? (size_t)(length - at) : TEXT_CHUNK;

        if (!objects_read(objects, data + at, bytes, count))
            return false;
        hash = qstr_hash_add(hash, bytes, count);
    }
    *ret = qstr_hash_end(hash, qstrs->hash_bytes);
    return true;
}

// A hash of 0 was not computed (py/objstr.h). How wide one is, is known from the pools.
static void check_text(const struct contents *contents)
{
    const struct objects *objects = contents->check->objects;
    enum qstr_form form = objects->layout->qstrs.form;
    uint64_t hash, length, data, computed, block;
    char text[CHECK_TEXT];

    if (form == QSTR_FORM_UNKNOWN ||
        (form == QSTR_SEPARATE && !objects->layout->qstrs.hash_bytes) ||
        !field_get(objects, contents->object, STR_HASH, &hash) || !hash ||
        !field_get(objects, contents->object, STR_LEN, &length) ||
        !field_get(objects, contents->object, STR_DATA, &data))
        return;
    enum spot spot = spot_of(contents->check, data, &block);
    if (spot != SPOT_HEAD || objects_block_bytes(objects, block) < length ||
        contents->check->worker->budget < length || !hash_text(objects, data, length, &computed) ||
        computed == hash)
        return;
    contents->check->worker->budget -= length;
    snprintf(text, sizeof text,
             "its hash is 0x%" PRIx64 ", and that of the %" PRIu64 " bytes at 0x%" PRIx64
             " is 0x%" PRIx64,
             hash, length, data, computed);
    add(contents, DAMAGE_CONTENT, data, "text does not change: it was overwritten, or its hash was",
        text);
}

// --- deque ---

enum { DEQUE_ALLOC, DEQUE_GET, DEQUE_PUT, DEQUE_ITEMS };

static void check_deque(const struct contents *contents)
{
    const struct objects *objects = contents->check->objects;
    uint64_t alloc, get, put, items;
    char text[CHECK_TEXT];

    if (!field_get(objects, contents->object, DEQUE_ALLOC, &alloc) ||
        !field_get(objects, contents->object, DEQUE_GET, &get) ||
        !field_get(objects, contents->object, DEQUE_PUT, &put) ||
        !field_get(objects, contents->object, DEQUE_ITEMS, &items) || !items ||
        (get < alloc && put < alloc && objects_room(objects, items) / objects->obj >= alloc))
        return;
    snprintf(text, sizeof text,
             "positions %" PRIu64 " and %" PRIu64 " in a ring of %" PRIu64
             ", whose items at 0x%" PRIx64 " have %" PRIu64 " bytes",
             get, put, alloc, items, objects_room(objects, items));
    add(contents, DAMAGE_SIZE, contents->object->address, "one of its members was overwritten",
        text);
}

void check_contents(struct check *check, const struct object *object, const char *name)
{
    static const struct {
        const char *kind;
        void (*check)(const struct contents *contents);
    } rules[] = {{"set", check_set},
                 {"frozenset", check_set},
                 {"str", check_text},
                 {"bytes", check_text},
                 {"deque", check_deque}};
    struct contents contents = {check, object, name};

    check_maps(&contents);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!object->kind->is_block && !strcmp(object->kind->name, rules[i].kind))
            rules[i].check(&contents);
}
