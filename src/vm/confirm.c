// SPDX-License-Identifier: MIT
#include "vm/confirm.h"

#include <stdlib.h>

struct matching {
    const struct objects *objects;
    const struct stack *stack;
    struct vec *candidates; // of struct candidate, by address of their frames
};

static int by_address(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    return a->frame.address < b->frame.address ? -1 : a->frame.address > b->frame.address;
}

static struct candidate *find_candidate(const struct matching *matching, uint64_t address)
{
    struct candidate key = {.frame.address = address};

    return matching->candidates->len ? bsearch(&key, matching->candidates->data,
                                               matching->candidates->len, sizeof key, by_address)
                                     : NULL;
}

// --- exception buffers ---

// How far from a buffer the C frame of mp_execute_bytecode may hold the address of the
// Python frame, in words. The saved registers begin two words into the buffer; there are
// at most 17 (Xtensa with windows).
enum { NEAREST = -64, FARTHEST = 96, REGISTERS = 2, REGISTERS_END = REGISTERS + 17 };

// Where the buffer that was pushed before this one is, or the stack ends.
static uint64_t outer_buffer(const struct stack *stack, size_t index)
{
    return index + 1 < stack->buffers.len ? stack_buffer(stack, index + 1) : stack->end;
}

static uint64_t inner_buffer(const struct stack *stack, size_t index)
{
    return index > 0 ? stack_buffer(stack, index - 1) : stack->start;
}

// Between a frame on the C stack and its buffer nobody pushes another one.
static bool may_have(const struct stack *stack, const struct candidate *candidate, size_t index)
{
    return !candidate->buffer && (candidate->place != PLACE_STACK ||
                                  (candidate->frame.address > stack_buffer(stack, index) &&
                                   candidate->frame.address < outer_buffer(stack, index)));
}

// The candidate whose address is so many words from a buffer.
static struct candidate *candidate_by_buffer(const struct matching *matching, size_t index,
                                             int words)
{
    const struct stack *stack = matching->stack;
    uint64_t at = stack_buffer(stack, index) + (uint64_t)(words * (int64_t)matching->objects->word);
    uint64_t address;

    if (at >= outer_buffer(stack, index) || (words < 0 && at < inner_buffer(stack, index)) ||
        !stack_word(matching->objects, stack, at, &address))
        return NULL;
    struct candidate *candidate = find_candidate(matching, address);
    return candidate && may_have(stack, candidate, index) ? candidate : NULL;
}

struct match {
    int words;
    size_t count;
};

// One compiled function holds it at one place: the place that serves most buffers.
static struct match find_match(const struct matching *matching, const bool *is_taken, int first,
                               int end)
{
    struct match best = {0};

    for (int words = first; words < end; words++) {
        size_t count = 0;

        for (size_t i = 0; i < matching->stack->buffers.len; i++)
            count += !is_taken[i] && candidate_by_buffer(matching, i, words);
        if (count > best.count)
            best = (struct match){words, count};
    }
    return best;
}

static size_t take(const struct matching *matching, bool *is_taken, const struct match *match)
{
    size_t count = 0;

    for (size_t i = 0; i < matching->stack->buffers.len; i++) {
        struct candidate *candidate =
            is_taken[i] ? NULL : candidate_by_buffer(matching, i, match->words);

        if (!candidate)
            continue;
        candidate->buffer = i + 1;
        is_taken[i] = true;
        count++;
    }
    return count;
}

// A compiler may make more than one function of mp_execute_bytecode, with places of their
// own. From the second one on only saved registers are believed.
enum { FUNCTIONS_MAX = 4 };

static struct match best_match(const struct matching *matching, const bool *is_taken, bool is_first)
{
    struct match match = find_match(matching, is_taken, REGISTERS, REGISTERS_END);

    if (is_first) {
        struct match wider = find_match(matching, is_taken, NEAREST, FARTHEST);

        if (wider.count > match.count)
            return wider;
    }
    return match;
}

int candidates_confirm(const struct objects *objects, const struct stack *stack,
                       struct vec *candidates, size_t *ret_count, struct mph_err *err)
{
    struct matching matching = {objects, stack, candidates};
    bool *is_taken = calloc(stack->buffers.len + 1, sizeof *is_taken);
    size_t count = 0;

    if (!is_taken)
        return mph_fail_no_memory(err);
    if (candidates->len)
        qsort(candidates->data, candidates->len, sizeof(struct candidate), by_address);
    for (int i = 0; i < FUNCTIONS_MAX; i++) {
        struct match match = best_match(&matching, is_taken, i == 0);

        if (!match.count)
            break;
        count += take(&matching, is_taken, &match);
    }
    free(is_taken);
    *ret_count = count;
    return 0;
}
