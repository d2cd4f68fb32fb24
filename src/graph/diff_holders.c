// SPDX-License-Identifier: MIT
// Who the new things belong to: the nearest that alone keeps them and was there before;
// else the nearest on the way of their names. What went is taken off from where it belonged
// then, so that both moments are looked at alike.
#include <stdlib.h>

#include "graph/diff_parts.h"

// Of a name: the nearest before it, or itself, that was there at both moments or that no
// other name leads to; and the first step from that on the way to it, 0 for that itself.
struct name_way {
    uint32_t anchor, branch;
};

// Where a thing counts.
struct way {
    uint64_t holder; // address, or 0
    uint32_t branch; // name of the first new one on the way to it, or 0
    bool is_garbage;
    bool is_known;
};

enum change_kind { CHANGE_OWN, CHANGE_NEW, CHANGE_GONE };

struct change {
    uint64_t holder; // address, or 0
    bool is_garbage; // then without a holder
    int64_t bytes;   // of CHANGE_OWN: how many more
    uint32_t row;    // in matching->types
    uint32_t branch; // in the later moment's names
    enum change_kind kind;
};

struct gathering {
    const struct matching *matching;
    struct way *ways[2]; // by thing
    struct vec changes;  // of struct change
};

// --- ways ---

static bool stays(const struct matching *matching, int side, uint64_t address)
{
    const struct inventory *inventory = matching->moments[side];
    uint32_t thing;

    return !inventory_contains(inventory, address) || (inventory_find(inventory, address, &thing) &&
                                                       matching->twins[side][thing] != DIFF_NONE);
}

// A parent stands at a smaller place, so that its way is known.
static struct name_way *find_name_ways(const struct matching *matching, int side)
{
    const struct inventory *inventory = matching->moments[side];
    struct name_way *ways = calloc(inventory->names.len + 1, sizeof *ways);

    for (uint32_t i = 1; ways && i < inventory->names.len; i++) {
        const struct thing_name *name = inventory_name(inventory, i);
        const struct name_way *before = &ways[name->parent];

        if (!name->parent || stays(matching, side, name->address))
            ways[i] = (struct name_way){i, 0};
        else
            ways[i] = (struct name_way){before->anchor, before->branch ? before->branch : i};
    }
    return ways;
}

// The way of what stays, and of what no object alone keeps; others are not known yet.
static struct way first_way(const struct matching *matching, int side, uint32_t place,
                            const struct name_way *names)
{
    const struct inventory *inventory = matching->moments[side];
    const struct thing *thing = inventory_thing(inventory, place);
    const struct name_way *name = &names[thing->name];

    if (matching->twins[side][place] != DIFF_NONE)
        return (struct way){.holder = thing->address, .is_known = true};
    if (thing->is_garbage)
        return (struct way){.is_garbage = true, .is_known = true};
    if (thing->keeper != THING_NONE)
        return (struct way){0};
    return (struct way){.holder = inventory_name(inventory, name->anchor)->address,
                        .branch = name->branch,
                        .is_known = true};
}

// Up to a keeper whose way is known: all before it go that way, too.
static void follow_keepers(const struct inventory *inventory, struct way *ways, uint32_t place)
{
    const struct thing *last = NULL;
    uint32_t top = place;

    while (!ways[top].is_known) {
        last = inventory_thing(inventory, top);
        top = last->keeper;
    }
    struct way way = ways[top];
    if (last && !way.branch && way.holder == inventory_thing(inventory, top)->address)
        way.branch = last->name;
    for (; place != top; place = inventory_thing(inventory, place)->keeper)
        ways[place] = way;
}

static struct way *find_ways(const struct matching *matching, int side)
{
    const struct inventory *inventory = matching->moments[side];
    struct name_way *names = find_name_ways(matching, side);
    struct way *ways = names ? calloc(inventory->things.len + 1, sizeof *ways) : NULL;

    for (uint32_t i = 0; ways && i < inventory->things.len; i++)
        ways[i] = first_way(matching, side, i, names);
    for (uint32_t i = 0; ways && i < inventory->things.len; i++)
        follow_keepers(inventory, ways, i);
    free(names);
    return ways;
}

// --- changes ---

static int add_change(struct gathering *gathering, const struct change *change)
{
    struct change *slot = vec_add(&gathering->changes);

    if (!slot)
        return MPH_ERR_NO_MEMORY;
    *slot = *change;
    return 0;
}

static int add_one_sided(struct gathering *gathering, int side, uint32_t place)
{
    const struct thing *thing = inventory_thing(gathering->matching->moments[side], place);
    const struct way *way = &gathering->ways[side][place];

    return add_change(gathering,
                      &(struct change){.holder = way->holder,
                                       .is_garbage = way->is_garbage,
                                       .bytes = (int64_t)thing_bytes(thing),
                                       .row = gathering->matching->rows[side][thing->type],
                                       .branch = side == AFTER ? way->branch : 0,
                                       .kind = side == AFTER ? CHANGE_NEW : CHANGE_GONE});
}

static int add_grown(struct gathering *gathering, const struct thing *old, const struct thing *new)
{
    int64_t bytes = (int64_t)(thing_bytes(new) - thing_bytes(old));

    if (!bytes)
        return 0;
    return add_change(gathering,
                      &(struct change){.holder = new->address,
                                       .bytes = bytes,
                                       .row = gathering->matching->rows[AFTER][new->type],
                                       .kind = CHANGE_OWN});
}

static int add_side(struct gathering *gathering, int side)
{
    const struct matching *matching = gathering->matching;
    const struct inventory *inventory = matching->moments[side];
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < inventory->things.len; i++) {
        const struct thing *thing = inventory_thing(inventory, i);
        uint32_t twin = matching->twins[side][i];

        if (twin == DIFF_NONE)
            rc = add_one_sided(gathering, side, i);
        else if (side == AFTER)
            rc = add_grown(gathering, inventory_thing(matching->moments[BEFORE], twin), thing);
    }
    return rc;
}

// --- holders ---

static bool share_holder(const struct change *a, const struct change *b)
{
    return a->holder == b->holder && a->is_garbage == b->is_garbage;
}

static int by_holder_and_row(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    if (a->holder != b->holder)
        return a->holder < b->holder ? -1 : 1;
    if (a->is_garbage != b->is_garbage)
        return a->is_garbage ? 1 : -1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int by_branch(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    return a->branch < b->branch ? -1 : a->branch > b->branch;
}

// Keep it among the largest.
static void add_part(struct diff_holder *holder, struct diff_part part)
{
    for (size_t i = 0; i < DIFF_PARTS; i++)
        if (part.bytes > holder->parts[i].bytes) {
            struct diff_part smaller = holder->parts[i];

            holder->parts[i] = part;
            part = smaller;
        }
}

static void find_parts(const struct matching *matching, const struct change *changes, size_t count,
                       struct diff_holder *holder)
{
    for (size_t i = 0, first = 0; i < count; first = i) {
        const struct diff_type *row = vec_at(&matching->types, changes[first].row);
        struct diff_part part = {row->type, 0, 0};

        for (; i < count && changes[i].row == changes[first].row; i++)
            if (changes[i].kind == CHANGE_NEW) {
                part.count++;
                part.bytes += (uint64_t)changes[i].bytes;
            }
        add_part(holder, part);
    }
}

static void find_branch(struct change *changes, size_t count, struct diff_holder *holder)
{
    qsort(changes, count, sizeof *changes, by_branch);
    for (size_t i = 0, first = 0; i < count; first = i) {
        struct diff_branch branch = {changes[first].branch, 0, 0};

        for (; i < count && changes[i].branch == changes[first].branch; i++) {
            branch.count++;
            branch.bytes += (uint64_t)changes[i].bytes;
        }
        if (branch.name && branch.bytes > holder->branch.bytes)
            holder->branch = branch;
    }
}

static void sum_up(const struct change *changes, size_t count, struct diff_holder *holder)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = (uint64_t)changes[i].bytes;

        if (changes[i].kind == CHANGE_OWN)
            holder->own_change += changes[i].bytes;
        else if (changes[i].kind == CHANGE_NEW)
            holder->new_count++, holder->new_bytes += bytes;
        else
            holder->gone_count++, holder->gone_bytes += bytes;
    }
}

static int add_holder(struct diff *diff, const struct matching *matching, struct change *changes,
                      size_t count)
{
    struct diff_holder holder = {.address = changes[0].holder,
                                 .is_garbage = changes[0].is_garbage,
                                 .thing = {DIFF_NONE, DIFF_NONE}};

    sum_up(changes, count, &holder);
    if (!diff_holder_change(&holder))
        return 0;
    if (inventory_find(diff->moments[AFTER], holder.address, &holder.thing[AFTER]))
        holder.thing[BEFORE] = matching->twins[AFTER][holder.thing[AFTER]];
    else
        inventory_find(diff->moments[BEFORE], holder.address, &holder.thing[BEFORE]);
    holder.is_outside = holder.address &&
                        !inventory_contains(diff->moments[AFTER], holder.address) &&
                        !inventory_contains(diff->moments[BEFORE], holder.address);
    find_parts(matching, changes, count, &holder);
    find_branch(changes, count, &holder);
    struct diff_holder *slot = vec_add(&diff->holders);
    if (!slot)
        return MPH_ERR_NO_MEMORY;
    *slot = holder;
    return 0;
}

static int add_holders(struct diff *diff, struct gathering *gathering)
{
    struct change *changes = gathering->changes.data;
    size_t count = gathering->changes.len;
    int rc = 0;

    if (count)
        qsort(changes, count, sizeof *changes, by_holder_and_row);
    for (size_t i = 0, first = 0; rc == 0 && i < count; first = i) {
        while (i < count && share_holder(&changes[i], &changes[first]))
            i++;
        rc = add_holder(diff, gathering->matching, changes + first, i - first);
    }
    return rc;
}

int diff_add_holders(struct diff *diff, const struct matching *matching, struct mph_err *err)
{
    struct gathering gathering = {.matching = matching, .changes = VEC_OF(struct change)};
    int rc = 0;

    for (int side = BEFORE; side <= AFTER; side++)
        gathering.ways[side] = find_ways(matching, side);
    if (!gathering.ways[BEFORE] || !gathering.ways[AFTER])
        rc = MPH_ERR_NO_MEMORY;
    for (int side = BEFORE; rc == 0 && side <= AFTER; side++)
        rc = add_side(&gathering, side);
    if (rc == 0)
        rc = add_holders(diff, &gathering);
    for (int side = BEFORE; side <= AFTER; side++)
        free(gathering.ways[side]);
    vec_deinit(&gathering.changes);
    return rc < 0 ? mph_fail_no_memory(err) : 0;
}
