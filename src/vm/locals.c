// SPDX-License-Identifier: MIT
#include "vm/locals.h"

#include "object/bytecode.h"

unsigned locals_count(const struct objects *objects, const struct frame *frame, bool *ret_certain)
{
    const struct code *code = &frame->code;
    unsigned arguments = code->arg_count + code->has_varargs + code->has_varkeywords, used;

    *ret_certain = true;
    if (arguments > frame->n_state)
        return 0;
    if (bytecode_count_locals(objects->layout, objects->target, code, frame->ip, frame->n_state,
                              &used))
        return used > arguments ? used : arguments;
    *ret_certain = false;
    return arguments;
}
