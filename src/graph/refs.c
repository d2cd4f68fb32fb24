// SPDX-License-Identifier: MIT
#include "graph/refs.h"

#include <stdlib.h>
#include <string.h>

#include "graph/edges.h"

struct finder {
    const struct objects *objects;
    const struct refs_query *query;
    struct refs *refs;
    struct edges edges;
    unsigned depth;
    uint8_t *targets; // a bit a block: whose referrers are looked for
    uint8_t *next;    // those of the next level
    uint8_t *known;   // targets of any level
    bool has_next, is_out_of_memory;
};

static bool has_bit(const uint8_t *bits, uint64_t block)
{
    return bits[block / 8] >> block % 8 & 1;
}

static void set_bit(uint8_t *bits, uint64_t block)
{
    bits[block / 8] |= (uint8_t)(1 << block % 8);
}

static void add(struct finder *finder, const struct ref *ref)
{
    if (finder->refs->count++ >= finder->query->max)
        return;
    struct ref *slot = vec_add(&finder->refs->list);
    if (slot)
        *slot = *ref;
    else
        finder->is_out_of_memory = true;
}

static void add_root(void *context, const struct root_word *word)
{
    struct finder *finder = context;

    if (has_bit(finder->targets, word->block))
        add(finder, &(struct ref){finder->depth, word->at, word->block, BLOCK_NOBODY, *word});
}

static int visit_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct finder *finder = context;
    struct edge edge;

    edges_begin(&finder->edges, address, bytes);
    while (edges_next(&finder->edges, &edge)) {
        if (!has_bit(finder->targets, edge.block))
            continue;
        add(finder, &(struct ref){finder->depth, edge.at, edge.block, block, {0}});
        if (has_bit(finder->known, block))
            continue;
        set_bit(finder->known, block);
        set_bit(finder->next, block);
        finder->has_next = true;
    }
    return 0;
}

static void find_level(struct finder *finder, const struct root_words *roots)
{
    struct root_walk walk = {add_root, finder, 0, 0};

    finder->edges.unread = 0; // each level reads the same words
    for (int set = 0; set < ROOTS_SETS; set++)
        root_words_each(roots, set, &walk);
    root_words_each_doubt(roots, &walk);
    objects_each_head(finder->objects, &(struct head_walk){visit_head, finder});
    finder->refs->unread = finder->edges.unread + walk.unread;
    finder->refs->unread_first = walk.unread ? walk.unread_first : finder->edges.unread_first;
}

static int find(struct finder *finder, struct mph_err *err)
{
    size_t bytes = (size_t)(finder->objects->block_count / 8 + 1);
    struct root_words roots;
    int rc = edges_declare(finder->objects, err);

    if (rc == 0)
        rc = root_words_find(&roots, finder->objects, err);
    if (rc < 0)
        return rc;
    finder->has_next = true;
    for (finder->depth = 1; finder->has_next && finder->depth <= finder->query->depth;
         finder->depth++) {
        uint8_t *done = finder->targets;

        finder->has_next = false;
        find_level(finder, &roots);
        finder->targets = finder->next;
        finder->next = memset(done, 0, bytes);
    }
    root_words_deinit(&roots);
    return finder->is_out_of_memory ? mph_fail_no_memory(err) : 0;
}

int refs_find(struct refs *ret, const struct objects *objects, const struct refs_query *query,
              struct mph_err *err)
{
    size_t bytes = (size_t)(objects->block_count / 8 + 1);
    struct finder *finder = calloc(1, sizeof *finder);
    struct refs refs = {.list = VEC_OF(struct ref)};
    int rc;

    if (!finder)
        return mph_fail_no_memory(err);
    *finder = (struct finder){.objects = objects,
                              .query = query,
                              .refs = &refs,
                              .targets = calloc(bytes, 1),
                              .next = calloc(bytes, 1),
                              .known = calloc(bytes, 1)};
    edges_init(&finder->edges, objects);
    if (finder->targets && finder->next && finder->known) {
        set_bit(finder->targets, query->block);
        set_bit(finder->known, query->block);
        rc = find(finder, err);
    } else {
        rc = mph_fail_no_memory(err);
    }
    free(finder->targets);
    free(finder->next);
    free(finder->known);
    free(finder);
    if (rc < 0)
        refs_deinit(&refs);
    else
        *ret = refs;
    return rc;
}

void refs_deinit(struct refs *refs)
{
    vec_deinit(&refs->list);
    *refs = (struct refs){.list = VEC_OF(struct ref)};
}
