// SPDX-License-Identifier: MIT
// Dominators (see retained.h), thing by thing. A block that no object holds, like the table
// of a module's names, is no keeper: who is below it is asked for its next one.
#include "graph/keepers.h"

#include <stdlib.h>

#include "graph/mark.h"
#include "graph/retained.h"

struct keeping {
    struct inventory *inventory;
    const struct retained *retained;
    const struct mark *mark;
    uint32_t *keepers; // by node
};

// The node of the thing that a node's block counts with; 0: not reached, or only through
// the block. A keeper's number is thus smaller than that of what it keeps: no circles.
static uint32_t head_of(const struct retained *retained, uint32_t node)
{
    uint64_t top = objects_top_owner(retained->objects, dominators_block(&retained->tree, node));
    uint32_t head =
        top < retained->objects->block_count ? dominators_node(&retained->tree, top) : node;

    return head <= node ? head : 0;
}

static bool find_object(const struct keeping *keeping, uint32_t node, uint32_t *ret_place)
{
    const struct retained *retained = keeping->retained;
    uint32_t head = head_of(retained, node);

    return head &&
           inventory_find(
               keeping->inventory,
               objects_block_address(retained->objects, dominators_block(&retained->tree, head)),
               ret_place) &&
           !inventory_thing(keeping->inventory, *ret_place)->is_block;
}

// What dominates a node has a smaller number, so that its keeper is known.
static void find_keepers(const struct keeping *keeping)
{
    keeping->keepers[0] = THING_NONE;
    for (uint32_t node = 1; node < keeping->retained->tree.count; node++) {
        uint32_t above = retained_above(keeping->retained, node), place;

        keeping->keepers[node] =
            above && find_object(keeping, above, &place) ? place : keeping->keepers[above];
    }
}

static void set_things(const struct keeping *keeping)
{
    const struct retained *retained = keeping->retained;

    for (size_t i = 0; i < keeping->inventory->things.len; i++) {
        struct thing *thing = vec_at(&keeping->inventory->things, i);
        uint64_t block;

        if (!objects_head_at(retained->objects, thing->address, &block))
            continue;
        thing->keeper = keeping->keepers[dominators_node(&retained->tree, block)];
        thing->is_garbage = keeping->mark->has_least && !mark_may_keep(keeping->mark, block);
    }
}

static int set_keepers(struct inventory *inventory, const struct retained *retained,
                       const struct mark *mark, struct mph_err *err)
{
    struct keeping keeping = {inventory, retained, mark,
                              malloc(retained->tree.count * sizeof *keeping.keepers)};

    if (!keeping.keepers)
        return mph_fail_no_memory(err);
    find_keepers(&keeping);
    set_things(&keeping);
    inventory->has_garbage = mark->has_least;
    free(keeping.keepers);
    return 0;
}

int inventory_find_keepers(struct inventory *inventory, const struct objects *objects,
                           struct mph_err *err)
{
    struct root_words roots;
    struct mark mark;
    struct retained retained;
    int rc = mark_init(&mark, objects, err);

    if (rc < 0)
        return rc;
    rc = root_words_find(&roots, objects, err);
    if (rc == 0) {
        rc = retained_init(&retained, &roots, err);
        root_words_deinit(&roots);
    }
    if (rc == 0) {
        rc = set_keepers(inventory, &retained, &mark, err);
        retained_deinit(&retained);
    }
    mark_deinit(&mark);
    return rc;
}
