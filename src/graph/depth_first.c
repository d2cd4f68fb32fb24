// SPDX-License-Identifier: MIT
#include "graph/depth_first.h"

#include <stdlib.h>

#include "graph/edges.h"

struct walker {
    struct depth_first *search;
    struct packed blocks; // by node: number of its head's block
    struct packed looked; // by node: how many of its words were looked at
    struct edges edges;
    uint32_t at; // the node whose words are looked at; 0: none
};

static void look_into(struct walker *walker, uint32_t node)
{
    const struct objects *objects = walker->search->objects;
    uint64_t block = packed_get(&walker->blocks, node);
    uint64_t done = (uint64_t)packed_get(&walker->looked, node) * objects->word;

    edges_begin(&walker->edges, objects_block_address(objects, block) + done,
                objects_block_bytes(objects, block) - done);
    walker->at = node;
}

static void leave(struct walker *walker, uint64_t word_address)
{
    const struct objects *objects = walker->search->objects;
    uint64_t start = objects_block_address(objects, packed_get(&walker->blocks, walker->at));

    packed_set(&walker->looked, walker->at, (uint32_t)((word_address - start) / objects->word + 1));
}

static void enter(struct walker *walker, uint64_t block, uint64_t head, uint32_t parent)
{
    struct depth_first *search = walker->search;
    uint32_t node = search->count++;

    packed_set(&walker->blocks, node, (uint32_t)block);
    packed_set(&search->nodes, head, node);
    packed_set(&search->parents, node, parent);
    packed_set(&search->lowest, node, parent);
    look_into(walker, node);
}

// An edge to a node that was reached before.
static void pass(struct depth_first *search, uint32_t from, uint32_t to)
{
    uint32_t behind = packed_get(&search->behind, to);

    if (from > to)
        packed_set(&search->behind, to, behind < search->behind.mask ? behind + 1 : behind);
    else if (from < packed_get(&search->lowest, to))
        packed_set(&search->lowest, to, from);
}

static void walk_from(struct walker *walker, uint64_t block, uint64_t head)
{
    const struct depth_first *search = walker->search;
    struct edge edge;

    enter(walker, block, head, 0);
    while (walker->at) {
        if (!edges_next(&walker->edges, &edge)) {
            uint32_t parent = packed_get(&search->parents, walker->at);

            if (parent)
                look_into(walker, parent);
            else
                walker->at = 0;
            continue;
        }
        head = objects_head_number(search->objects, edge.block);
        uint32_t node = packed_get(&search->nodes, head);

        if (node) {
            pass(walker->search, walker->at, node);
        } else {
            leave(walker, edge.at);
            enter(walker, edge.block, head, walker->at);
        }
    }
}

static void begin_at_root(void *context, const struct root_word *word)
{
    struct walker *walker = context;
    uint64_t head = objects_head_number(walker->search->objects, word->block);
    uint32_t node = packed_get(&walker->search->nodes, head);

    if (node)
        pass(walker->search, 0, node);
    else
        walk_from(walker, word->block, head);
}

// --- the whole ---

static int find_longest(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    uint64_t *longest = context;

    (void)block, (void)address;
    *longest = bytes > *longest ? bytes : *longest;
    return 0;
}

static bool allocate(struct walker *walker)
{
    struct depth_first *search = walker->search;
    const struct objects *objects = search->objects;
    size_t nodes = (size_t)objects->head_count + 1;
    uint32_t last = (uint32_t)objects->head_count;
    uint64_t longest = 0;

    objects_each_head(objects, &(struct head_walk){find_longest, &longest});
    return packed_init(&search->nodes, nodes, last) && packed_init(&search->parents, nodes, last) &&
           packed_init(&search->lowest, nodes, last) && packed_init(&search->behind, nodes, last) &&
           packed_init(&walker->blocks, nodes, (uint32_t)objects->block_count) &&
           packed_init(&walker->looked, nodes, (uint32_t)(longest / objects->word));
}

int depth_first_init(struct depth_first *search, const struct root_words *roots,
                     struct mph_err *err)
{
    struct walker *walker = calloc(1, sizeof *walker);
    struct root_walk walk = {begin_at_root, walker, 0, 0};

    *search = (struct depth_first){.objects = roots->objects, .count = 1};
    if (!walker)
        return mph_fail_no_memory(err);
    walker->search = search;
    edges_init(&walker->edges, search->objects);
    walker->edges.is_deep = true;
    bool is_complete = allocate(walker);
    for (int set = 0; is_complete && set < ROOTS_SETS; set++)
        root_words_each(roots, set, &walk);
    packed_deinit(&walker->blocks);
    packed_deinit(&walker->looked);
    free(walker);
    if (is_complete)
        return 0;
    depth_first_deinit(search);
    return mph_fail_no_memory(err);
}

void depth_first_deinit(struct depth_first *search)
{
    packed_deinit(&search->nodes);
    packed_deinit(&search->parents);
    packed_deinit(&search->lowest);
    packed_deinit(&search->behind);
    *search = (struct depth_first){0};
}
