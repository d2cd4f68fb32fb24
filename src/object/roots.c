// SPDX-License-Identifier: MIT
// What the interpreter's own structures and the C stack hold.
#include "object/roots.h"

#include <string.h>

#include "base/bytes.h"
#include "object/frame.h"
#include "object/labels.h"
#include "object/lookup.h"

// --- interned strings ---

static const struct qstr_pool *pool_at(const struct objects *objects, size_t index)
{
    return &objects->layout->qstrs.pools[index];
}

// A chunk is a head because the pool's entry for its first string points at it.
static void label_chunks(struct objects *objects, const struct qstr_pool *pool, uint32_t owner)
{
    for (uint64_t i = 0; i < pool->count; i++) {
        struct qstr_entry entry;

        if (qstr_entry_read(&objects->layout->qstrs, objects->target, objects->word, pool, i,
                            &entry, NULL) == 0)
            label_block(objects, owner, &kind_qstr_chunk, entry.start, 1);
    }
}

// The newest pools are on the heap, the others in ROM.
static size_t pools_on_heap(const struct objects *objects)
{
    size_t count = 0;
    uint64_t block;

    while (count < objects->layout->qstrs.pool_count &&
           objects_head_at(objects, pool_at(objects, count)->address, &block))
        count++;
    return count;
}

void label_qstrs(struct objects *objects)
{
    const struct qstrs *qstrs = &objects->layout->qstrs;
    uint32_t state = BLOCK_NOBODY;
    uint64_t block;

    qstr_fetch_pools(qstrs, objects->target, objects->word, pools_on_heap(objects), NULL);
    for (size_t i = 0; i < qstrs->pool_count; i++) {
        const struct qstr_pool *pool = pool_at(objects, i);

        if (!objects_head_at(objects, pool->address, &block))
            continue;
        if (state == BLOCK_NOBODY)
            state = outside_add(objects, qstrs->holder, "last_pool");
        label_block(objects, state, &kind_qstr_pool, pool->address, 4 * objects->word);
        label_chunks(objects, pool, (uint32_t)block);
    }
}

// --- mp_state_ctx ---

bool roots_find_state(const struct objects *objects, uint64_t *start, uint64_t *end)
{
    const struct layout *layout = objects->layout;
    const struct member_at *locals = &layout->members[MEMBER_DICT_LOCALS];

    *end = layout->area;
    if (layout->ctx_how != HOW_UNKNOWN && layout->ctx < layout->area)
        *start = layout->ctx + (locals->how ? (uint64_t)locals->offset : 0);
    else if (layout->qstrs.holder && layout->qstrs.holder < layout->area)
        *start = layout->qstrs.holder;
    else
        return false;
    return *end - *start < 1 << 16;
}

static uint32_t add_in_state(struct objects *objects, const struct object *object)
{
    uint64_t at = object->address, name;

    if (!strcmp(object->kind->name, "dict") && dict_find(objects, at, "__name__", &name) &&
        key_is(objects, name, "__main__"))
        return outside_add(objects, at, "globals of __main__");
    return outside_add(objects, at, "%s at mp_state_ctx+0x%llx", object->kind->name,
                       (unsigned long long)(at - objects->layout->ctx));
}

// Objects that lie in the structure itself: dict_main, sys.path and the like.
void label_state(struct objects *objects)
{
    uint64_t start, end;

    if (!roots_find_state(objects, &start, &end))
        return;
    target_fetch(objects->target, &(struct range){start, end - start}, 1, NULL);
    for (uint64_t at = start; at + objects->word <= end; at += objects->word) {
        struct object object;
        uint64_t value;

        if (!objects_word(objects, at, &value) || objects_head_at(objects, value, &value) ||
            !objects_get(objects, at, &object))
            continue;
        label_held(objects, add_in_state(objects, &object), &object);
    }
}

void label_state_words(struct objects *objects)
{
    uint64_t start, end, block, value;

    if (!roots_find_state(objects, &start, &end))
        return;
    for (uint64_t at = start; at + objects->word <= end; at += objects->word) {
        if (!objects_word(objects, at, &value) || !objects_head_at(objects, value, &block) ||
            objects_kind_number(objects, block))
            continue;
        label_words(objects,
                    outside_add(objects, at, "mp_state_ctx+0x%llx",
                                (unsigned long long)(at - objects->layout->ctx)),
                    at, objects->word);
    }
}

// --- the C stack ---

enum { STACK_BYTES_MAX = 1 << 20 };

bool roots_find_stack(const struct objects *objects, uint64_t *sp, uint64_t *top)
{
    if (!regs_sp(&objects->target->regs, sp) ||
        !layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, top))
        return false;
    *sp = *sp / objects->word * objects->word;
    return *sp < *top && *top - *sp <= STACK_BYTES_MAX;
}

bool roots_may_be_frame(const struct objects *objects, uint64_t address)
{
    uint64_t first, block, offset;

    if (!objects_word(objects, address, &first) ||
        !objects_find_head(objects, first, &block, &offset))
        return false;
    const struct kind *kind = objects_kind(objects, block);
    return kind == &kind_bytecode || (kind && !kind->is_block && offset == 0);
}

enum { PYSTACK_BYTES_MAX = 1 << 16 };

static bool is_pystack(const struct objects *objects, uint64_t at, uint64_t *start, uint64_t *end)
{
    uint64_t limit;

    return objects_word(objects, at, start) && objects_word(objects, at + objects->word, &limit) &&
           objects_word(objects, at + 2 * objects->word, end) && *start % objects->word == 0 &&
           *end % objects->word == 0 && limit % objects->word == 0 && *start && *start < limit &&
           limit - *start <= PYSTACK_BYTES_MAX && *end >= *start && *end <= limit &&
           !heap_area_of(objects->heap, *start);
}

// py/mpstate.h: {pystack_start, pystack_end, pystack_cur} before dict_locals since v1.10,
// with gc_lock_depth in between since v1.16; only MICROPY_ENABLE_PYSTACK has them, and
// the order of the three tells.
bool roots_find_pystack(const struct objects *objects, uint64_t *start, uint64_t *end)
{
    const struct layout *layout = objects->layout;
    const struct member_at *locals = &layout->members[MEMBER_DICT_LOCALS];
    uint64_t at = layout->ctx + (uint64_t)locals->offset;

    return locals->how && at >= 4 * objects->word &&
           (is_pystack(objects, at - 4 * objects->word, start, end) ||
            is_pystack(objects, at - 3 * objects->word, start, end));
}

// The start of a frame that does not fit on the C stack is a block of its own.
static void label_from_stack(struct objects *objects, const char *stack, uint64_t at,
                             uint64_t value, uint64_t block)
{
    struct frame frame;
    uint32_t owner = outside_add(objects, at, "%s 0x%llx", stack, (unsigned long long)at);

    if (roots_may_be_frame(objects, value) &&
        frame_read(objects->layout, objects->target, value, &frame, NULL) == 0) {
        label_block(objects, owner, &kind_frame, value, 1);
        label_words(objects, (uint32_t)block, value, objects_block_bytes(objects, block));
    } else {
        label_words(objects, owner, at, objects->word);
    }
}

static void label_from(struct objects *objects, const char *stack, uint64_t start, uint64_t end)
{
    uint64_t block, value;

    target_fetch(objects->target, &(struct range){start, end - start}, 1, NULL);
    for (uint64_t at = start; at + objects->word <= end; at += objects->word)
        if (objects_word(objects, at, &value) && objects_head_at(objects, value, &block) &&
            !objects_kind_number(objects, block))
            label_from_stack(objects, stack, at, value, block);
}

void label_stack(struct objects *objects)
{
    uint64_t start, end;

    if (roots_find_stack(objects, &start, &end))
        label_from(objects, "stack", start, end);
    if (roots_find_pystack(objects, &start, &end))
        label_from(objects, "pystack", start, end);
}
