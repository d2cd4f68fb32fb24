// SPDX-License-Identifier: MIT
#include "object/declare.h"

#include <stdlib.h>

#include "layout/types.h"
#include "object/labels.h"
#include "object/roots.h"
#include "object/types.h"

// --- a range of each head ---

// Ranges declared at a time.
enum { BATCH = 1 << 14 };

struct declaration {
    const struct objects *objects;
    range_of *of_head;
    struct range ranges[BATCH];
    size_t count;
    struct mph_err *err;
};

static int declare(struct declaration *declaration)
{
    size_t count = declaration->count;

    declaration->count = 0;
    return target_fetch(declaration->objects->target, declaration->ranges, count, declaration->err);
}

static int add_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct declaration *declaration = context;
    struct range range = {0, bytes};

    if (!declaration->of_head(declaration->objects, block, &range))
        return 0;
    if (range.size > bytes - range.address)
        range.size = bytes - range.address;
    range.address += address;
    declaration->ranges[declaration->count++] = range;
    return declaration->count == BATCH ? declare(declaration) : 0;
}

int declare_heads(const struct objects *objects, range_of *of_head, struct mph_err *err)
{
    if (!objects->target->cache)
        return 0;
    struct declaration *declaration = calloc(1, sizeof *declaration);
    if (!declaration)
        return mph_fail_no_memory(err);
    declaration->objects = objects;
    declaration->of_head = of_head;
    declaration->err = err;
    int rc = objects_each_head(objects, &(struct head_walk){add_head, declaration});
    if (rc == 0)
        rc = declare(declaration);
    free(declaration);
    return rc;
}

// --- types ---

static bool first_word(const struct objects *objects, uint64_t block, struct range *ret)
{
    (void)block;
    ret->size = objects->word;
    return true;
}

struct collection {
    const struct objects *objects;
    struct vec words; // of uint64_t
};

static int collect_word(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct collection *collection = context;
    uint64_t word;

    (void)block, (void)bytes;
    if (objects_word(collection->objects, address, &word) &&
        type_is_possible(collection->objects, word)) {
        uint64_t *slot = vec_add(&collection->words);

        if (!slot)
            return MPH_ERR_NO_MEMORY;
        *slot = word;
    }
    return 0;
}

static int compare_words(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static size_t sort_unique(uint64_t *words, size_t count)
{
    size_t used = 0;

    if (count)
        qsort(words, count, sizeof *words, compare_words);
    for (size_t i = 0; i < count; i++)
        if (!used || words[i] != words[used - 1])
            words[used++] = words[i];
    return used;
}

// Plain tuples and functions are told by the address of their type.
static bool looked_at(const struct objects *objects, uint64_t block, struct range *ret)
{
    const uint64_t *builtins = objects->layout->builtins;
    const struct type *type;
    uint64_t word;

    if (!objects_word(objects, objects_block_address(objects, block), &word))
        return false;
    type = objects_type(objects, word);
    ret->size = objects->layout->block_bytes;
    return type && !type->kind && word != builtins[BUILTIN_TUPLE] &&
           word != builtins[BUILTIN_FUNCTION];
}

int declare_types(const struct objects *objects, struct mph_err *err)
{
    struct collection collection = {objects, VEC_OF(uint64_t)};
    int rc = declare_heads(objects, first_word, err);

    if (rc < 0 || !objects->target->cache)
        return rc;
    rc = objects_each_head(objects, &(struct head_walk){collect_word, &collection});
    if (rc < 0)
        rc = mph_fail_no_memory(err);
    else
        rc = types_fetch(objects->layout, objects->target, collection.words.data,
                         sort_unique(collection.words.data, collection.words.len), err);
    vec_deinit(&collection.words);
    return rc < 0 ? rc : declare_heads(objects, looked_at, err);
}

// --- members ---

static void extend(struct range *range, uint64_t first, uint64_t size)
{
    uint64_t end = first + size, last = range->address + range->size;

    if (!range->size || first < range->address)
        range->address = first;
    range->size = (range->size && last > end ? last : end) - range->address;
}

static void extend_by_field(const struct objects *objects, size_t number, size_t index,
                            struct range *range)
{
    extend(range, objects->offsets[number][index],
           field_size(objects, kind_at(number)->fields[index].form));
}

// The members that say where blocks are, and how many elements they have.
static bool holding_members(const struct objects *objects, uint64_t block, struct range *ret)
{
    size_t number = objects_kind_number(objects, block);
    const struct kind *kind = objects_kind(objects, block);

    if (!kind || kind->is_block || !kind_holds(number))
        return false;
    ret->size = 0;
    for (size_t i = 0; i < field_count(kind); i++) {
        const struct field *field = &kind->fields[i];

        if (field->form != FORM_BLOCK && field->form != FORM_MAP)
            continue;
        extend_by_field(objects, number, i, ret);
        if (field->room)
            extend_by_field(objects, number, field->room - 1u, ret);
        if (field->count)
            extend_by_field(objects, number, field->count - 1u, ret);
    }
    if (kind->visit)
        extend(ret, 0, objects->layout->block_bytes);
    return true;
}

int declare_members(const struct objects *objects, struct mph_err *err)
{
    return declare_heads(objects, holding_members, err);
}

// --- blocks ---

enum { SHAPE_WORDS = 2, FRAME_WORDS = 8 };

static bool shape(const struct objects *objects, uint64_t block, struct range *ret)
{
    uint64_t address = objects_block_address(objects, block);

    ret->size = (roots_may_be_frame(objects, address) ? FRAME_WORDS : SHAPE_WORDS) * objects->word;
    return !objects_kind_number(objects, block);
}

int declare_shapes(const struct objects *objects, struct mph_err *err)
{
    return declare_heads(objects, shape, err);
}

static bool data(const struct objects *objects, uint64_t block, struct range *ret)
{
    (void)ret;
    return objects_kind_number(objects, block) &&
           kind_may_hold_anything(objects_kind_number(objects, block));
}

int declare_data(const struct objects *objects, struct mph_err *err)
{
    return declare_heads(objects, data, err);
}

int declare_blocks(const struct objects *objects, const uint32_t *blocks, size_t count,
                   struct mph_err *err)
{
    if (!objects->target->cache || !count)
        return 0;
    struct range *ranges = calloc(count, sizeof *ranges);
    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct range){objects_block_address(objects, blocks[i]),
                                   objects_block_bytes(objects, blocks[i])};
    int rc = target_fetch(objects->target, ranges, count, err);
    free(ranges);
    return rc;
}

// --- references ---

static bool is_reference(const struct field *field)
{
    switch (field->form) {
    case FORM_OBJ:
    case FORM_REF:
    case FORM_MAP:
    case FORM_ITEMS:
    case FORM_REST:
        return true;
    case FORM_BLOCK:
        return field->block->content == CONTENT_OBJECTS;
    default:
        return false;
    }
}

// The member that says how many items follow in place; NULL where none does.
static const struct field *counted_items(const struct kind *kind)
{
    for (size_t i = 0; kind && i < field_count(kind); i++)
        if (kind->fields[i].form == FORM_ITEMS && kind->fields[i].count)
            return &kind->fields[i];
    return NULL;
}

static bool item_count(const struct objects *objects, uint64_t block, struct range *ret)
{
    const struct field *items = counted_items(objects_kind(objects, block));

    ret->size = 0;
    if (items)
        extend_by_field(objects, objects_kind_number(objects, block), items->count - 1u, ret);
    return items != NULL;
}

// Up to the last item; what follows to the end of a block is nothing.
static uint64_t items_end(const struct objects *objects, uint64_t block, const struct field *items)
{
    struct object object;
    uint64_t count, room = objects_block_bytes(objects, block);
    size_t index = (size_t)(items - objects_kind(objects, block)->fields);

    objects_get_block(objects, block, &object);
    if (!field_get(objects, &object, items->count - 1u, &count) || count > room)
        return room;
    return object.offsets[index] + count * objects->obj;
}

static bool references(const struct objects *objects, uint64_t block, struct range *ret)
{
    const struct kind *kind = objects_kind(objects, block);

    if (!kind || kind == &kind_qstr_pool)
        return false;
    const struct field *items = counted_items(kind);
    if (items && !kind->visit)
        ret->size = items_end(objects, block, items);
    if (kind->visit || (kind->is_block && kind->content != CONTENT_BYTES))
        return true;
    for (size_t i = 0; i < field_count(kind); i++)
        if (is_reference(&kind->fields[i]))
            return true;
    return false;
}

int declare_references(const struct objects *objects, struct mph_err *err)
{
    int rc = declare_heads(objects, item_count, err);

    return rc < 0 ? rc : declare_heads(objects, references, err);
}
