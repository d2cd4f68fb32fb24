// SPDX-License-Identifier: MIT
#include "vm/stack.h"

#include <stdlib.h>

enum { STACK_BYTES_MAX = 1 << 20, BUFFERS_MAX = 8192 };
enum { MARGIN_WORDS = 64, END_WORDS = 256 }; // of the C frames around a buffer

// --- where it is ---

static bool is_below(const struct objects *objects, uint64_t address, uint64_t top)
{
    return address % objects->word == 0 && address < top && top - address <= STACK_BYTES_MAX;
}

// A Cortex-M has a stack of its own for interrupts, or not: the pointer that is nearest
// below stack_top is that of Python's.
static bool find_pointer(const struct objects *objects, uint64_t top, uint64_t *ret)
{
    static const char *const others[] = {"psp", "msp"};
    const struct regs *regs = &objects->target->regs;
    uint64_t pointer;
    bool is_found = regs_sp(regs, ret) && is_below(objects, *ret, top);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (regs_get(regs, others[i], &pointer) && is_below(objects, pointer, top) &&
            (!is_found || pointer > *ret)) {
            *ret = pointer;
            is_found = true;
        }
    return is_found;
}

// py/mpstate.h: nlr_top follows dict_locals and dict_globals in all releases.
static bool find_innermost(const struct objects *objects, uint64_t *ret)
{
    const struct layout *layout = objects->layout;
    const struct member_at *locals = &layout->members[MEMBER_DICT_LOCALS];

    return locals->how &&
           objects_word(objects, layout->ctx + (uint64_t)locals->offset + 2 * objects->word, ret);
}

// Without stack_top: some way behind the outermost buffer, below which the main module's
// frame lies.
static uint64_t end_by_buffers(const struct objects *objects, uint64_t innermost)
{
    uint64_t at = innermost, outer;

    for (int i = 0; i < BUFFERS_MAX && at % objects->word == 0; i++) {
        if (!objects_word(objects, at, &outer) || outer <= at || outer - at > STACK_BYTES_MAX)
            break;
        at = outer;
    }
    return at + END_WORDS * objects->word;
}

static void find_place(const struct objects *objects, struct stack *stack)
{
    uint64_t top = 0, sp = 0, innermost = 0;
    bool has_chain = find_innermost(objects, &innermost) && innermost;

    if (!layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &top) || !top)
        top = has_chain ? end_by_buffers(objects, innermost) : 0;
    has_chain = has_chain && is_below(objects, innermost, top);
    stack->has_sp = find_pointer(objects, top, &sp) && !(has_chain && innermost < sp);
    stack->is_elsewhere = top && !stack->has_sp && regs_sp(&objects->target->regs, &sp);
    if (stack->has_sp)
        stack->start = sp;
    else if (has_chain)
        stack->start = innermost - MARGIN_WORDS * objects->word;
    stack->end = stack->start ? top / objects->word * objects->word : 0;
}

// --- reading ---

static int read_words(const struct objects *objects, struct stack *stack, struct mph_err *err)
{
    uint64_t bytes = stack->end - stack->start;

    stack->count = (size_t)(bytes / objects->word);
    stack->words = calloc(stack->count + 1, sizeof *stack->words);
    if (!stack->words)
        return mph_fail_no_memory(err);
    int rc = target_fetch(objects->target, &(struct range){stack->start, bytes}, 1, err);
    for (size_t i = 0; rc == 0 && i < stack->count; i++)
        objects_word(objects, stack->start + i * objects->word, &stack->words[i]);
    return rc;
}

// They lie ever further up the stack; the outermost one's `prev` is null. Those of main()
// may lie above stack_top, which is the address of one of its locals.
enum { ABOVE_TOP_MAX = 4096 };

static bool is_above_top(const struct stack *stack, uint64_t address)
{
    return address >= stack->end && address - stack->end < ABOVE_TOP_MAX;
}

static int read_buffers(const struct objects *objects, uint64_t innermost, struct stack *stack,
                        struct mph_err *err)
{
    uint64_t at = innermost, previous = 0;

    while (stack->count && at && !is_above_top(stack, at) && stack->buffers.len < BUFFERS_MAX) {
        uint64_t outer;

        if (at <= previous || at % objects->word || !stack_word(objects, stack, at, &outer)) {
            stack->is_chain_cut = true;
            return 0;
        }
        uint64_t *slot = vec_add(&stack->buffers);
        if (!slot)
            return mph_fail_no_memory(err);
        *slot = previous = at;
        at = outer;
    }
    return 0;
}

static int read_stack(const struct objects *objects, uint64_t innermost, struct stack *stack,
                      struct mph_err *err)
{
    int rc = read_words(objects, stack, err);

    if (rc == 0)
        rc = read_buffers(objects, innermost, stack, err);
    if (rc < 0)
        stack_deinit(stack);
    return rc;
}

int stack_load(const struct objects *objects, struct stack *ret, struct mph_err *err)
{
    uint64_t innermost;

    *ret = (struct stack){.buffers = VEC_OF(uint64_t)};
    find_place(objects, ret);
    return read_stack(objects, find_innermost(objects, &innermost) ? innermost : 0, ret, err);
}

int stack_load_bounds(const struct objects *objects, const struct stack_bounds *bounds,
                      struct stack *ret, struct mph_err *err)
{
    *ret = (struct stack){.start = bounds->sp,
                          .end = bounds->end / objects->word * objects->word,
                          .buffers = VEC_OF(uint64_t),
                          .has_sp = true};
    return read_stack(objects, bounds->innermost, ret, err);
}

void stack_deinit(struct stack *stack)
{
    free(stack->words);
    vec_deinit(&stack->buffers);
    *stack = (struct stack){0};
}

bool stack_word(const struct objects *objects, const struct stack *stack, uint64_t address,
                uint64_t *ret)
{
    uint64_t index = (address - stack->start) / objects->word;

    if (address < stack->start || index >= stack->count)
        return false;
    *ret = stack->words[index];
    return true;
}
