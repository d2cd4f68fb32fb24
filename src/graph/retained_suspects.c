// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "graph/retained.h"

struct search {
    const struct retained *retained;
    uint64_t least_bytes;
    struct packed leaders; // by node: the first object of its chain; itself where it is in none
    struct packed firsts;  // by node: place of the first object that it holds
    struct packed members; // nodes by who holds them
    uint32_t *totals;      // by type: objects that one object holds
    uint64_t *bytes;       // by type
    struct vec *ret;
};

// --- chains ---

// In a list or tree of nodes one leads on to two more at most; one that leads to many is a
// container that has containers in it.
enum { CHAIN_WAYS = 2 };

static bool is_same_type(const struct retained *retained, uint32_t node, uint32_t above)
{
    return above && retained_row(retained, node) == retained_row(retained, above);
}

static void count_one(struct packed *counts, uint32_t node)
{
    packed_set(counts, node, packed_get(counts, node) + 1);
}

static void find_leaders(struct search *search)
{
    const struct retained *retained = search->retained;
    struct packed *ways = &search->firsts;

    for (uint32_t node = 1; node < retained->tree.count; node++) {
        uint32_t above = retained_above(retained, node);

        if (!packed_get(&retained->parts, node) && is_same_type(retained, node, above))
            count_one(ways, above);
    }
    for (uint32_t node = 1; node < retained->tree.count; node++) {
        uint32_t above = retained_above(retained, node);
        bool goes_on = is_same_type(retained, node, above) && packed_get(ways, above) <= CHAIN_WAYS;

        packed_set(&search->leaders, node, goes_on ? packed_get(&search->leaders, above) : node);
    }
    for (uint32_t node = 0; node < retained->tree.count; node++)
        packed_set(ways, node, 0);
}

// The object in whose name a node is counted.
static uint32_t holder_of(const struct search *search, uint32_t node)
{
    uint32_t leader = packed_get(&search->leaders, node);

    return leader != node ? leader : retained_above(search->retained, node);
}

// --- by holder ---

static void group(struct search *search)
{
    const struct retained *retained = search->retained;
    uint32_t sum = 0;

    for (uint32_t node = 1; node < retained->tree.count; node++)
        if (!packed_get(&retained->parts, node))
            count_one(&search->firsts, holder_of(search, node));
    for (uint32_t node = 0; node <= retained->tree.count; node++) {
        sum += packed_get(&search->firsts, node);
        packed_set(&search->firsts, node, sum);
    }
    for (uint32_t node = 1; node < retained->tree.count; node++) {
        uint32_t holder = holder_of(search, node);
        uint32_t place = packed_get(&search->firsts, holder) - 1;

        if (packed_get(&retained->parts, node))
            continue;
        packed_set(&search->firsts, holder, place);
        packed_set(&search->members, place, node);
    }
}

// Names and constants do not add up as values do: a program has as many as were written.
static bool is_of_code(const struct kind *kind)
{
    return kind == &kind_bytecode || kind == &kind_constants || kind == &kind_constant_table ||
           kind == &kind_child_table || kind == &kind_module_context;
}

static bool has_names(const struct retained *retained, uint32_t node)
{
    const struct objects *objects = retained->objects;
    uint64_t block = dominators_block(&retained->tree, node);
    const struct kind *kind = objects_kind(objects, block);

    return kind == &kind_class || is_of_code(kind) || (kind && !strcmp(kind->name, "module")) ||
           (kind == &kind_map_table && objects_owner(objects, block) >= objects->block_count);
}

static bool add_suspect(struct search *search, uint32_t holder, uint32_t node)
{
    uint32_t row = retained_row(search->retained, node);
    struct suspect *suspect;

    if (search->totals[row] < SUSPECT_COUNT || search->bytes[row] < search->least_bytes)
        return true;
    suspect = vec_add(search->ret);
    if (suspect)
        *suspect = (struct suspect){holder, node, packed_get(&search->leaders, node) == holder,
                                    search->totals[row], search->bytes[row]};
    return suspect;
}

static bool look_at(struct search *search, uint32_t holder)
{
    const struct retained *retained = search->retained;
    uint32_t first = packed_get(&search->firsts, holder);
    uint32_t end = packed_get(&search->firsts, holder + 1);
    bool is_complete = true;

    if (end - first < SUSPECT_COUNT || has_names(retained, holder))
        return true;
    for (uint32_t i = first; i < end; i++) {
        uint32_t node = packed_get(&search->members, i), row = retained_row(retained, node);

        search->totals[row]++;
        if (retained_above(retained, node) == holder)
            search->bytes[row] += dominators_bytes(&retained->tree, node);
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t node = packed_get(&search->members, i), row = retained_row(retained, node);

        is_complete = is_complete && add_suspect(search, holder, node);
        search->totals[row] = 0;
        search->bytes[row] = 0;
    }
    return is_complete;
}

// --- all of them ---

static int by_bytes(const void *left, const void *right)
{
    const struct suspect *a = left, *b = right;

    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

static bool run(struct search *search)
{
    uint32_t count = search->retained->tree.count;
    bool is_complete = true;

    find_leaders(search);
    group(search);
    for (uint32_t node = 1; is_complete && node < count; node++)
        is_complete = look_at(search, node);
    if (search->ret->len)
        qsort(search->ret->data, search->ret->len, sizeof(struct suspect), by_bytes);
    return is_complete;
}

int retained_suspects(const struct retained *retained, uint64_t used_bytes, struct vec *ret,
                      struct mph_err *err)
{
    uint32_t last = retained->tree.count;
    size_t nodes = last + (size_t)1, rows = retained->types.rows.len + 1;
    struct search search = {
        .retained = retained,
        .least_bytes = (used_bytes * SUSPECT_PERCENT + 99) / 100,
        .totals = calloc(rows, sizeof(uint32_t)),
        .bytes = calloc(rows, sizeof(uint64_t)),
        .ret = ret,
    };

    *ret = VEC_OF(struct suspect);
    bool is_complete =
        packed_init(&search.leaders, nodes, last) && packed_init(&search.firsts, nodes, last) &&
        packed_init(&search.members, nodes, last) && search.totals && search.bytes && run(&search);
    packed_deinit(&search.leaders);
    packed_deinit(&search.firsts);
    packed_deinit(&search.members);
    free(search.totals);
    free(search.bytes);
    if (is_complete)
        return 0;
    vec_deinit(ret);
    return mph_fail_no_memory(err);
}
