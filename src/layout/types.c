// SPDX-License-Identifier: MIT
#include "layout/types.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "layout/prelude.h"
#include "target/devices.h"

// The first slot index byte of v1.20 and later, behind base, flags and name; or the
// first fixed member.
static uint64_t slot_indices_of(const struct layout *layout, uint64_t type)
{
    return type + layout->word_bytes + 4;
}

static uint64_t fixed_members_of(const struct layout *layout, uint64_t type)
{
    return type + 2u * layout->word_bytes;
}

// The order of the fixed members up to v1.19: print, make_new, call, unary_op,
// binary_op, attr, subscr, getiter, iternext, buffer, protocol, parent, locals_dict.
enum { FIXED_GETITER = 7, FIXED_ITERNEXT = 8, FIXED_COUNT = 13 };

static const uint8_t fixed_order[SLOT_COUNT] = {
    [SLOT_PRINT] = 0,     [SLOT_MAKE_NEW] = 1,  [SLOT_CALL] = 2,    [SLOT_UNARY_OP] = 3,
    [SLOT_BINARY_OP] = 4, [SLOT_ATTR] = 5,      [SLOT_SUBSCR] = 6,  [SLOT_ITER] = 7,
    [SLOT_BUFFER] = 9,    [SLOT_PROTOCOL] = 10, [SLOT_PARENT] = 11, [SLOT_LOCALS_DICT] = 12,
};

// Slot indices number the slots that are there from 1 on, each once.
static bool are_slot_indices(const uint8_t bytes[SLOT_COUNT])
{
    unsigned seen = 0;
    int used = 0;

    for (int i = 0; i < SLOT_COUNT; i++) {
        if (bytes[i] > SLOT_COUNT || (bytes[i] && seen & 1u << bytes[i]))
            return false;
        seen |= 1u << bytes[i];
        used += bytes[i] != 0;
    }
    return used > 0 && seen >> (used + 1) == 0;
}

static bool is_named_type(struct target *target, const struct qstrs *qstrs, size_t word,
                          uint64_t address, size_t size)
{
    uint64_t id;
    char text[QSTR_TEXT_MAX + 1];

    return target_read_uint(target, address, size, &id, NULL) == 0 &&
           qstr_text(qstrs, target, word, id, text, NULL) == 0 && !strcmp(text, "type");
}

enum type_form type_form_of(struct target *target, const struct qstrs *qstrs, size_t word_bytes,
                            uint64_t metatype)
{
    uint8_t slots[SLOT_COUNT];

    if (is_named_type(target, qstrs, word_bytes, metatype + word_bytes, word_bytes))
        return TYPE_WORD_NAME;
    if (!is_named_type(target, qstrs, word_bytes, metatype + word_bytes + 2, 2) ||
        target_read(target, metatype + word_bytes + 4, slots, sizeof slots, NULL) < 0)
        return TYPE_FORM_UNKNOWN;
    return are_slot_indices(slots) ? TYPE_SLOTS : TYPE_HALF_NAME;
}

static int read_slots(const struct layout *layout, struct target *target, uint64_t type,
                      struct type_info *ret, struct mph_err *err)
{
    uint8_t slots[SLOT_COUNT];
    int rc = target_read(target, slot_indices_of(layout, type), slots, sizeof slots, err);

    for (int i = 0; rc == 0 && i < SLOT_COUNT; i++)
        ret->slots |= (uint16_t)((slots[i] != 0) << i);
    return rc;
}

static int read_fixed_members(const struct layout *layout, struct target *target, uint64_t type,
                              struct type_info *ret, struct mph_err *err)
{
    size_t word = layout->word_bytes;
    uint8_t bytes[FIXED_COUNT * 8];
    uint16_t members = 0;
    int rc = target_read(target, fixed_members_of(layout, type), bytes, FIXED_COUNT * word, err);

    if (rc < 0)
        return rc;
    for (int i = 0; i < FIXED_COUNT; i++)
        members |= (uint16_t)((bytes_get(bytes + i * word, word, layout->big_endian) != 0) << i);
    if (members >> FIXED_ITERNEXT & 1)
        members |= 1u << FIXED_GETITER;
    for (int i = 0; i < SLOT_COUNT; i++)
        ret->slots |= (uint16_t)((members >> fixed_order[i] & 1) << i);
    return 0;
}

bool type_slot_find(const struct layout *layout, struct target *target, uint64_t type,
                    enum type_slot slot, uint64_t *ret_address)
{
    size_t word = layout->word_bytes;
    uint64_t index;

    if (layout->type_form != TYPE_SLOTS) {
        *ret_address = fixed_members_of(layout, type) + fixed_order[slot] * word;
        return true;
    }
    if (target_read_uint(target, slot_indices_of(layout, type) + slot, 1, &index, NULL) < 0 ||
        index == 0 || index > SLOT_COUNT)
        return false;
    *ret_address = slot_indices_of(layout, type) + SLOT_COUNT + (index - 1) * word;
    return true;
}

const char *type_slot_name(enum type_slot slot)
{
    static const char *const names[SLOT_COUNT] = {"make_new",  "print",    "call",   "unary_op",
                                                  "binary_op", "attr",     "subscr", "iter",
                                                  "buffer",    "protocol", "parent", "locals_dict"};

    return names[slot];
}

int type_slot_read(const struct layout *layout, struct target *target, uint64_t type,
                   enum type_slot slot, uint64_t *ret, struct mph_err *err)
{
    uint64_t at;

    if (type_slot_find(layout, target, type, slot, &at))
        return layout_read_word(layout, target, at, ret, err);
    *ret = 0;
    return 0;
}

enum { TYPES_REACH = 1 << 20 };

bool type_may_be_at(const struct layout *layout, struct target *target, uint64_t word)
{
    uint64_t distance = word > layout->metatype ? word - layout->metatype : layout->metatype - word;

    return word && word % layout->word_bytes == 0 && distance < TYPES_REACH &&
           !devices_contain(target, word);
}

size_t type_header_bytes(const struct layout *layout)
{
    return layout->type_form == TYPE_SLOTS ? layout->word_bytes + 4u + SLOT_COUNT
                                           : (2u + FIXED_COUNT) * layout->word_bytes;
}

static int read_name_id(const struct layout *layout, struct target *target, uint64_t type,
                        uint64_t *ret, struct mph_err *err)
{
    size_t word = layout->word_bytes;
    bool is_word_name = layout->type_form == TYPE_WORD_NAME;

    return target_read_uint(target, type + word + (is_word_name ? 0 : 2), is_word_name ? word : 2,
                            ret, err);
}

int type_info_read(const struct layout *layout, struct target *target, uint64_t type,
                   struct type_info *ret, struct mph_err *err)
{
    uint64_t id;
    int rc = read_name_id(layout, target, type, &id, err);

    ret->slots = ret->flags = 0;
    if (rc == 0)
        rc = qstr_text(&layout->qstrs, target, layout->word_bytes, id, ret->name, err);
    if (rc == 0 && layout->type_form != TYPE_WORD_NAME) {
        uint64_t flags;

        rc = target_read_uint(target, type + layout->word_bytes, 2, &flags, err);
        if (rc == 0)
            ret->flags = (uint16_t)flags;
    }
    if (rc < 0)
        return rc;
    return layout->type_form == TYPE_SLOTS ? read_slots(layout, target, type, ret, err)
                                           : read_fixed_members(layout, target, type, ret, err);
}

// --- which builtin is it? ---

// py/objtuple.c and py/objattrtuple.c share the name "tuple"; only the real one
// can be called to make an instance.
static bool is_builtin(enum builtin builtin, const struct type_info *info)
{
    if (strcmp(info->name, builtin_name(builtin)))
        return false;
    if (builtin == BUILTIN_TUPLE)
        return type_has(info, SLOT_MAKE_NEW);
    return true;
}

// The bytecode pointer of a function object, in words: py/objfun.h
// mp_obj_fun_bc_t, moved by the module context of v1.19.
static unsigned bytecode_word(const struct layout *layout)
{
    return layout->qstrs.form == QSTR_EMBEDDED ? 2 : 3;
}

// The encodings of the prelude that a firmware of this era may use.
static bool has_prelude(const struct layout *layout, const uint8_t *bytes, size_t size)
{
    if (layout->qstrs.form != QSTR_EMBEDDED)
        return prelude_fits_v2(bytes, size);
    return prelude_fits_v0(bytes, size) ||
           (layout->type_form == TYPE_HALF_NAME && prelude_fits_v1(bytes, size));
}

enum { PRELUDE_BYTES = 256, PRELUDE_BYTES_MIN = 16 };

static bool is_bytecode_function(const struct layout *layout, struct target *target,
                                 uint64_t object)
{
    uint8_t bytes[PRELUDE_BYTES];
    size_t size = sizeof bytes;
    uint64_t code;

    if (layout_read_word(layout, target, object + bytecode_word(layout) * layout->word_bytes, &code,
                         NULL) < 0 ||
        devices_contain(target, code))
        return false;
    while (size >= PRELUDE_BYTES_MIN && target_read(target, code, bytes, size, NULL) < 0)
        size /= 2; // code near the end of memory
    return size >= PRELUDE_BYTES_MIN && has_prelude(layout, bytes, size);
}

// How much speaks for a type named "function" being that of bytecode functions,
// of which the other ones on the heap, native functions, differ in their code, which
// is a prelude only by accident. Where a build lets functions print their names, all
// of them but assembled and viper ones can (py/objfun.c FUN_BC_TYPE_PRINT).
static unsigned bytecode_score(const struct layout *layout, struct target *target,
                               const struct type_use *use, const struct type_info *info)
{
    unsigned fitting = 0;

    for (size_t i = 0; i < use->object_count; i++)
        fitting += is_bytecode_function(layout, target, use->objects[i]);
    if (fitting * 2 <= use->object_count)
        return 0;
    return (type_has(info, SLOT_PRINT) ? 1000u : 0) + fitting * 100 / (unsigned)use->object_count;
}

struct candidates {
    uint64_t function;
    unsigned function_score;
    uint64_t rival; // another type with the same score, 0: none
};

static void consider_function(const struct layout *layout, struct target *target,
                              const struct type_use *use, const struct type_info *info,
                              struct candidates *candidates)
{
    unsigned score = bytecode_score(layout, target, use, info);

    if (!score || score < candidates->function_score)
        return;
    candidates->rival = score == candidates->function_score ? candidates->function : 0;
    candidates->function = use->type;
    candidates->function_score = score;
}

static void assign(struct layout *layout, struct target *target, const struct type_use *use,
                   const struct type_info *info, struct candidates *candidates)
{
    for (enum builtin builtin = 0; builtin < BUILTIN_COUNT; builtin++) {
        if (!is_builtin(builtin, info))
            continue;
        if (builtin == BUILTIN_FUNCTION)
            consider_function(layout, target, use, info, candidates);
        else if (layout->builtins[builtin])
            notes_add(&layout->notes,
                      "types: uncertain which is %s: 0x%llx or 0x%llx (the first is used)",
                      info->name, (unsigned long long)layout->builtins[builtin],
                      (unsigned long long)use->type);
        else
            layout->builtins[builtin] = use->type;
    }
}

static void settle_function(struct layout *layout, const struct candidates *candidates)
{
    layout->builtins[BUILTIN_FUNCTION] = candidates->function;
    if (candidates->rival)
        notes_add(&layout->notes,
                  "types: uncertain which is function: 0x%llx or 0x%llx (the first is used)",
                  (unsigned long long)candidates->function, (unsigned long long)candidates->rival);
}

static bool is_type(const struct layout *layout, struct target *target, uint64_t type)
{
    uint64_t metatype;

    return layout_read_word(layout, target, type, &metatype, NULL) == 0 &&
           metatype == layout->metatype;
}

static int fetch_each(struct target *target, const uint64_t *types, size_t count, size_t bytes,
                      struct mph_err *err)
{
    struct range *ranges = calloc(count ? count : 1, sizeof *ranges);

    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct range){types[i], bytes};
    int rc = target_fetch(target, ranges, count, err);
    free(ranges);
    return rc;
}

static int fetch_names(const struct layout *layout, struct target *target, const uint64_t *types,
                       size_t count, struct mph_err *err)
{
    uint64_t *ids = calloc(count ? count : 1, sizeof *ids);
    size_t used = 0;

    if (!ids)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        used += read_name_id(layout, target, types[i], &ids[used], NULL) == 0;
    int rc = qstr_fetch(&layout->qstrs, target, layout->word_bytes, ids, used, err);
    free(ids);
    return rc;
}

int types_fetch(const struct layout *layout, struct target *target, uint64_t *words, size_t count,
                struct mph_err *err)
{
    size_t used = 0;
    int rc = fetch_each(target, words, count, layout->word_bytes, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (is_type(layout, target, words[i]))
            words[used++] = words[i];
    if (rc == 0)
        rc = fetch_each(target, words, used, type_header_bytes(layout), err);
    return rc < 0 ? rc : fetch_names(layout, target, words, used, err);
}

static int fetch_used(const struct layout *layout, struct target *target,
                      const struct type_use *uses, size_t count, struct mph_err *err)
{
    uint64_t *words = calloc(count ? count : 1, sizeof *words);

    if (!words)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        words[i] = uses[i].type;
    int rc = types_fetch(layout, target, words, count, err);
    free(words);
    return rc;
}

int builtins_by_name(struct layout *layout, struct target *target, const struct type_use *uses,
                     size_t count, bool (*is_on_heap)(const void *context, uint64_t address),
                     const void *context, struct mph_err *err)
{
    struct candidates candidates = {0};
    int rc = fetch_used(layout, target, uses, count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct type_info info;

        if (is_on_heap(context, uses[i].type) || !is_type(layout, target, uses[i].type) ||
            type_info_read(layout, target, uses[i].type, &info, NULL) < 0)
            continue;
        assign(layout, target, &uses[i], &info, &candidates);
    }
    settle_function(layout, &candidates);
    layout->builtins_by_name = rc == 0;
    return rc;
}
