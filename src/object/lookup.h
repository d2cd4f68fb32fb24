// SPDX-License-Identifier: MIT
// Modules and their globals by name, as `import` and a module's code would find them.
// Works on objects that were only opened: no block needs a label.
#ifndef MPH_OBJECT_LOOKUP_H
#define MPH_OBJECT_LOOKUP_H

#include "object/objects.h"

struct module {
    uint64_t address; // of the module object; 0: only its globals are known
    uint64_t globals; // its dict
    uint64_t name;    // object word of the name it goes by
    bool is_on_heap;
    bool is_main;
};

// --- one dict, one module ---

// Whether an object word is the interned string `text`.
bool key_is(const struct objects *objects, uint64_t word, const char *text);

// The value of an interned key in a dict object. False when it has none, or when
// the dict cannot be read.
bool dict_find(const struct objects *objects, uint64_t dict, const char *key, uint64_t *ret_value);

// The dict that a module object has: the last of its members, after its name up to v1.8.4.
bool module_globals(const struct objects *objects, const struct object *module, uint64_t *ret);

// The `__name__` in a module's globals, a dict at an address. False when there is none.
bool module_name(const struct objects *objects, uint64_t globals, char name[QSTR_TEXT_MAX + 1]);

// The module object at an address, under its `__name__`. False when there is none.
bool module_read(const struct objects *objects, uint64_t address, struct module *ret);

// --- by name ---

// Calls `visit` for the modules that the interpreter's state leads to: the main
// module's globals, and what sys.modules holds, under the keys it has there
// (py/mpstate.h: dict_main and mp_loaded_modules_dict). The main module may be
// among both.
struct module_walk {
    void (*visit)(void *context, const struct module *module);
    void *context;
};
void modules_each(const struct objects *objects, const struct module_walk *walk);

// The module of a name: one of those; or one that the firmware's symbols list as
// built in; or one that a module of the state has among its globals; or any on the
// heap. The later it is found, the more it costs over a link.
int module_find(const struct objects *objects, const char *name, struct module *ret,
                struct mph_err *err);

// The object word of a global: "name" of the main module, or "module.name".
int global_find(const struct objects *objects, const char *name, uint64_t *ret,
                struct mph_err *err);

#endif
