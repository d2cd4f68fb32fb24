// SPDX-License-Identifier: MIT
#include "graph/retained.h"

#include <stdlib.h>
#include <string.h>

#include "object/names.h"

// --- parts ---

static const struct kind *kind_of_node(const struct retained *retained, uint32_t node)
{
    return objects_kind(retained->objects, retained->tree.blocks[node]);
}

// A block that the object which dominates it holds, directly or through another block.
static bool is_held(const struct retained *retained, uint32_t node, uint32_t above)
{
    const struct dominators *tree = &retained->tree;
    uint64_t top = objects_top_owner(retained->objects, tree->blocks[node]);
    uint32_t holder = top < retained->objects->block_count ? tree->nodes[top] : 0;

    return top != tree->blocks[node] && holder && retained->carriers[holder] == above;
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
    objects_get_block(objects, retained->tree.blocks[above], &object);
    return object_namespace(objects, &object, &dict) &&
           dict == objects_block_address(objects, retained->tree.blocks[node]);
}

static void find_carriers(struct retained *retained)
{
    const struct dominators *tree = &retained->tree;

    for (uint32_t node = 1; node < tree->count; node++) {
        uint32_t above = retained_above(retained, node);
        bool is_part =
            above && (is_held(retained, node, above) || is_namespace_of(retained, node, above));

        retained->carriers[node] = is_part ? above : node;
        retained->own[retained->carriers[node]] +=
            (uint32_t)(objects_block_bytes(retained->objects, tree->blocks[node]) >>
                       retained->objects->block_shift);
    }
}

// --- types ---

// Add a node to the row of the object that it is, or is a part of.
static struct histogram_row *count_node(const struct retained *retained, uint32_t node,
                                        struct histogram *types)
{
    uint32_t carrier = retained->carriers[node];
    struct histogram_row *row = histogram_row_for(types, retained->tree.blocks[carrier]);
    uint64_t bytes = objects_block_bytes(retained->objects, retained->tree.blocks[node]);

    if (!row)
        return NULL;
    row->count += carrier == node;
    *(carrier == node ? &row->own_bytes : &row->helper_bytes) += bytes;
    return row;
}

static int find_types(struct retained *retained, struct mph_err *err)
{
    for (uint32_t node = 1; node < retained->tree.count; node++) {
        const struct histogram_row *row = count_node(retained, node, &retained->types);

        if (!row)
            return mph_fail_no_memory(err);
        retained->rows[node] =
            (uint32_t)(row - (const struct histogram_row *)retained->types.rows.data);
    }
    return 0;
}

int retained_types(const struct retained *retained, uint32_t node, struct histogram *ret,
                   struct mph_err *err)
{
    const struct dominators *tree = &retained->tree;
    bool *is_below = calloc(tree->count, sizeof *is_below);
    bool is_complete = is_below;

    histogram_init(ret, retained->objects);
    for (uint32_t below = node; is_complete && below < tree->count; below++) {
        is_below[below] = below == node || is_below[tree->immediate[below]];
        is_complete = !is_below[below] || count_node(retained, below, ret);
    }
    free(is_below);
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
        *root = (struct root_of){retained->tree.nodes[word->block], order, *word};
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
    ret->carriers = calloc(ret->tree.count, sizeof *ret->carriers);
    ret->own = calloc(ret->tree.count, sizeof *ret->own);
    ret->rows = calloc(ret->tree.count, sizeof *ret->rows);
    if (!ret->carriers || !ret->own || !ret->rows) {
        rc = mph_fail_no_memory(err);
    } else {
        find_carriers(ret);
        find_roots(ret, roots);
        rc = find_types(ret, err);
    }
    if (rc < 0)
        retained_deinit(ret);
    return rc;
}

void retained_deinit(struct retained *retained)
{
    free(retained->carriers);
    free(retained->own);
    free(retained->rows);
    histogram_deinit(&retained->types);
    vec_deinit(&retained->roots);
    dominators_deinit(&retained->tree);
    *retained = (struct retained){0};
}

uint32_t retained_node(const struct retained *retained, uint64_t block)
{
    return retained->carriers[retained->tree.nodes[block]];
}
