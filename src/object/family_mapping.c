// SPDX-License-Identifier: MIT
// dict, OrderedDict and their views, set and frozenset.
#include "object/value.h"

// --- dict: py/obj.h mp_obj_dict_t, mp_map_t ---

const struct kind kind_map_table = {.name = "map table",
                                    .letter = 'd',
                                    .meaning = "table of a dict, an instance or another map",
                                    .is_block = true,
                                    .content = CONTENT_OBJECTS};

enum { DICT_MAP };

static bool is_entry(uint64_t key)
{
    return key != 0 && key != 4; // MP_OBJ_NULL: empty, MP_OBJ_SENTINEL: deleted
}

enum part { PART_ITEMS, PART_KEYS, PART_VALUES, PART_PAIRS };

static void print_entry(struct printer *printer, uint64_t key, uint64_t value, enum part part)
{
    text_puts(printer->text, part == PART_PAIRS ? "(" : "");
    if (part != PART_VALUES)
        print_word(printer, key);
    text_puts(printer->text, part == PART_ITEMS ? ": " : part == PART_PAIRS ? ", " : "");
    if (part != PART_KEYS)
        print_word(printer, value);
    text_puts(printer->text, part == PART_PAIRS ? ")" : "");
}

// Entries in the order in which MicroPython would go through them.
static void print_entries(struct printer *printer, const struct map_view *map, enum part part)
{
    const struct objects *objects = printer->objects;
    uint64_t count = map->is_ordered ? map->used : map->alloc;
    size_t size = objects->obj;
    unsigned printed = 0;

    if (!print_fits(printer, map->table, map->alloc, 2 * size))
        return;
    for (uint64_t i = 0; i < count && printed < map->used; i++) {
        uint64_t at = map->table + 2 * i * size, key, value;

        if (!objects_uint(objects, at, size, &key) ||
            (is_entry(key) && !objects_uint(objects, at + size, size, &value))) {
            print_bad(printer, at, "unreadable");
            return;
        }
        if (!is_entry(key)) {
            if (!print_may_skip(printer))
                return;
            continue;
        }
        text_puts(printer->text, printed ? ", " : "");
        if (printed++ == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            return;
        }
        print_entry(printer, key, value, part);
    }
}

static void print_map(struct printer *printer, uint64_t owner, uint64_t map, enum part part,
                      const char *braces)
{
    struct map_view view;

    if (!map_read(printer->objects, map, &view)) {
        print_bad(printer, map, "unreadable");
        return;
    }
    if (!print_enter(printer, owner, "{...}"))
        return;
    text_putc(printer->text, braces[0]);
    print_entries(printer, &view, part);
    text_putc(printer->text, braces[1]);
    print_leave(printer);
}

static void print_dict(struct printer *printer, const struct object *object)
{
    print_map(printer, object->address, field_address(printer->objects, object, DICT_MAP),
              PART_ITEMS, "{}");
}

static const struct kind kind_dict = {
    .name = "dict",
    .letter = 'D',
    .meaning = "dict",
    .type_names = (const char *const[]){"dict", NULL},
    .fields = {{"map", FORM_MAP}},
    .print = print_dict,
};

static void print_ordered(struct printer *printer, const struct object *object)
{
    text_puts(printer->text, "OrderedDict(");
    print_dict(printer, object);
    text_putc(printer->text, ')');
}

static const struct kind kind_ordered = {
    .name = "OrderedDict",
    .letter = 'O',
    .meaning = "OrderedDict",
    .type_names = (const char *const[]){"OrderedDict", NULL},
    .fields = {{"map", FORM_MAP}},
    .print = print_ordered,
};

// --- views: py/objdict.c mp_obj_dict_view_t ---

enum { VIEW_DICT, VIEW_KIND };

static void print_view(struct printer *printer, const struct object *object)
{
    static const char *const names[] = {"dict_items(", "dict_keys(", "dict_values("};
    static const enum part parts[] = {PART_PAIRS, PART_KEYS, PART_VALUES};
    uint64_t dict_word, view;
    struct object dict;
    struct word word;

    if (!print_get(printer, object, VIEW_DICT, &dict_word) ||
        !objects_uint(printer->objects, field_address(printer->objects, object, VIEW_KIND), 4,
                      &view))
        return;
    word_decode(printer->objects->layout, dict_word, &word);
    if (view > 2 || word.kind != WORD_POINTER ||
        !objects_get(printer->objects, word.pointer, &dict) ||
        (dict.kind != &kind_dict && dict.kind != &kind_ordered)) {
        print_bad(printer, object->address, "view of no dict");
        return;
    }
    text_puts(printer->text, names[view]);
    print_map(printer, dict.address, field_address(printer->objects, &dict, DICT_MAP), parts[view],
              "[]");
    text_putc(printer->text, ')');
}

static const struct kind kind_view = {
    .name = "dict_view",
    .letter = 'y',
    .meaning = "view of a dict",
    .type_names = (const char *const[]){"dict_view", NULL},
    .fields = {{"dict", FORM_OBJ}, {"kind", FORM_SIZE}},
    .print = print_view,
};

// --- set: py/obj.h mp_set_t ---

enum { SET_ALLOC, SET_USED, SET_TABLE };

static const struct kind kind_set_table = {.name = "set table",
                                           .letter = 'u',
                                           .meaning = "table of a set",
                                           .is_block = true,
                                           .content = CONTENT_OBJECTS};

static void print_elements(struct printer *printer, const struct object *object, uint64_t alloc,
                           uint64_t table)
{
    const struct objects *objects = printer->objects;
    unsigned printed = 0;

    if (!print_fits(printer, table, alloc, objects->obj))
        return;
    for (uint64_t i = 0; i < alloc; i++) {
        uint64_t word;

        if (!objects_uint(objects, table + i * objects->obj, objects->obj, &word)) {
            print_bad(printer, table + i * objects->obj, "unreadable");
            return;
        }
        if (!is_entry(word)) {
            if (!print_may_skip(printer))
                return;
            continue;
        }
        text_puts(printer->text, printed ? ", " : "");
        if (printed++ == printer->limits.elements || print_is_full(printer)) {
            text_puts(printer->text, "...");
            return;
        }
        print_word(printer, word);
    }
    (void)object;
}

static void print_set_as(struct printer *printer, const struct object *object, const char *name,
                         bool is_frozen)
{
    uint64_t alloc, used, table;

    if (!print_get(printer, object, SET_ALLOC, &alloc) ||
        !print_get(printer, object, SET_USED, &used) ||
        !print_get(printer, object, SET_TABLE, &table))
        return;
    if (used == 0) {
        text_printf(printer->text, "%s()", name);
        return;
    }
    if (!print_enter(printer, object->address, "{...}"))
        return;
    text_puts(printer->text, is_frozen ? "frozenset({" : "{");
    print_elements(printer, object, alloc, table);
    text_puts(printer->text, is_frozen ? "})" : "}");
    print_leave(printer);
}

static void print_set(struct printer *printer, const struct object *object)
{
    print_set_as(printer, object, "set", false);
}

static void print_frozenset(struct printer *printer, const struct object *object)
{
    print_set_as(printer, object, "frozenset", true);
}

#define SET_FIELDS                                              \
    {                                                           \
        {"alloc", FORM_SIZE}, {"used", FORM_SIZE},              \
        {                                                       \
            "table", FORM_BLOCK, &kind_set_table, SET_ALLOC + 1 \
        }                                                       \
    }

static const struct kind kind_set = {
    .name = "set",
    .letter = 'E',
    .meaning = "set or frozenset",
    .type_names = (const char *const[]){"set", NULL},
    .fields = SET_FIELDS,
    .print = print_set,
};

static const struct kind kind_frozenset = {
    .name = "frozenset",
    .letter = 'E',
    .type_names = (const char *const[]){"frozenset", NULL},
    .fields = SET_FIELDS,
    .print = print_frozenset,
};

const struct kind *const mapping_family[] = {&kind_dict,      &kind_ordered, &kind_map_table,
                                             &kind_view,      &kind_set,     &kind_frozenset,
                                             &kind_set_table, NULL};
