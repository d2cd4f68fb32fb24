// SPDX-License-Identifier: MIT
#include "object/lookup.h"

#include <string.h>

#include "object/roots.h"

// --- one dict, one module ---

bool key_is(const struct objects *objects, uint64_t word, const char *text)
{
    char found[QSTR_TEXT_MAX + 1];
    uint64_t id;

    return repr_qstr(objects->layout->repr, word, &id) &&
           qstr_text(&objects->layout->qstrs, objects->target, objects->word, id, found, NULL) ==
               0 &&
           !strcmp(found, text);
}

enum { MAP_ENTRIES_MAX = 1 << 16, KEYS_AT_ONCE = 256 };

// Declare the table, and the texts of its keys.
static void declare_map(const struct objects *objects, const struct map_view *map)
{
    uint64_t ids[KEYS_AT_ONCE], word;
    size_t count = 0;

    target_fetch(objects->target, &(struct range){map->table, 2 * map->alloc * objects->obj}, 1,
                 NULL);
    for (uint64_t i = 0; i < map->alloc && count < KEYS_AT_ONCE; i++)
        if (objects_uint(objects, map->table + 2 * i * objects->obj, objects->obj, &word) &&
            repr_qstr(objects->layout->repr, word, &ids[count]))
            count++;
    qstr_fetch(&objects->layout->qstrs, objects->target, objects->word, ids, count, NULL);
}

// The value of an interned key in the mp_map_t at an address.
static bool find_in_map(const struct objects *objects, uint64_t address, const char *key,
                        uint64_t *ret_value)
{
    struct map_view map;

    if (!map_read(objects, address, &map) || map.alloc > MAP_ENTRIES_MAX ||
        map.alloc > objects_room(objects, map.table) / (2 * objects->obj))
        return false;
    declare_map(objects, &map);
    for (uint64_t i = 0; i < map.alloc && *objects->lookups; i++, --*objects->lookups) {
        uint64_t at = map.table + 2 * i * objects->obj, word;

        if (!objects_uint(objects, at, objects->obj, &word))
            return false;
        if (key_is(objects, word, key))
            return objects_uint(objects, at + objects->obj, objects->obj, ret_value);
    }
    return false;
}

bool dict_find(const struct objects *objects, uint64_t dict, const char *key, uint64_t *ret_value)
{
    return find_in_map(objects, dict + objects->word, key, ret_value);
}

bool module_globals(const struct objects *objects, const struct object *module, uint64_t *ret)
{
    return field_get(objects, module, field_count(module->kind) - 1, ret);
}

bool module_name(const struct objects *objects, uint64_t globals, char name[QSTR_TEXT_MAX + 1])
{
    uint64_t value, id;

    return dict_find(objects, globals, "__name__", &value) &&
           repr_qstr(objects->layout->repr, value, &id) &&
           qstr_text(&objects->layout->qstrs, objects->target, objects->word, id, name, NULL) == 0;
}

// The module object at an address, under the name that is given.
static bool read_named(const struct objects *objects, uint64_t address, uint64_t name,
                       struct module *ret)
{
    struct object object;
    uint64_t globals;

    if (!objects_get(objects, address, &object) || strcmp(object.kind->name, "module") != 0 ||
        !module_globals(objects, &object, &globals))
        return false;
    *ret = (struct module){address, globals, name, object.bytes > 0,
                           key_is(objects, name, "__main__")};
    return true;
}

bool module_read(const struct objects *objects, uint64_t address, struct module *ret)
{
    struct module module;
    uint64_t name;

    if (!read_named(objects, address, 0, &module) ||
        !dict_find(objects, module.globals, "__name__", &name))
        return false;
    return read_named(objects, address, name, ret);
}

// --- what the state leads to ---

struct modules {
    const struct objects *objects;
    const struct module_walk *walk;
};

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

static void each_entry(const struct objects *objects, const struct object *dict, void *context,
                       void (*slot)(struct visitor *visitor, uint64_t at, uint64_t value,
                                    const struct step *step))
{
    struct visitor visitor = {objects, context, true, slot, ignore_block, NULL, 0};

    objects_visit(&visitor, dict);
}

// An entry's value, if it is a module.
static bool read_entry(const struct objects *objects, uint64_t value, const struct step *step,
                       struct module *ret)
{
    struct word word;

    word_decode(objects->layout, value, &word);
    return step->kind == STEP_KEY && word.kind == WORD_POINTER &&
           read_named(objects, word.pointer, step->key, ret);
}

static void visit_loaded(struct visitor *visitor, uint64_t at, uint64_t value,
                         const struct step *step)
{
    const struct modules *modules = visitor->context;
    struct module module;

    (void)at;
    if (read_entry(visitor->objects, value, step, &module))
        modules->walk->visit(modules->walk->context, &module);
}

// Dicts that lie in the state itself: dict_main has a name, sys.modules has none.
static void visit_state_dict(struct modules *modules, const struct object *dict)
{
    struct module module = {.globals = dict->address};

    if (dict_find(modules->objects, dict->address, "__name__", &module.name)) {
        module.is_main = key_is(modules->objects, module.name, "__main__");
        modules->walk->visit(modules->walk->context, &module);
    } else {
        each_entry(modules->objects, dict, modules, visit_loaded);
    }
}

void modules_each(const struct objects *objects, const struct module_walk *walk)
{
    struct modules modules = {objects, walk};
    uint64_t start, end;

    if (!roots_find_state(objects, &start, &end))
        return;
    for (uint64_t at = start; at + objects->word <= end; at += objects->word) {
        struct object object;

        if (objects_get(objects, at, &object) && !strcmp(object.kind->name, "dict"))
            visit_state_dict(&modules, &object);
    }
}

// --- by name ---

struct search {
    const struct objects *objects;
    const char *name;
    struct module found;
    bool is_found;
};

static void match(void *context, const struct module *module)
{
    struct search *search = context;

    if ((search->is_found && search->found.address) ||
        !key_is(search->objects, module->name, search->name))
        return;
    search->found = *module;
    search->is_found = true;
}

// py/objmodule.c: the tables of modules in ROM, whether imported or not.
static void match_builtin(struct search *search)
{
    static const char *const maps[] = {"mp_builtin_module_map", "mp_builtin_extensible_module_map"};
    const struct objects *objects = search->objects;

    for (size_t i = 0; objects->symbols && i < sizeof maps / sizeof *maps; i++) {
        const struct symbol *map = symbols_find(objects->symbols, maps[i]);
        struct module module;
        struct word word;
        uint64_t value;

        if (!map || !find_in_map(objects, map->address, search->name, &value))
            continue;
        word_decode(objects->layout, value, &word);
        if (word.kind == WORD_POINTER && module_read(objects, word.pointer, &module))
            match(search, &module);
    }
}

static void match_global(struct visitor *visitor, uint64_t at, uint64_t value,
                         const struct step *step)
{
    struct module module;

    (void)at;
    if (read_entry(visitor->objects, value, step, &module) &&
        module_read(visitor->objects, module.address, &module))
        match(visitor->context, &module);
}

static void match_imported(void *context, const struct module *module)
{
    struct search *search = context;
    struct object dict;

    if (module->globals && objects_get(search->objects, module->globals, &dict))
        each_entry(search->objects, &dict, search, match_global);
}

static int match_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct search *search = context;
    struct module module;

    (void)block, (void)bytes;
    if (module_read(search->objects, address, &module))
        match(search, &module);
    return search->is_found;
}

int module_find(const struct objects *objects, const char *name, struct module *ret,
                struct mph_err *err)
{
    struct search search = {.objects = objects, .name = name};

    modules_each(objects, &(struct module_walk){match, &search});
    if (!search.found.address)
        match_builtin(&search);
    if (!search.is_found)
        modules_each(objects, &(struct module_walk){match_imported, &search});
    if (!search.is_found)
        objects_each_head(objects, &(struct head_walk){match_head, &search});
    if (!search.is_found)
        return mph_fail(err, MPH_ERR_USAGE, "no module '%s'", name);
    *ret = search.found;
    return 0;
}

int global_find(const struct objects *objects, const char *name, uint64_t *ret, struct mph_err *err)
{
    const char *dot = strrchr(name, '.');
    char module_text[QSTR_TEXT_MAX + 1] = "__main__";
    const char *key = dot ? dot + 1 : name;
    struct module module;

    if (dot) {
        size_t length = (size_t)(dot - name);

        if (length >= sizeof module_text)
            return mph_fail(err, MPH_ERR_USAGE, "no module of such a long name");
        memcpy(module_text, name, length);
        module_text[length] = '\0';
    }
    int rc = module_find(objects, module_text, &module, err);
    if (rc < 0)
        return rc;
    return dict_find(objects, module.globals, key, ret)
               ? 0
               : mph_fail(err, MPH_ERR_USAGE, "module '%s': no global '%s'", module_text, key);
}
