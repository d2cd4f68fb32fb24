// SPDX-License-Identifier: MIT
// What is read to print objects, beyond what refers to others: text and numbers.
#include <stdlib.h>

#include "object/declare.h"
#include "object/word.h"

// Bytes of text, or of another block, that a short value may show; as value_short has it.
enum { TEXT_MAX = 64 };

// --- of all objects ---

// What the holder of a block says about how many bytes of it are in use; those of the
// whole block where it does not say.
static uint64_t used_bytes(const struct objects *objects, uint64_t block)
{
    uint64_t owner = objects_owner(objects, block), bytes = objects_block_bytes(objects, block),
             used;
    struct object object;

    if (owner >= objects->block_count)
        return bytes;
    objects_get_block(objects, owner, &object);
    for (size_t i = 0; object.kind && i < field_count(object.kind); i++) {
        const struct field *field = &object.kind->fields[i];

        if (field->form == FORM_BLOCK && field->room &&
            field->block == objects_kind(objects, block) &&
            field_get(objects, &object, field->room - 1u, &used) && used < bytes)
            return used;
    }
    return bytes;
}

// Members that say where blocks are, and all references, have been declared before.
static bool text_or_number(const struct objects *objects, uint64_t block, struct range *ret)
{
    size_t number = objects_kind_number(objects, block);
    const struct kind *kind = objects_kind(objects, block);

    if (!kind || kind == &kind_qstr_pool)
        return false;
    if (kind == &kind_qstr_chunk) // names are all over
        return true;
    if (kind->is_block ? kind->content != CONTENT_BYTES : kind_holds(number))
        return false;
    uint64_t used = kind->is_block ? used_bytes(objects, block) : ret->size;
    ret->size = used < TEXT_MAX ? used : TEXT_MAX;
    return used > 0;
}

int declare_values(const struct objects *objects, struct mph_err *err)
{
    return declare_heads(objects, text_or_number, err);
}

// --- of one object ---

// Objects inside each other that a short value shows, and blocks that are looked at.
enum { LEVELS = 4, BLOCKS_MAX = 1 << 14 };

struct reach {
    const struct objects *objects;
    struct vec blocks; // of uint32_t
    uint8_t *seen;     // by block
};

static void reach_address(struct reach *reach, uint64_t address)
{
    uint64_t block;

    if (!objects_head_at(reach->objects, address, &block) || reach->seen[block] ||
        reach->blocks.len >= BLOCKS_MAX)
        return;
    uint32_t *slot = vec_add(&reach->blocks);
    if (slot)
        *slot = (uint32_t)block;
    reach->seen[block] = slot != NULL;
}

static void reach_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                       const struct step *step)
{
    struct word word;

    (void)at, (void)step;
    word_decode(visitor->objects->layout, value, &word);
    if (word.kind == WORD_POINTER)
        reach_address(visitor->context, word.pointer);
}

static void reach_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                        uint64_t bytes, const struct field *field)
{
    (void)kind, (void)bytes, (void)field;
    reach_address(visitor->context, address);
}

static int declare_level(const struct reach *reach, size_t first, struct mph_err *err)
{
    size_t count = reach->blocks.len - first;
    struct range *ranges = calloc(count + 1, sizeof *ranges);

    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        uint32_t block = *(uint32_t *)vec_at(&reach->blocks, first + i);

        ranges[i].address = objects_block_address(reach->objects, block);
        if (!text_or_number(reach->objects, block, &ranges[i]))
            ranges[i].size = 0;
    }
    int rc = target_fetch(reach->objects->target, ranges, count, err);
    free(ranges);
    return rc;
}

static int reach_levels(struct reach *reach, struct mph_err *err)
{
    struct visitor visitor = {reach->objects, reach, true, reach_slot, reach_block, NULL, 0};
    size_t first = 0;

    for (int level = 0; level < LEVELS && first < reach->blocks.len; level++) {
        int rc = declare_level(reach, first, err);
        size_t end = reach->blocks.len;

        if (rc < 0)
            return rc;
        for (; first < end; first++) {
            struct object object;

            objects_get_block(reach->objects, *(uint32_t *)vec_at(&reach->blocks, first), &object);
            if (object.kind)
                objects_visit(&visitor, &object);
        }
    }
    return declare_level(reach, first, err);
}

int declare_value(const struct objects *objects, uint64_t block, struct mph_err *err)
{
    struct reach reach = {objects, VEC_OF(uint32_t), NULL};

    if (!objects->target->cache)
        return 0;
    reach.seen = calloc(objects->block_count + 1, 1);
    if (!reach.seen)
        return mph_fail_no_memory(err);
    reach_address(&reach, objects_block_address(objects, block));
    int rc = reach_levels(&reach, err);
    free(reach.seen);
    vec_deinit(&reach.blocks);
    return rc;
}
