// SPDX-License-Identifier: MIT
// What the families of functions and generators share: py/objfun.h mp_obj_fun_bc_t,
// before and after the module context of v1.19 (f2040bfc7e).
#ifndef MPH_OBJECT_FUNCTION_H
#define MPH_OBJECT_FUNCTION_H

#include "object/value.h"

#define NEW_FUNCTION_FIELDS                                                        \
    {                                                                              \
        {"context", FORM_POINTER}, {"child_table", FORM_BLOCK, &kind_child_table}, \
            {"bytecode", FORM_BLOCK, &kind_bytecode},                              \
        {                                                                          \
            "extra_args", FORM_REST                                                \
        }                                                                          \
    }

#define OLD_FUNCTION_FIELDS                                              \
    {                                                                    \
        {"globals", FORM_REF}, {"bytecode", FORM_BLOCK, &kind_bytecode}, \
            {"const_table", FORM_BLOCK, &kind_constant_table},           \
        {                                                                \
            "extra_args", FORM_REST                                      \
        }                                                                \
    }

// The context of a function, when nobody sees it as an object.
void visit_context(struct visitor *visitor, const struct object *object);

// What a function was made from, in builds that keep it.
void visit_made_from(struct visitor *visitor, const struct object *object);

// <what NAME at 0xADDRESS>: the name of a function, and the address of the object that calls it.
void print_callable(struct printer *printer, const struct object *object,
                    const struct object *function, const char *what);

// Whether a block has the shape of raw code of a bytecode function.
bool is_raw_code_block(const struct objects *objects, uint64_t address, uint64_t bytes);

bool has_contexts(const struct objects *objects, const struct object *object);

// Where the machine code of a native, viper or asm function begins, as its object says it.
// False for other objects.
bool function_machine_code(const struct objects *objects, const struct object *object,
                           uint64_t *ret);

#endif
