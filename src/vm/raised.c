// SPDX-License-Identifier: MIT
#include "vm/raised.h"

#include "object/exception.h"

struct search {
    const struct objects *objects;
    struct vec *list; // of struct raised
    bool is_out_of_memory;
};

static void add(struct search *search, const struct raised *raised)
{
    struct vec *list = search->list;

    for (size_t i = 0; i < list->len; i++)
        if (raised_at(list, i)->object == raised->object)
            return;
    if (list->len == RAISED_MAX)
        return;
    struct raised *slot = vec_add(list);
    if (slot)
        *slot = *raised;
    else
        search->is_out_of_memory = true;
}

static void try_word(struct search *search, uint64_t bits, struct raised raised)
{
    struct object object;
    struct word word;

    word_decode(search->objects->layout, bits, &word);
    raised.object = word.pointer;
    if (word.kind == WORD_POINTER && objects_get(search->objects, word.pointer, &object) &&
        object.kind == &kind_exception)
        add(search, &raised);
}

// States and the exception stack, whose entries keep what a handler would raise again.
static void search_frame(struct search *search, const struct trace *trace, size_t index)
{
    const struct objects *objects = search->objects;
    const struct trace_frame *at = vec_at(&trace->frames, index);
    uint64_t bits;

    if (at->doubt)
        return;
    for (uint64_t slot = at->frame.state; slot + objects->obj <= at->frame.end;
         slot += objects->obj)
        if (objects_uint(objects, slot, objects->obj, &bits))
            try_word(search, bits, (struct raised){0, RAISED_IN_FRAME, slot, index});
}

static void search_buffers(struct search *search, const struct stack *stack)
{
    uint64_t word;

    for (size_t i = 0; i < stack->buffers.len; i++) {
        uint64_t at = stack_buffer(stack, i) + search->objects->word;

        if (stack_word(search->objects, stack, at, &word))
            try_word(search, word, (struct raised){0, RAISED_IN_BUFFER, at, 0});
    }
}

static void search_stack(struct search *search, const struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        try_word(search, stack->words[i],
                 (struct raised){0, RAISED_ON_STACK, stack->start + i * search->objects->word, 0});
}

// py/mpstate.h: the first member behind last_pool, or the second, where allocations are
// tracked. Unused, it has no type.
static void search_emergency(struct search *search)
{
    const struct objects *objects = search->objects;
    const struct member_at *pool = &objects->layout->members[MEMBER_LAST_POOL];
    struct object object;

    for (unsigned i = 1; pool->how && i <= 2; i++) {
        uint64_t at = objects->layout->ctx + (uint64_t)pool->offset + i * objects->word;

        if (objects_get(objects, at, &object) && object.kind == &kind_exception) {
            add(search, &(struct raised){at, RAISED_EMERGENCY, at, 0});
            return;
        }
    }
}

int raised_find(const struct objects *objects, const struct trace *trace, struct vec *ret,
                struct mph_err *err)
{
    struct vec list = VEC_OF(struct raised);
    struct search search = {objects, &list, false};

    for (size_t i = trace ? trace->frames.len : 0; i-- > 0;)
        search_frame(&search, trace, i);
    if (trace) {
        search_buffers(&search, &trace->stack);
        search_stack(&search, &trace->stack);
    }
    search_emergency(&search);
    if (search.is_out_of_memory) {
        vec_deinit(&list);
        return mph_fail_no_memory(err);
    }
    *ret = list;
    return 0;
}
