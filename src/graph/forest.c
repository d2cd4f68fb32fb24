// SPDX-License-Identifier: MIT
#include "graph/forest.h"

#include <stdlib.h>

#include "graph/edges.h"

enum { NO_WORD = UINT32_MAX };

// --- heads by number ---

static int add_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct forest *forest = context;

    (void)address, (void)bytes;
    if (forest->blocks)
        forest->blocks[forest->count] = (uint32_t)block;
    forest->count++;
    return 0;
}

static int list_heads(struct forest *forest, struct mph_err *err)
{
    const struct head_walk walk = {add_head, forest};

    objects_each_head(forest->objects, &walk);
    size_t size = (forest->count + 1) * sizeof(uint32_t);
    forest->blocks = malloc(size);
    forest->holders = malloc(size);
    forest->words = malloc(size);
    if (!forest->blocks || !forest->holders || !forest->words)
        return mph_fail_no_memory(err);
    forest->count = 0;
    objects_each_head(forest->objects, &walk);
    for (size_t i = 0; i < forest->count; i++) {
        forest->holders[i] = FOREST_NONE;
        forest->words[i] = NO_WORD;
    }
    return 0;
}

// A block that is a head.
static uint32_t number_of(const struct forest *forest, uint64_t block)
{
    size_t low = 0, high = forest->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (forest->blocks[middle] <= block)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

// --- who holds them ---

static int add_root(struct forest *forest, uint32_t head, const struct root_word *word)
{
    struct root_word *slot = vec_add(&forest->roots);

    if (!slot)
        return MPH_ERR_NO_MEMORY;
    *slot = *word;
    forest->holders[head] = FOREST_ROOT;
    forest->words[head] = (uint32_t)(forest->roots.len - 1);
    return 0;
}

// What an earlier search has reached stays as it is: all that leads on from there has been
// reached by that one, too.
static int take_paths(struct forest *forest, const struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        const struct path_node *node = &paths->nodes[i];
        uint32_t head = number_of(forest, node->block);

        if (forest->holders[head] != FOREST_NONE)
            continue;
        if (!paths_is_held_by_root(paths, i))
            forest->holders[head] = number_of(forest, paths->nodes[node->parent].block);
        else if (add_root(forest, head, vec_at(&paths->words, node->parent)) < 0)
            return MPH_ERR_NO_MEMORY;
    }
    return 0;
}

// Only roots up to a rank count.
struct limit {
    enum path_rank (*rank)(void *context, const struct root_word *word);
    void *context;
    enum path_rank worst;
};

static enum path_rank rank_within(void *context, const struct root_word *word)
{
    const struct limit *limit = context;
    enum path_rank rank = limit->rank(limit->context, word);

    return rank <= limit->worst ? rank : PATH_LEFT_OUT;
}

static int search(struct forest *forest, struct limit *limit, struct mph_err *err)
{
    struct path_search search = {BLOCK_NOBODY, rank_within, limit};
    struct paths paths;
    int rc = paths_init(&paths, forest->objects, &search, err);

    if (rc < 0)
        return rc;
    if (take_paths(forest, &paths) < 0)
        rc = mph_fail_no_memory(err);
    paths_deinit(&paths);
    return rc;
}

static bool is_complete(const struct forest *forest)
{
    for (size_t i = 0; i < forest->count; i++)
        if (forest->holders[i] == FOREST_NONE)
            return false;
    return true;
}

// --- by which word ---

static void find_words(struct forest *forest)
{
    const struct objects *objects = forest->objects;
    struct edges edges;
    struct edge edge;

    edges_init(&edges, objects);
    for (uint32_t i = 0; i < forest->count; i++) {
        uint64_t start = objects_block_address(objects, forest->blocks[i]);

        edges_begin_block(&edges, forest->blocks[i]);
        while (edges_next(&edges, &edge)) {
            uint32_t head = number_of(forest, edge.block);

            if (forest->holders[head] == i && forest->words[head] == NO_WORD)
                forest->words[head] = (uint32_t)((edge.at - start) / objects->word);
        }
    }
    // Of a running target, memory may have changed since the search.
    for (size_t i = 0; i < forest->count; i++)
        if (forest->words[i] == NO_WORD)
            forest->words[i] = 0;
}

int forest_init(struct forest *forest, const struct objects *objects,
                enum path_rank (*rank)(void *context, const struct root_word *word), void *context,
                struct mph_err *err)
{
    struct limit limit = {rank, context, PATH_SURE};

    *forest = (struct forest){.objects = objects, .roots = VEC_OF(struct root_word)};
    int rc = list_heads(forest, err);
    for (; rc == 0 && limit.worst < PATH_RANKS && !is_complete(forest); limit.worst++)
        rc = search(forest, &limit, err);
    if (rc == 0)
        find_words(forest);
    else
        forest_deinit(forest);
    return rc;
}

void forest_deinit(struct forest *forest)
{
    free(forest->blocks);
    free(forest->holders);
    free(forest->words);
    vec_deinit(&forest->roots);
    *forest = (struct forest){0};
}
