// SPDX-License-Identifier: MIT
#include "report/interleave.h"

#include <stdlib.h>
#include <string.h>

// Where a Python frame goes: in the place of C frame `level`, or behind it. Levels count
// from the innermost; that of the number of C frames is outside of them all.
struct place_at {
    int level;
    bool is_folded;
};

struct merging {
    const struct trace *trace;
    const struct native_stack *native;
    struct place_at *places; // one a Python frame
    bool *is_taken;          // one a C frame: a Python frame stands for it
};

static int level_count(const struct merging *merging)
{
    return (int)merging->native->frames.len;
}

static const struct native_frame *level_at(const struct merging *merging, int level)
{
    return native_frame_at(merging->native, (size_t)level);
}

static const struct trace_frame *python_at(const struct merging *merging, size_t index)
{
    return vec_at(&merging->trace->frames, index);
}

// Compilers add suffixes to the names of parts of it.
static bool is_executor(const struct merging *merging, int level)
{
    static const char name[] = "mp_execute_bytecode";
    const char *function = level_at(merging, level)->function;

    return function && !strncmp(function, name, sizeof name - 1);
}

// --- by address ---

// The C frame whose part of the stack holds an address: from its stack pointer to that of
// its caller. Inlined functions have the pointer of what they are part of, and so no part.
static int owner_of(const struct merging *merging, uint64_t address)
{
    int count = level_count(merging);

    for (int i = 0; i < count; i++) {
        uint64_t start = level_at(merging, i)->sp;
        uint64_t end = i + 1 < count ? level_at(merging, i + 1)->sp : merging->trace->stack.end;

        if (start && address >= start && address < end)
            return i;
    }
    return address >= level_at(merging, 0)->sp ? count : NO_LEVEL;
}

// The function that executes Python code may be inlined into the owner of its locals.
static int executor_in(const struct merging *merging, int owner)
{
    uint64_t sp = level_at(merging, owner)->sp;

    for (int i = owner; i >= 0 && level_at(merging, i)->sp == sp; i--)
        if (is_executor(merging, i))
            return i;
    return NO_LEVEL;
}

// The outermost frame's part of the stack has no end that is known: where the unwinder went
// astray, what is not the frame's own is outside of it.
static struct place_at behind(const struct merging *merging, int owner)
{
    bool is_endless = owner == level_count(merging) - 1;

    return (struct place_at){is_endless ? level_count(merging) : owner, false};
}

// Only without an own C stack (MICROPY_STACKLESS) two frames have one executor, and one buffer.
static bool is_of_another(const struct merging *merging, int level, size_t index)
{
    if (!merging->is_taken[level] || index + 1 == merging->trace->frames.len)
        return false;
    return python_at(merging, index)->stack_address != python_at(merging, index + 1)->stack_address;
}

static void place_by_buffer(struct merging *merging, size_t index)
{
    int owner = owner_of(merging, python_at(merging, index)->stack_address);
    int executor =
        owner >= 0 && owner < level_count(merging) ? executor_in(merging, owner) : NO_LEVEL;

    if (executor == NO_LEVEL || is_of_another(merging, executor, index)) {
        merging->places[index] = behind(merging, owner);
        return;
    }
    merging->is_taken[executor] = true;
    merging->places[index] = (struct place_at){executor, true};
}

// fun_bc_call has a frame on the stack as a local, and calls who executes it. Others are led
// to by their executor, or by what that has called.
static void place_by_word(struct merging *merging, size_t index)
{
    const struct trace_frame *python = python_at(merging, index);
    int owner = owner_of(merging, python->stack_address), count = level_count(merging);
    int step = python->place == PLACE_STACK ? -1 : 1, level = owner;

    while (level >= 0 && level < count && !is_executor(merging, level))
        level += step;
    if (level < 0 || level >= count || merging->is_taken[level]) {
        merging->places[index] = behind(merging, owner);
        return;
    }
    merging->is_taken[level] = true;
    merging->places[index] = (struct place_at){level, true};
}

static void place_by_address(struct merging *merging)
{
    for (size_t i = merging->trace->frames.len; i > 0; i--) // the innermost has the first say
        if (python_at(merging, i - 1)->has_buffer)
            place_by_buffer(merging, i - 1);
    for (size_t i = 0; i < merging->trace->frames.len; i++)
        if (!python_at(merging, i)->has_buffer)
            place_by_word(merging, i);
}

// --- by order ---

static size_t count_executors(const struct merging *merging)
{
    size_t count = 0;

    for (int i = 0; i < level_count(merging); i++)
        count += is_executor(merging, i);
    return count;
}

// On a pystack nothing says where; as many executors as frames are theirs. False when there
// are more or less.
static bool place_by_order(struct merging *merging)
{
    size_t index = 0;
    bool is_even = count_executors(merging) == merging->trace->frames.len;

    for (int i = level_count(merging) - 1; is_even && i >= 0; i--)
        if (is_executor(merging, i))
            merging->places[index++] = (struct place_at){i, true};
    for (; index < merging->trace->frames.len; index++)
        merging->places[index] = (struct place_at){NO_LEVEL, false};
    return is_even;
}

// The Python frames' own order is certain: who would go against it follows the one before.
static void keep_order(struct merging *merging)
{
    for (size_t i = 1; i < merging->trace->frames.len; i++)
        if (merging->places[i].level > merging->places[i - 1].level)
            merging->places[i] = (struct place_at){merging->places[i - 1].level, false};
}

// --- the lines ---

static int add_line(struct interleaving *ret, const struct trace_frame *python, int level,
                    struct mph_err *err)
{
    struct interleaved *line = vec_add(&ret->lines);

    if (!line)
        return mph_fail_no_memory(err);
    *line = (struct interleaved){python, level};
    return 0;
}

// The lines of one level, or of what is outside or inside of all, from Python frame *next on.
static int add_level(const struct merging *merging, int level, size_t *next,
                     struct interleaving *ret, struct mph_err *err)
{
    size_t end = *next;
    bool is_folded = level == NO_LEVEL || level == level_count(merging);
    int rc = 0;

    while (end < merging->trace->frames.len && merging->places[end].level == level)
        is_folded |= merging->places[end++].is_folded;
    if (!is_folded)
        rc = add_line(ret, NULL, level, err);
    for (; rc == 0 && *next < end; ++*next)
        rc = add_line(ret, python_at(merging, *next),
                      merging->places[*next].is_folded ? level : NO_LEVEL, err);
    return rc;
}

static int add_lines(const struct merging *merging, struct interleaving *ret, struct mph_err *err)
{
    size_t next = 0;
    int rc = 0;

    for (int level = level_count(merging); rc == 0 && level >= NO_LEVEL; level--)
        rc = add_level(merging, level, &next, ret, err);
    return rc;
}

static int merge(struct merging *merging, struct interleaving *ret, struct mph_err *err)
{
    if (merging->trace->has_pystack) {
        ret->is_uncertain = !place_by_order(merging);
    } else {
        place_by_address(merging);
        keep_order(merging);
    }
    return add_lines(merging, ret, err);
}

int interleave(const struct trace *trace, const struct native_stack *native,
               struct interleaving *ret, struct mph_err *err)
{
    struct merging merging = {.trace = trace,
                              .native = native,
                              .places = calloc(trace->frames.len + 1, sizeof *merging.places),
                              .is_taken = calloc(native->frames.len + 1, sizeof *merging.is_taken)};
    struct interleaving made = {.lines = VEC_OF(struct interleaved)};
    int rc =
        merging.places && merging.is_taken ? merge(&merging, &made, err) : mph_fail_no_memory(err);

    free(merging.places);
    free(merging.is_taken);
    if (rc < 0)
        interleaving_deinit(&made);
    else
        *ret = made;
    return rc;
}

void interleaving_deinit(struct interleaving *interleaving)
{
    vec_deinit(&interleaving->lines);
}
