// SPDX-License-Identifier: MIT
#include "object/frame.h"

#include <string.h>

#include "base/bytes.h"
#include "layout/types.h"
#include "object/word.h"
#include "target/devices.h"

// Words of mp_code_state_t in front of what the options add (py/bc.h).
enum {
    WORD_FUN = 0,
    WORD_IP = 1,
    WORD_SP = 2,
    WORD_EXC_SP = 3, // from v1.12 on two halves: n_state, and an index instead of a pointer
    WORD_OLD_GLOBALS = 4,
    FIXED_WORDS = 5,
    // up to v1.8.7 (no 05fe66f68a): code_info, ip, const_table, sp, exc_sp, old_globals
    OLD_CODE_INFO = 0,
    OLD_CONST_TABLE = 2,
    OLD_SP = 3,
    OLD_EXC_SP = 4,
    OLD_OLD_GLOBALS = 5,
    OLD_FIXED_WORDS = 6,
};

// MICROPY_STACKLESS adds one word (prev), MICROPY_PY_SYS_SETTRACE two (prev_state,
// frame), from v1.12 on.
enum { ADDED_WORDS_MAX = 3, WORDS_MAX = OLD_FIXED_WORDS + ADDED_WORDS_MAX };

enum { EXCEPTION_WORDS = 3 }; // py/bc.h mp_exc_stack_t: handler, val_sp, prev_exc

enum { NATIVE_MARK = 0xffff }; // MP_CODE_STATE_EXC_SP_IDX_SENTINEL

struct reading {
    const struct layout *layout;
    struct target *target;
    uint64_t words[WORDS_MAX];
    size_t word_count;  // fewer where memory ends behind the frame
    unsigned halves[2]; // n_state and exc_sp_idx
    struct frame frame;
};

static int fail(const struct reading *reading, const char *what, struct mph_err *err)
{
    uint64_t address = reading->frame.address;

    return mph_fail_at(err, MPH_ERR_BAD_DATA, address, "frame: %s at 0x%llx", what,
                       (unsigned long long)address);
}

static int read_words(struct reading *reading, struct mph_err *err)
{
    const struct layout *layout = reading->layout;
    size_t word = layout->word_bytes;
    uint8_t bytes[WORDS_MAX * 8];
    struct mph_err why = {0};
    size_t count = WORDS_MAX;
    int rc = target_read(reading->target, reading->frame.address, bytes, count * word, &why);

    if (rc == MPH_ERR_READ) {
        count = FIXED_WORDS;
        rc = target_read(reading->target, reading->frame.address, bytes, count * word, err);
    } else if (rc < 0) {
        return mph_fail_again(err, &why);
    }
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        reading->words[i] = bytes_get(bytes + i * word, word, layout->big_endian);
    for (size_t i = 0; i < 2; i++)
        reading->halves[i] =
            (unsigned)bytes_get(bytes + WORD_EXC_SP * word + 2 * i, 2, layout->big_endian);
    reading->word_count = count;
    return 0;
}

// --- where the states are ---

// The address of state[0] behind so many words; objects of 8 bytes are aligned.
static uint64_t state_behind(const struct reading *reading, size_t words)
{
    uint64_t mask = word_size(reading->layout) - 1;

    return (reading->frame.address + words * reading->layout->word_bytes + mask) & ~mask;
}

// From one below the states, an empty stack, to their end.
static bool holds_sp(const struct reading *reading, uint64_t state)
{
    uint64_t size = word_size(reading->layout), above = reading->frame.sp - (state - size);

    return reading->frame.sp >= state - size && above % size == 0 &&
           above / size <= reading->frame.n_state;
}

// Up to v1.11 exc_sp points to the topmost handler, one below the first when there is
// none; its lowest bit is a flag. That leaves one place for the states.
static bool holds_exc_sp(const struct reading *reading, uint64_t state, uint64_t exc_sp)
{
    uint64_t size = (uint64_t)EXCEPTION_WORDS * reading->layout->word_bytes;
    uint64_t first = state + reading->frame.n_state * word_size(reading->layout);
    uint64_t top = (exc_sp & ~3ull) + size;

    return top >= first && (top - first) % size == 0 &&
           (top - first) / size <= reading->frame.code.n_exc_stack;
}

static bool names_function(const struct reading *reading, uint64_t object)
{
    const struct layout *layout = reading->layout;
    struct target *target = reading->target;
    uint64_t type, metatype;
    struct type_info info;

    return object && object % layout->word_bytes == 0 && !devices_contain(target, object) &&
           layout_read_word(layout, target, object, &type, NULL) == 0 &&
           !devices_contain(target, type) &&
           layout_read_word(layout, target, type, &metatype, NULL) == 0 &&
           (!layout->metatype || metatype == layout->metatype) &&
           type_info_read(layout, target, type, &info, NULL) == 0 &&
           (!strcmp(info.name, "function") || !strcmp(info.name, "generator"));
}

// Whether a word leads to another frame: no object's first word leads to a function.
static bool leads_to_frame(const struct reading *reading, size_t index)
{
    uint64_t function;

    return index < reading->word_count && reading->words[index] &&
           reading->words[index] % reading->layout->word_bytes == 0 &&
           !devices_contain(reading->target, reading->words[index]) &&
           layout_read_word(reading->layout, reading->target, reading->words[index], &function,
                            NULL) == 0 &&
           names_function(reading, function);
}

// py/profile.h mp_obj_frame_t: an object whose next word leads back to this frame.
static bool leads_back(const struct reading *reading, size_t index)
{
    uint64_t frame;

    return index < reading->word_count && reading->words[index] &&
           reading->words[index] % reading->layout->word_bytes == 0 &&
           !devices_contain(reading->target, reading->words[index]) &&
           layout_read_word(reading->layout, reading->target,
                            reading->words[index] + reading->layout->word_bytes, &frame,
                            NULL) == 0 &&
           frame == reading->frame.address;
}

// Before the first opcode nothing can be on the value stack.
static bool fits(const struct reading *reading, uint64_t state)
{
    const struct frame *frame = &reading->frame;
    bool is_at_start = !frame->code.is_native && frame->ip == frame->code.opcodes;

    return holds_sp(reading, state) &&
           (!is_at_start || frame->sp == state - word_size(reading->layout));
}

// How many words the options add: what the words themselves show, else none, else
// the fewest with which the stack pointer is right.
static bool find_state(const struct reading *reading, uint64_t *ret)
{
    bool is_shown[ADDED_WORDS_MAX + 1] = {
        [1] = leads_to_frame(reading, FIXED_WORDS),
        [2] = leads_back(reading, FIXED_WORDS + 1),
        [3] = leads_back(reading, FIXED_WORDS + 2),
    };

    for (size_t added = ADDED_WORDS_MAX; added > 0; added--) {
        *ret = state_behind(reading, FIXED_WORDS + added);
        if (is_shown[added] && fits(reading, *ret))
            return true;
    }
    for (size_t added = 0; added <= ADDED_WORDS_MAX; added++) {
        *ret = state_behind(reading, FIXED_WORDS + added);
        if (fits(reading, *ret))
            return true;
    }
    return false;
}

static void set_state(struct reading *reading, uint64_t state)
{
    struct frame *frame = &reading->frame;

    frame->state = state;
    frame->end = state + frame->n_state * word_size(reading->layout) +
                 (uint64_t)frame->code.n_exc_stack * EXCEPTION_WORDS * reading->layout->word_bytes;
}

// Jumps reach 16 bits far; nothing else bounds a function's code from here.
enum { OPCODES_MAX = 0x100000 };

static int check_ip(const struct reading *reading, struct mph_err *err)
{
    const struct frame *frame = &reading->frame;

    if (frame->code.is_native || (!frame->ip && frame->code.is_generator))
        return 0;
    if (frame->ip < frame->code.opcodes || frame->ip - frame->code.opcodes >= OPCODES_MAX)
        return fail(reading, "an instruction pointer outside the code", err);
    return 0;
}

// --- the eras ---

static void set_words(struct reading *reading)
{
    struct frame *frame = &reading->frame;

    frame->fun = reading->words[WORD_FUN];
    frame->ip = reading->words[WORD_IP];
    frame->sp = reading->words[WORD_SP];
    frame->old_globals = reading->words[WORD_OLD_GLOBALS];
}

// Whether the stack pointer may be right, before anything else is read: stacks are
// full of words that begin no frame.
static bool may_hold_sp(const struct reading *reading)
{
    for (size_t added = 0; added <= ADDED_WORDS_MAX; added++)
        if (holds_sp(reading, state_behind(reading, FIXED_WORDS + added)))
            return true;
    return false;
}

// v1.12 and later.
static int read_counted(struct reading *reading, struct mph_err *err)
{
    struct frame *frame = &reading->frame;
    bool is_native = reading->halves[1] == NATIVE_MARK;
    uint64_t state;

    set_words(reading);
    frame->n_state = reading->halves[0];
    if (!frame->n_state || !may_hold_sp(reading))
        return fail(reading, "a stack pointer outside the states", err);
    if (!names_function(reading, frame->fun))
        return fail(reading, "no function", err);
    int rc = (is_native ? code_read_native : code_read_function)(reading->layout, reading->target,
                                                                 frame->fun, &frame->code, err);
    if (rc < 0)
        return rc;
    if (frame->code.n_state != frame->n_state)
        return fail(reading, "another number of states than the function's", err);
    if (!is_native && reading->halves[1] > frame->code.n_exc_stack)
        return fail(reading, "more handlers than the function's", err);
    if (!find_state(reading, &state))
        return fail(reading, "a stack pointer outside the states", err);
    set_state(reading, state);
    return check_ip(reading, err);
}

// v1.9 to v1.11: the function alone knows how many states there are.
static int read_plain(struct reading *reading, struct mph_err *err)
{
    struct frame *frame = &reading->frame;

    set_words(reading);
    if (!names_function(reading, frame->fun))
        return fail(reading, "no function", err);
    int rc = code_read_function(reading->layout, reading->target, frame->fun, &frame->code, err);
    if (rc < 0)
        return rc;
    frame->n_state = frame->code.n_state;
    for (size_t added = 0; added <= 1; added++) {
        uint64_t state = state_behind(reading, FIXED_WORDS + added);

        if (!holds_sp(reading, state) || !holds_exc_sp(reading, state, reading->words[WORD_EXC_SP]))
            continue;
        set_state(reading, state);
        return check_ip(reading, err);
    }
    return fail(reading, "stack pointers outside the states", err);
}

// code_info is behind two numbers and four bytes of the prelude; see prelude.h.
static int read_code_before(struct reading *reading, uint64_t code_info, uint64_t const_table,
                            struct mph_err *err)
{
    for (unsigned bytes = 6; bytes <= 10 && bytes < code_info; bytes++) {
        struct code *code = &reading->frame.code;

        if (code_read(reading->layout, reading->target, code_info - bytes, 0, const_table, code,
                      NULL) == 0 &&
            bytes == 6u + (code->n_state >= 1 << 7) + (code->n_state >= 1 << 14) +
                         (code->n_exc_stack >= 1 << 7))
            return 0;
    }
    return fail(reading, "no prelude", err);
}

// Up to v1.8.7: no function, and n_state is the last word before the states.
static int read_oldest(struct reading *reading, struct mph_err *err)
{
    struct frame *frame = &reading->frame;
    const uint64_t *words = reading->words;

    frame->fun = 0;
    frame->ip = words[WORD_IP];
    frame->sp = words[OLD_SP];
    frame->old_globals = words[OLD_OLD_GLOBALS];
    int rc = read_code_before(reading, words[OLD_CODE_INFO], words[OLD_CONST_TABLE], err);
    if (rc < 0)
        return rc;
    frame->n_state = frame->code.n_state;
    for (size_t added = 0; added <= 1; added++) {
        size_t count = OLD_FIXED_WORDS + added;
        uint64_t state = state_behind(reading, count + 1);

        if (count >= reading->word_count || words[count] != frame->n_state ||
            !holds_sp(reading, state) || !holds_exc_sp(reading, state, words[OLD_EXC_SP]))
            continue;
        set_state(reading, state);
        return check_ip(reading, err);
    }
    return fail(reading, "stack pointers outside the states", err);
}

// Up to v1.11, where the version is not known, the older form is tried last.
static int read_any_plain(struct reading *reading, struct mph_err *err)
{
    int version = reading->layout->version_number;
    struct mph_err why = {0};

    if (version && version < 10900)
        return read_oldest(reading, err);
    int rc = read_plain(reading, &why);
    if (rc == MPH_ERR_BAD_DATA && !version && reading->layout->type_form == TYPE_WORD_NAME &&
        read_oldest(reading, NULL) == 0)
        return 0;
    return rc < 0 ? mph_fail_again(err, &why) : 0;
}

int frame_read(const struct layout *layout, struct target *target, uint64_t address,
               struct frame *ret, struct mph_err *err)
{
    struct reading reading = {.layout = layout, .target = target, .frame = {.address = address}};
    enum prelude_form form = code_form(layout);
    struct mph_err why = {0};

    if (!address || address % layout->word_bytes || devices_contain(target, address))
        return fail(&reading, "no frame", err);
    int rc = read_words(&reading, err);
    if (rc < 0)
        return rc;
    rc = form == PRELUDE_V0 ? read_any_plain(&reading, &why) : read_counted(&reading, &why);
    if (rc == MPH_ERR_BAD_DATA && form == PRELUDE_UNKNOWN && read_any_plain(&reading, NULL) == 0)
        rc = 0;
    if (rc < 0)
        return mph_fail_again(err, &why);
    *ret = reading.frame;
    return 0;
}
