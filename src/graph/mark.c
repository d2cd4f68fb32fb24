// SPDX-License-Identifier: MIT
#include "graph/mark.h"

#include <stdlib.h>
#include <string.h>

#include "graph/edges.h"

// --- the mark ---

// Heads wait on a stack until their words are looked at; each is put there once, when
// it is marked.
struct marker {
    struct mark *mark;
    uint8_t *bits;
    struct edges edges;
    struct vec waiting;   // of uint32_t
    struct reached *from; // by the set whose words are looked at
    bool is_out_of_memory;
};

static void reach(struct marker *marker, uint64_t block)
{
    uint8_t bit = (uint8_t)(1 << block % 8);

    if (marker->bits[block / 8] & bit)
        return;
    marker->bits[block / 8] |= bit;
    uint32_t *slot = vec_add(&marker->waiting);
    if (slot)
        *slot = (uint32_t)block;
    else
        marker->is_out_of_memory = true;
    if (marker->from) {
        marker->from->heads++;
        marker->from->bytes += objects_block_bytes(marker->mark->objects, block);
    }
}

static void drain(struct marker *marker)
{
    struct edge edge;

    while (marker->waiting.len) {
        edges_begin_block(&marker->edges,
                          *(uint32_t *)vec_at(&marker->waiting, --marker->waiting.len));
        while (edges_next(&marker->edges, &edge))
            reach(marker, edge.block);
    }
}

// --- roots ---

static void mark_root(void *context, const struct root_word *word)
{
    struct marker *marker = context;

    reach(marker, word->block);
    drain(marker);
}

static void mark_roots(struct marker *marker, const struct root_words *roots,
                       struct root_walk *walk)
{
    for (int set = 0; set < ROOTS_SETS; set++) {
        marker->mark->roots[set] = roots->sets[set];
        marker->from = &marker->mark->reached[set];
        root_words_each(roots, set, walk);
    }
    marker->from = NULL;
}

// --- all of it ---

// What else would be kept, beside what is kept for certain.
static int mark_doubts(struct marker *marker, const struct root_words *roots,
                       struct root_walk *walk, struct mph_err *err)
{
    struct mark *mark = marker->mark;
    size_t bytes = (size_t)(mark->objects->block_count / 8 + 1);

    mark->maybe = mark->kept;
    if (!root_words_have_doubt(roots))
        return 0;
    mark->maybe = malloc(bytes);
    if (!mark->maybe)
        return mph_fail_no_memory(err);
    memcpy(mark->maybe, mark->kept, bytes);
    marker->bits = mark->maybe;
    root_words_each_doubt(roots, walk);
    return 0;
}

static void judge(struct mark *mark, const struct edges *edges, const struct root_walk *walk)
{
    mark->unread = edges->unread + walk->unread;
    mark->unread_first = walk->unread ? walk->unread_first : edges->unread_first;
    mark->is_certain = mark->has_least = !mark->unread;
    for (int set = 0; set < ROOTS_SETS; set++) {
        enum roots_found found = mark->roots[set].found;

        mark->is_certain &= found != ROOTS_PARTLY && found != ROOTS_MISSING;
        mark->has_least &= found != ROOTS_MISSING;
    }
}

static int mark_all(struct marker *marker, struct mph_err *err)
{
    struct root_walk walk = {mark_root, marker, 0, 0};
    struct root_words roots;
    int rc = edges_declare(marker->mark->objects, err);

    if (rc == 0)
        rc = root_words_find(&roots, marker->mark->objects, err);
    if (rc < 0)
        return rc;
    mark_roots(marker, &roots, &walk);
    rc = mark_doubts(marker, &roots, &walk, err);
    judge(marker->mark, &marker->edges, &walk);
    root_words_deinit(&roots);
    return rc == 0 && marker->is_out_of_memory ? mph_fail_no_memory(err) : rc;
}

int mark_init(struct mark *mark, const struct objects *objects, struct mph_err *err)
{
    struct marker *marker = calloc(1, sizeof *marker);
    int rc;

    *mark = (struct mark){.objects = objects,
                          .kept = calloc((size_t)(objects->block_count / 8 + 1), 1)};
    if (!marker || !mark->kept) {
        rc = mph_fail_no_memory(err);
    } else {
        *marker = (struct marker){.mark = mark, .bits = mark->kept, .waiting = VEC_OF(uint32_t)};
        edges_init(&marker->edges, objects);
        marker->edges.is_deep = true;
        rc = mark_all(marker, err);
        vec_deinit(&marker->waiting);
    }
    free(marker);
    if (rc < 0)
        mark_deinit(mark);
    return rc;
}

void mark_deinit(struct mark *mark)
{
    if (mark->maybe != mark->kept)
        free(mark->maybe);
    free(mark->kept);
    *mark = (struct mark){0};
}
