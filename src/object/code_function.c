// SPDX-License-Identifier: MIT
// From a function object to its code; declared in code.h.
#include "base/bytes.h"
#include "object/code.h"
#include "target/devices.h"

// py/objfun.h mp_obj_fun_bc_t: base, globals, bytecode, constants; from v1.19 on
// base, context, children, bytecode.
static int read_function(const struct layout *layout, struct target *target, uint64_t function,
                         uint64_t words[3], struct mph_err *err)
{
    size_t word = layout->word_bytes;
    uint8_t bytes[3 * 8];
    int rc = target_read(target, function + word, bytes, 3 * word, err);

    for (size_t i = 0; rc == 0 && i < 3; i++)
        words[i] = bytes_get(bytes + i * word, word, layout->big_endian);
    return rc;
}

int code_read_function(const struct layout *layout, struct target *target, uint64_t function,
                       struct code *ret, struct mph_err *err)
{
    uint64_t words[3];
    int rc = read_function(layout, target, function, words, err);

    if (rc < 0)
        return rc;
    return code_form(layout) == PRELUDE_V2
               ? code_read(layout, target, words[2], words[0], 0, ret, err)
               : code_read(layout, target, words[1], 0, words[2], ret, err);
}

enum { CHILDREN_MAX = 0x1000 };

// py/objfun.h mp_obj_fun_native_get_prelude_ptr: the code begins with the index of
// the prelude among the children, where 0 means that the pointer to the children is
// the prelude's. Before v1.23 only generators have that word; others begin with
// instructions, which make no such small number.
static int find_native_prelude(const struct layout *layout, struct target *target,
                               uint64_t children, uint64_t machine_code, uint64_t *ret,
                               struct mph_err *err)
{
    uint64_t index;
    int rc;

    if (!machine_code || devices_contain(target, machine_code))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, machine_code, "code: no machine code at 0x%llx",
                           (unsigned long long)machine_code);
    rc = layout_read_word(layout, target, machine_code, &index, err);
    if (rc < 0)
        return rc;
    if (index > 0 && index < CHILDREN_MAX)
        return layout_read_word(layout, target, children + index * layout->word_bytes, ret, err);
    *ret = children;
    return 0;
}

int code_read_native(const struct layout *layout, struct target *target, uint64_t function,
                     struct code *ret, struct mph_err *err)
{
    uint64_t words[3], prelude;
    struct code code;

    if (code_form(layout) != PRELUDE_V2)
        return mph_fail_at(err, MPH_ERR_UNSUPPORTED, function,
                           "code: this firmware keeps no names of native functions");
    int rc = read_function(layout, target, function, words, err);
    if (rc == 0)
        rc = find_native_prelude(layout, target, words[1], words[2], &prelude, err);
    if (rc == 0)
        rc = code_read(layout, target, prelude, words[0], 0, &code, err);
    if (rc < 0)
        return rc;
    if (code.lines != code.lines_end || code.n_exc_stack)
        return mph_fail_at(err, MPH_ERR_BAD_DATA, prelude,
                           "code: no prelude of machine code at 0x%llx",
                           (unsigned long long)prelude);
    code.is_native = true;
    code.opcodes = code.lines = code.lines_end = code.line_base = 0;
    *ret = code;
    return 0;
}
