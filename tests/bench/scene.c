// SPDX-License-Identifier: MIT
#include "scene.h"

#include <stdlib.h>
#include <string.h>

enum { KNOWN = 4096, LATER = 4096, HELD_BYTES_MAX = 4096, OBJECT_BYTES_MAX = 256 };

enum content { CONTENT_TEXT, CONTENT_ITEMS, CONTENT_TABLE, CONTENT_CODE };

// A block that an object will hold, and the word that will point at it.
struct held {
    uint32_t holder;
    uint16_t bytes;
    uint8_t content; // enum content
};

struct scene {
    struct pool *pool;
    const struct rom *rom;
    uint64_t *counts;
    uint32_t known[KNOWN]; // some objects, to be referred to
    struct held later[LATER];
    unsigned later_count;
    uint64_t later_blocks;
    uint32_t classes[CLASSES];
    uint32_t context; // of the functions
};

// --- object words: representation A ---

static uint32_t word_int(uint32_t value)
{
    return value << 1 | 1;
}

static uint32_t word_name(uint32_t id)
{
    return id << 3 | 2;
}

static uint32_t word_any(struct scene *scene)
{
    switch (pool_random(scene->pool, 4)) {
    case 0:
        return word_int(pool_random(scene->pool, 1000));
    case 1:
        return word_name(KEY_FIRST + pool_random(scene->pool, KEYS));
    default:
        return scene->known[pool_random(scene->pool, KNOWN)];
    }
}

// --- blocks that objects hold ---

static void write_text(struct scene *scene, uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i + 1 < size; i++)
        bytes[i] = (uint8_t)('a' + pool_random(scene->pool, 26));
}

static void write_items(struct scene *scene, uint32_t address, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pool_put(scene->pool, address + i * WORD, word_any(scene));
}

// Every other place of a dict's table is empty.
static void write_table(struct scene *scene, uint32_t address, uint32_t alloc)
{
    for (uint32_t i = 0; i < alloc; i += 2) {
        pool_put(scene->pool, address + 2 * i * WORD, word_name(KEY_FIRST + i / 2 % KEYS));
        pool_put(scene->pool, address + (2 * i + 1) * WORD, word_any(scene));
    }
}

// Prelude (one local, name "update", one line), then opcodes: LOAD_CONST_NONE, RETURN_VALUE.
static void write_code(uint8_t *bytes)
{
    static const uint8_t code[] = {0x00, 0x04, 0x00, 0x20, 0x51, 0x63};

    memcpy(bytes, code, sizeof code);
}

static void place(struct scene *scene, const struct held *held)
{
    uint32_t address = pool_take(scene->pool, held->bytes);

    pool_put(scene->pool, held->holder, address);
    switch ((enum content)held->content) {
    case CONTENT_TEXT:
        write_text(scene, pool_bytes(scene->pool, address), held->bytes);
        break;
    case CONTENT_ITEMS:
        write_items(scene, address, held->bytes / WORD);
        break;
    case CONTENT_TABLE:
        write_table(scene, address, held->bytes / WORD / 2);
        break;
    case CONTENT_CODE:
        write_code(pool_bytes(scene->pool, address));
        break;
    }
}

// Most blocks lie next to their holder; some were made much later.
static void hold(struct scene *scene, uint32_t holder, uint32_t bytes, enum content content)
{
    struct held held = {holder, (uint16_t)bytes, (uint8_t)content};

    if (pool_random(scene->pool, 8)) {
        place(scene, &held);
    } else if (scene->later_count < LATER) {
        scene->later[scene->later_count++] = held;
        scene->later_blocks += (bytes + BLOCK - 1) / BLOCK;
    } else {
        struct held *slot = &scene->later[pool_random(scene->pool, LATER)];

        place(scene, slot);
        scene->later_blocks += (bytes + BLOCK - 1) / BLOCK;
        scene->later_blocks -= (slot->bytes + BLOCK - 1u) / BLOCK;
        *slot = held;
    }
}

// Lengths as programs have them: mostly short, rarely a large buffer.
static uint32_t length(struct scene *scene)
{
    return pool_random(scene->pool, 64) ? 1 + pool_random(scene->pool, 16)
                                        : 1 + pool_random(scene->pool, HELD_BYTES_MAX / 16);
}

// --- objects ---

static uint32_t make(struct scene *scene, enum row row, uint32_t bytes, uint32_t type)
{
    uint32_t address = pool_take(scene->pool, bytes);

    pool_put(scene->pool, address, type);
    scene->counts[row]++;
    if (row != ROW_CLASS && row != ROW_CELL && row != ROW_UNKNOWN)
        scene->known[pool_random(scene->pool, KNOWN)] = address;
    return address;
}

static uint32_t builtin(const struct scene *scene, enum rom_id id)
{
    return scene->rom->types[id];
}

// {type, hash or typecode, length, data}
static void make_text(struct scene *scene, enum row row, enum rom_id type, uint32_t second)
{
    uint32_t size = 4 * length(scene), object = make(scene, row, 16, builtin(scene, type));

    pool_put(scene->pool, object + WORD, second);
    pool_put(scene->pool, object + 2 * WORD, row == ROW_STR ? size - 1 : size);
    hold(scene, object + 3 * WORD, size, CONTENT_TEXT);
}

// {type, alloc, len, items}
static void make_list(struct scene *scene)
{
    uint32_t count = length(scene), object = make(scene, ROW_LIST, 16, builtin(scene, ID_list));

    pool_put(scene->pool, object + WORD, count);
    pool_put(scene->pool, object + 2 * WORD, count);
    hold(scene, object + 3 * WORD, count * WORD, CONTENT_ITEMS);
}

static void make_tuple(struct scene *scene)
{
    uint32_t count = pool_random(scene->pool, 6);
    uint32_t object = make(scene, ROW_TUPLE, (2 + count) * WORD, builtin(scene, ID_tuple));

    pool_put(scene->pool, object + WORD, count);
    write_items(scene, object + 2 * WORD, count);
}

// {type, used << 3 | flags, alloc, table}; all keys are interned strings. A dict whose
// table is not there yet has none.
static uint32_t make_map(struct scene *scene, enum row row, uint32_t type)
{
    uint32_t alloc = 4 * (1 + pool_random(scene->pool, 4));
    uint32_t object = make(scene, row, 16, type);

    pool_put(scene->pool, object + WORD, alloc / 2 << 3 | 1);
    pool_put(scene->pool, object + 2 * WORD, alloc);
    hold(scene, object + 3 * WORD, alloc * 2 * WORD, CONTENT_TABLE);
    return object;
}

static void make_float(struct scene *scene)
{
    float value = (float)pool_random(scene->pool, 1000) / 8;
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    pool_put(scene->pool, make(scene, ROW_FLOAT, 8, builtin(scene, ID_float)) + WORD, bits);
}

// {type, context, children, bytecode}
static uint32_t make_function(struct scene *scene)
{
    uint32_t object = make(scene, ROW_FUNCTION, 16, builtin(scene, ID_fun_bc));

    pool_put(scene->pool, object + WORD, scene->context);
    hold(scene, object + 3 * WORD, 32 + 4 * length(scene), CONTENT_CODE);
    return object;
}

// A closure {type, function, 1, cell}, its function and its cell.
static void make_closure(struct scene *scene)
{
    uint32_t function = make_function(scene);
    uint32_t cell = make(scene, ROW_CELL, 8, scene->rom->cell);
    uint32_t words[] = {function, 1, cell};

    pool_put(scene->pool, cell + WORD, word_any(scene));
    pool_put_words(scene->pool, make(scene, ROW_CLOSURE, 16, builtin(scene, ID_closure)) + WORD, 3,
                   words);
}

// {type, method, self}
static void make_bound(struct scene *scene)
{
    uint32_t words[] = {word_any(scene), word_any(scene)};

    pool_put_words(scene->pool, make(scene, ROW_BOUND, 12, builtin(scene, ID_bound_meth)) + WORD, 2,
                   words);
}

static void make_instance(struct scene *scene)
{
    uint32_t class = pool_random(scene->pool, CLASSES);

    make_map(scene, ROW_INSTANCE + class, scene->classes[class]);
}

static void make_unknown(struct scene *scene)
{
    uint32_t size = 4 * length(scene);

    write_text(scene, pool_bytes(scene->pool, make(scene, ROW_UNKNOWN, size, 0)), size);
}

// Of a hundred objects.
static void make_any(struct scene *scene)
{
    uint32_t dice = pool_random(scene->pool, 100);

    if (dice < 30)
        make_text(scene, ROW_STR, ID_str, 0);
    else if (dice < 47)
        make_tuple(scene);
    else if (dice < 59)
        make_list(scene);
    else if (dice < 68)
        make_map(scene, ROW_DICT, builtin(scene, ID_dict));
    else if (dice < 79)
        make_float(scene);
    else if (dice < 89)
        make_instance(scene);
    else if (dice < 92)
        make_text(scene, ROW_BYTEARRAY, ID_bytearray, 1);
    else if (dice < 95)
        make_function(scene);
    else if (dice < 96)
        make_closure(scene);
    else if (dice < 99)
        make_bound(scene);
    else
        make_unknown(scene);
}

// --- what is there once ---

enum { SLOTS = 9, TYPE_HEADER = 20 };

// py/objtype.c mp_obj_new_type: a class has these slots, the dict of its methods last.
static void make_class(struct scene *scene, uint32_t index)
{
    static const uint8_t slots[12] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, SLOTS};
    uint32_t class = make(scene, ROW_CLASS, TYPE_HEADER + SLOTS * WORD, builtin(scene, ID_type));

    scene->classes[index] = class;
    pool_put(scene->pool, class + WORD, (CLASS_FIRST + index) << 16);
    memcpy(pool_bytes(scene->pool, class + 2 * WORD), slots, sizeof slots);
    for (uint32_t slot = 0; slot + 1 < SLOTS; slot++)
        pool_put(scene->pool, class + TYPE_HEADER + slot * WORD, scene->rom->ctx);
    pool_put(scene->pool, class + TYPE_HEADER + (SLOTS - 1) * WORD,
             make_map(scene, ROW_DICT, builtin(scene, ID_dict)));
}

// The main module's names: __name__, the classes, and some objects.
static void make_main(struct scene *scene)
{
    uint32_t dict = scene->rom->ctx + CTX_DICT_MAIN * WORD, count = 1 + CLASSES + KEYS;
    uint32_t table = pool_take(scene->pool, count * 2 * WORD);
    uint32_t words[] = {builtin(scene, ID_dict), count << 3 | 1, count, table};

    scene->counts[ROW_TABLE]++;
    pool_put_words(scene->pool, dict, 4, words);
    for (uint32_t i = 0; i < count; i++) {
        bool is_class = i > 0 && i <= CLASSES;
        uint32_t key = i == 0     ? ID_name
                       : is_class ? CLASS_FIRST + i - 1
                                  : KEY_FIRST + i - 1 - CLASSES;
        uint32_t entry[] = {word_name(key), i == 0     ? word_name(ID_main)
                                            : is_class ? scene->classes[i - 1]
                                                       : word_any(scene)};

        pool_put_words(scene->pool, table + 2 * i * WORD, 2, entry);
    }
    pool_put(scene->pool, scene->rom->ctx + CTX_DICT_LOCALS * WORD, dict);
    pool_put(scene->pool, scene->rom->ctx + CTX_DICT_GLOBALS * WORD, dict);
    pool_put(scene->pool, scene->rom->ctx + CTX_LAST_POOL * WORD, scene->rom->pool);
}

// {type, globals, names, constants}
static void make_context(struct scene *scene)
{
    uint32_t words[] = {scene->rom->ctx + CTX_DICT_MAIN * WORD, 0, 0};

    scene->context = make(scene, ROW_MODULE, 16, builtin(scene, ID_module));
    words[1] = words[2] = pool_take(scene->pool, BLOCK);
    pool_put(scene->pool, words[1], ID_update | ID_file << 16);
    words[2] += WORD;
    pool_put_words(scene->pool, scene->context + WORD, 3, words);
}

static void fill(struct scene *scene)
{
    uint64_t reserve = 4 * (HELD_BYTES_MAX + OBJECT_BYTES_MAX) / BLOCK;

    for (uint32_t i = 0; i < KNOWN; i++)
        scene->known[i] = word_int(i);
    for (uint32_t i = 0; i < CLASSES; i++)
        make_class(scene, i);
    make_context(scene);
    while (pool_room(scene->pool) > scene->later_blocks + reserve) {
        make_any(scene);
        if (pool_random(scene->pool, 5) == 0)
            pool_skip(scene->pool, 1 + pool_random(scene->pool, 8));
    }
    while (scene->later_count)
        place(scene, &scene->later[--scene->later_count]);
    make_main(scene);
}

bool scene_fill(struct pool *pool, const struct rom *rom, uint64_t counts[ROW_COUNT])
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (!scene)
        return false;
    scene->pool = pool;
    scene->rom = rom;
    scene->counts = counts;
    fill(scene);
    free(scene);
    return true;
}

const char *row_name(enum row row)
{
    static const char *const names[ROW_COUNT] = {
        [ROW_STR] = "str",
        [ROW_TUPLE] = "tuple",
        [ROW_LIST] = "list",
        [ROW_DICT] = "dict",
        [ROW_FLOAT] = "float",
        [ROW_BYTEARRAY] = "bytearray",
        [ROW_FUNCTION] = "function",
        [ROW_CLOSURE] = "closure",
        [ROW_CELL] = "cell",
        [ROW_BOUND] = "bound_method",
        [ROW_UNKNOWN] = "?",
        [ROW_MODULE] = "module",
        [ROW_CLASS] = "type",
        [ROW_TABLE] = "map table",
        [ROW_INSTANCE] = "Point",
        [ROW_INSTANCE + 1] = "Sensor",
        [ROW_INSTANCE + 2] = "Reading",
        [ROW_INSTANCE + 3] = "Queue",
    };

    return names[row];
}
