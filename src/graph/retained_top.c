// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "graph/retained.h"

// --- the largest of all ---

struct candidate {
    uint32_t node, blocks;
    unsigned depth;
};

// Of equals the smaller number: whatever dominates an object comes before it.
static int by_blocks(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    if (a->blocks != b->blocks)
        return a->blocks > b->blocks ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static void cut(struct vec *candidates, size_t top)
{
    if (candidates->len)
        qsort(candidates->data, candidates->len, sizeof(struct candidate), by_blocks);
    if (candidates->len > top)
        candidates->len = top;
}

static bool add_candidate(struct vec *candidates, size_t top, const struct candidate *candidate)
{
    struct candidate *slot = top ? vec_add(candidates) : NULL;

    if (slot)
        *slot = *candidate;
    if (candidates->len >= 2 * top)
        cut(candidates, top);
    return slot || !top;
}

static bool collect(const struct retained *retained, size_t top, unsigned depth, uint8_t *depths,
                    struct vec *candidates)
{
    for (uint32_t node = 1; node < retained->tree.count; node++) {
        uint32_t above = retained_above(retained, node);

        if (packed_get(&retained->parts, node))
            continue;
        depths[node] = !above ? 0 : depths[above] < UINT8_MAX ? depths[above] + 1 : UINT8_MAX;
        if (depths[node] <= depth &&
            !add_candidate(candidates, top,
                           &(struct candidate){node, packed_get(&retained->tree.retained, node),
                                               depths[node]}))
            return false;
    }
    cut(candidates, top);
    return true;
}

// --- as a tree ---

static bool add_below(const struct retained *retained, const struct vec *candidates, uint32_t above,
                      struct vec *ret)
{
    for (size_t i = 0; i < candidates->len; i++) {
        const struct candidate *candidate = vec_at(candidates, i);
        struct retainer *retainer;

        if (retained_above(retained, candidate->node) != above)
            continue;
        retainer = vec_add(ret);
        if (!retainer)
            return false;
        *retainer = (struct retainer){candidate->node, candidate->depth};
        // As deep as the caller has asked for, at most.
        if (!add_below(retained, candidates, candidate->node, ret))
            return false;
    }
    return true;
}

int retained_top(const struct retained *retained, size_t top, unsigned depth, struct vec *ret,
                 struct mph_err *err)
{
    uint8_t *depths = calloc(retained->tree.count, 1);
    struct vec candidates = VEC_OF(struct candidate);
    bool is_complete = depths && collect(retained, top, depth, depths, &candidates);

    *ret = VEC_OF(struct retainer);
    is_complete = is_complete && add_below(retained, &candidates, 0, ret);
    free(depths);
    vec_deinit(&candidates);
    if (is_complete)
        return 0;
    vec_deinit(ret);
    return mph_fail_no_memory(err);
}
