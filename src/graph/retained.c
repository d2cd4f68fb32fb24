// SPDX-License-Identifier: MIT
#include "graph/retained.h"

#include <stdlib.h>
#include <string.h>

#include "object/names.h"

// --- parts ---

static const struct kind *kind_of_node(const struct retained *retained, uint32_t node)
{
    return objects_kind(retained->objects, dominators_block(&retained->tree, node));
}

// A block that the object which dominates it holds, directly or through another block.
static bool is_held(const struct retained *retained, uint32_t node, uint32_t above)
{
    const struct dominators *tree = &retained->tree;
    uint64_t block = dominators_block(tree, node);
    uint64_t top = objects_top_owner(retained->objects, block);
    uint32_t holder = top < retained->objects->block_count ? dominators_node(tree, top) : 0;

    return top != block && holder && retained_carrier(retained, holder) == above;
}

// The dict of the module or class that dominates it.
static bool is_namespace_of(const struct retained *retained, uint32_t node, uint32_t above)
{
    const struct objects *objects = retained->objects;
    const struct kind *kind = kind_of_node(retained, node);
    const struct kind *kind_above = kind_of_node(retained, above);
    struct object object;
    uint64_t dict;

    if (!kind || !kind_above || strcmp(kind->name, "dict") ||
        (kind_above != &kind_class && strcmp(kind_above->name, "module")))
        return false;
    objects_get_block(objects, dominators_block(&retained->tree, above), &object);
    return object_namespace(objects, &object, &dict) &&
           dict == objects_block_address(objects, dominators_block(&retained->tree, node));
}

static uint64_t bytes_of_node(const struct retained *retained, uint32_t node)
{
    return objects_block_bytes(retained->objects, dominators_block(&retained->tree, node));
}

// Who holds a node may have a larger number: then it is no part yet, of anything.
static void find_parts(struct retained *retained)
{
    for (uint32_t node = 1; node < retained->tree.count; node++) {
        uint32_t above = retained_above(retained, node);
        bool is_part =
            above && (is_held(retained, node, above) || is_namespace_of(retained, node, above));
        uint32_t carrier = is_part ? above : node;
        uint64_t bytes = retained_own_bytes(retained, carrier) + bytes_of_node(retained, node);

        packed_set(&retained->parts, node, is_part);
        packed_set(&retained->own, carrier, (uint32_t)(bytes >> retained->objects->block_shift));
    }
}

// --- types ---

// Add a node to the row of the object that it is, or is a part of.
static struct histogram_row *count_node(const struct retained *retained, uint32_t node,
                                        struct histogram *types)
{
    uint32_t carrier = retained_carrier(retained, node);
    struct histogram_row *row =
        histogram_row_for(types, dominators_block(&retained->tree, carrier));
    uint64_t bytes = bytes_of_node(retained, node);

    if (!row)
        return NULL;
    row->count += carrier == node;
    *(carrier == node ? &row->own_bytes : &row->helper_bytes) += bytes;
    return row;
}

// Once for their number, and again for the places of their rows.
static int find_types(struct retained *retained, struct mph_err *err)
{
    const struct dominators *tree = &retained->tree;

    for (uint32_t node = 1; node < tree->count; node++)
        if (!count_node(retained, node, &retained->types))
            return mph_fail_no_memory(err);
    if (!packed_init(&retained->rows, tree->count, (uint32_t)retained->types.rows.len))
        return mph_fail_no_memory(err);
    for (uint32_t node = 1; node < tree->count; node++) {
        const struct histogram_row *row = histogram_row_for(
            &retained->types, dominators_block(tree, retained_carrier(retained, node)));

        packed_set(&retained->rows, node,
                   (uint32_t)(row - (const struct histogram_row *)retained->types.rows.data));
    }
    return 0;
}

int retained_types(const struct retained *retained, uint32_t node, struct histogram *ret,
                   struct mph_err *err)
{
    const struct dominators *tree = &retained->tree;
    struct packed is_below;
    bool is_complete = packed_init(&is_below, tree->count, 1);

    histogram_init(ret, retained->objects);
    for (uint32_t below = node; is_complete && below < tree->count; below++) {
        if (below != node && !packed_get(&is_below, dominators_immediate(tree, below)))
            continue;
        packed_set(&is_below, below, 1);
        is_complete = count_node(retained, below, ret);
    }
    packed_deinit(&is_below);
    if (!is_complete) {
        histogram_deinit(ret);
        return mph_fail_no_memory(err);
    }
    histogram_sort(ret);
    return 0;
}

// --- roots ---

static int by_node(const void *left, const void *right)
{
    const struct root_of *a = left, *b = right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void add_root(void *context, const struct root_word *word)
{
    struct retained *retained = context;
    uint32_t order = (uint32_t)retained->roots.len;
    struct root_of *root = vec_add(&retained->roots);

    if (root)
        *root = (struct root_of){dominators_node(&retained->tree, word->block), order, *word};
}

static void find_roots(struct retained *retained, const struct root_words *roots)
{
    struct root_walk walk = {add_root, retained, 0, 0};

    for (int set = 0; set < ROOTS_SETS; set++)
        root_words_each(roots, set, &walk);
    if (retained->roots.len)
        qsort(retained->roots.data, retained->roots.len, sizeof(struct root_of), by_node);
}

size_t retained_roots(const struct retained *retained, uint32_t node, const struct root_of **ret)
{
    size_t low = 0, high = retained->roots.len, count = 0;
    const struct root_of *list = retained->roots.data;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = list + low;
    while (low + count < retained->roots.len && list[low + count].node == node)
        count++;
    return count;
}

// --- the whole ---

int retained_init(struct retained *ret, const struct root_words *roots, struct mph_err *err)
{
    *ret = (struct retained){.objects = roots->objects, .roots = VEC_OF(struct root_of)};
    histogram_init(&ret->types, roots->objects);
    int rc = dominators_init(&ret->tree, roots, err);

    if (rc < 0)
        return rc;
    if (!packed_init(&ret->parts, ret->tree.count, 1) ||
        !packed_init(&ret->own, ret->tree.count, (uint32_t)ret->objects->block_count)) {
        rc = mph_fail_no_memory(err);
    } else {
        find_parts(ret);
        find_roots(ret, roots);
        rc = find_types(ret, err);
    }
    if (rc < 0)
        retained_deinit(ret);
    return rc;
}

void retained_deinit(struct retained *retained)
{
    packed_deinit(&retained->parts);
    packed_deinit(&retained->own);
    packed_deinit(&retained->rows);
    histogram_deinit(&retained->types);
    vec_deinit(&retained->roots);
    dominators_deinit(&retained->tree);
    *retained = (struct retained){0};
}

uint32_t retained_node(const struct retained *retained, uint64_t block)
{
    return retained_carrier(retained, dominators_node(&retained->tree, block));
}
