// SPDX-License-Identifier: MIT
// What firmware.c and the RAM that generate.c writes for it agree on.
#ifndef BENCH_ROM_H
#define BENCH_ROM_H

// Interned strings, in the order of their ids. Those up to BUILTINS are names of builtin types,
// whose symbols are mp_type_ and the first word.
#define ROM_TYPES(X)                                                                          \
    X(type, "type")                                                                           \
    X(str, "str") X(bytearray, "bytearray") X(list, "list") X(dict, "dict") X(tuple, "tuple") \
        X(float, "float") X(fun_bc, "function") X(module, "module") X(closure, "closure")     \
            X(bound_meth, "bound_method")

#define ROM_WORDS(X)                                                                \
    X(name, "__name__")                                                             \
    X(main, "__main__") X(Point, "Point") X(Sensor, "Sensor") X(Reading, "Reading") \
        X(Queue, "Queue") X(x, "x") X(y, "y") X(value, "value") X(unit, "unit")     \
            X(update, "update") X(count, "count") X(items, "items") X(next, "next") \
                X(time, "time") X(limit, "limit") X(file, "main.py")

#define ROM_ID(word, text) ID_##word,
enum rom_id { ID_null, ROM_TYPES(ROM_ID) ID_BUILTINS, ROM_WORDS(ROM_ID) ID_COUNT };

enum { CLASS_FIRST = ID_Point, CLASSES = 4, KEY_FIRST = ID_x, KEYS = 10 };

// Words of mp_state_ctx.
enum {
    CTX_DICT_LOCALS = 3,
    CTX_DICT_GLOBALS = 4,
    CTX_LAST_POOL = 7,
    CTX_DICT_MAIN = 8,
    CTX_AREA = 12
};

// Words of an area.
enum {
    AREA_TABLE = 1,
    AREA_TABLE_BYTES = 2,
    AREA_FINALISERS = 3,
    AREA_POOL_START = 4,
    AREA_POOL_END = 5,
    AREA_LAST_USED = 7
};

#endif
