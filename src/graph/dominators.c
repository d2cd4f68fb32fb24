// SPDX-License-Identifier: MIT
// Semidominators as T. Lengauer and R. E. Tarjan have them ("A fast algorithm for finding
// dominators in a flowgraph", ACM TOPLAS 1(1), 1979), with path compression; from them the
// dominators as nearest common ancestors (L. Georgiadis, R. E. Tarjan, R. F. Werneck,
// "Finding dominators in practice", JGAA 10(1), 2006: the semi-NCA algorithm). The climb to
// those goes by jumps (E. W. Myers, "An applicative random-access stack", IPL 17(5), 1983),
// which keeps it a logarithm where a chain of dominators is long.
//
// What saves memory: numbers are packed. An edge to a node with a larger number comes from
// an ancestor of it in the search, so it counts at once and need not be kept. The others are
// kept for as many nodes at a time as there is room for, and found again for the next ones.
#include "graph/dominators.h"

#include <stdlib.h>

#include "graph/depth_first.h"
#include "graph/edges.h"

struct builder {
    struct dominators *tree;
    struct depth_first search; // `lowest` becomes semidominators, `parents` dominators
    // By node, `search.behind` first: how many sources it has, then where they are kept; of
    // linked nodes, the smallest semidominator on the way to the root of its tree. In the end
    // how many dominate it.
    struct packed *labels;
    // By linked node: its ancestor in the forest. In the end, a node that dominates it far up.
    struct packed ancestors;
    struct packed sources; // of edges to a node with a smaller number
    uint32_t room;         // for sources
    uint32_t linked;       // nodes from this one on are in the forest
};

// --- semidominators ---

// Let all nodes on the way to the root of the tree hang from that root. The way down
// again is kept in the ancestors themselves, so it may be as long as it likes.
static void compress(struct builder *builder, uint32_t node)
{
    struct packed *ancestors = &builder->ancestors, *labels = builder->labels;
    uint32_t below = 0, above;

    while ((above = packed_get(ancestors, node)) >= builder->linked) {
        packed_set(ancestors, node, below);
        below = node;
        node = above;
    }
    uint32_t root = above, smallest = packed_get(labels, node);
    while (below) {
        uint32_t next = packed_get(ancestors, below), own = packed_get(labels, below);

        if (smallest < own)
            packed_set(labels, below, smallest);
        else
            smallest = own;
        packed_set(ancestors, below, root);
        below = next;
    }
}

// A node that is no linked one any more was a source once: memory has changed meanwhile.
static void look_at_source(struct builder *builder, uint32_t source, uint32_t *semi)
{
    if (source < builder->linked)
        return;
    compress(builder, source);
    uint32_t smallest = packed_get(builder->labels, source);
    if (smallest < *semi)
        *semi = smallest;
}

static void link_node(struct builder *builder, uint32_t node, uint32_t semi)
{
    packed_set(&builder->search.lowest, node, semi);
    packed_set(builder->labels, node, semi);
    packed_set(&builder->ancestors, node, packed_get(&builder->search.parents, node));
    builder->linked = node;
}

// --- going through memory for sources ---

// Edges are all over the nodes. A few are gathered, so that what they ask for is on its way
// while the others are looked at.
enum { GATHERED_MAX = 32 };

struct gathered {
    uint32_t source;
    uint32_t target; // number of a head, then its node
};

struct scan {
    struct builder *builder;
    uint32_t first, end; // nodes whose sources are wanted
    void (*visit)(struct scan *scan, uint32_t source, uint32_t node);
    uint32_t semi; // of the only node
    struct edges edges;
    struct gathered gathered[GATHERED_MAX];
    size_t count;
};

static void visit_gathered(struct scan *scan)
{
    const struct depth_first *search = &scan->builder->search;

    for (size_t i = 0; i < scan->count; i++) {
        struct gathered *edge = &scan->gathered[i];

        edge->target = packed_get(&search->nodes, edge->target);
        packed_expect(scan->builder->labels, edge->target);
    }
    for (size_t i = 0; i < scan->count; i++) {
        uint32_t source = scan->gathered[i].source, node = scan->gathered[i].target;

        if (node >= scan->first && node < scan->end && source > node)
            scan->visit(scan, source, node);
    }
    scan->count = 0;
}

// In order of addresses: memory goes by from its start to its end.
static int scan_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct scan *scan = context;
    const struct depth_first *search = &scan->builder->search;
    uint32_t source = packed_get(&search->nodes, objects_head_number(search->objects, block));
    struct edge edge;

    if (source <= scan->first)
        return 0;
    edges_begin(&scan->edges, address, bytes);
    while (edges_next(&scan->edges, &edge)) {
        uint32_t head = (uint32_t)objects_head_number(search->objects, edge.block);

        packed_expect(&search->nodes, head);
        scan->gathered[scan->count++] = (struct gathered){source, head};
        if (scan->count == GATHERED_MAX)
            visit_gathered(scan);
    }
    return 0;
}

static void scan_all(struct scan *scan)
{
    const struct objects *objects = scan->builder->search.objects;

    edges_init(&scan->edges, objects);
    objects_each_head(objects, &(struct head_walk){scan_head, scan});
    visit_gathered(scan);
}

// Places are counted down from the end of a node's to their start. Memory that changes while
// it is read may have more edges than were counted.
static void keep_source(struct scan *scan, uint32_t source, uint32_t node)
{
    uint32_t place = packed_get(scan->builder->labels, node);

    if (!place)
        return;
    packed_set(&scan->builder->sources, place - 1, source);
    packed_set(scan->builder->labels, node, place - 1);
}

static void place_sources(struct builder *builder, uint32_t first, uint32_t end)
{
    uint32_t sum = 0;

    for (uint32_t node = first; node < end; node++) {
        sum += packed_get(builder->labels, node);
        packed_set(builder->labels, node, sum);
    }
    for (uint32_t i = 0; i < sum; i++)
        packed_set(&builder->sources, i, 0);
    if (sum)
        scan_all(
            &(struct scan){.builder = builder, .first = first, .end = end, .visit = keep_source});
}

static void link_nodes(struct builder *builder, uint32_t first, uint32_t end)
{
    uint32_t places_end = 0;

    for (uint32_t node = first; node < end; node++)
        places_end += packed_get(builder->labels, node);
    place_sources(builder, first, end);
    for (uint32_t node = end; node-- > first;) {
        uint32_t semi = packed_get(&builder->search.lowest, node);
        uint32_t place = packed_get(builder->labels, node), next_end = place;

        for (; place < places_end; place++)
            look_at_source(builder, packed_get(&builder->sources, place), &semi);
        places_end = next_end;
        link_node(builder, node, semi);
    }
}

// --- more sources than there is room for ---

static void use_source(struct scan *scan, uint32_t source, uint32_t node)
{
    (void)node;
    look_at_source(scan->builder, source, &scan->semi);
}

static void link_popular(struct builder *builder, uint32_t node)
{
    struct scan scan = {.builder = builder,
                        .first = node,
                        .end = node + 1,
                        .visit = use_source,
                        .semi = packed_get(&builder->search.lowest, node)};

    scan_all(&scan);
    link_node(builder, node, scan.semi);
}

static void find_semidominators(struct builder *builder)
{
    uint32_t end = builder->linked = builder->search.count;

    while (end > 1) {
        uint32_t first = end;
        uint64_t sum = 0;

        while (first > 1 && (sum += packed_get(builder->labels, first - 1)) <= builder->room)
            first--;
        if (first < end)
            link_nodes(builder, first, end);
        else
            link_popular(builder, --first);
        end = first;
    }
}

// --- dominators ---

// The nearest that dominates the parent, or is it, and has no larger number than the
// semidominator.
static uint32_t climb(const struct builder *builder, uint32_t node, uint32_t semi)
{
    while (node > semi) {
        uint32_t far = packed_get(&builder->ancestors, node);

        node = far > semi ? far : packed_get(&builder->search.parents, node);
    }
    return node;
}

static uint32_t far_above(const struct builder *builder, uint32_t above)
{
    const struct packed *depths = builder->labels;
    uint32_t far = packed_get(&builder->ancestors, above);
    uint32_t farther = packed_get(&builder->ancestors, far);

    return packed_get(depths, above) - packed_get(depths, far) ==
                   packed_get(depths, far) - packed_get(depths, farther)
               ? farther
               : above;
}

static void find_dominators(struct builder *builder)
{
    for (uint32_t node = 1; node < builder->search.count; node++) {
        uint32_t above = climb(builder, packed_get(&builder->search.parents, node),
                               packed_get(&builder->search.lowest, node));

        packed_set(&builder->search.parents, node, above);
        packed_set(builder->labels, node, packed_get(builder->labels, above) + 1);
        packed_set(&builder->ancestors, node, far_above(builder, above));
    }
}

// --- sizes ---

static int measure_node(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct dominators *tree = context;
    uint32_t node = dominators_node(tree, block);

    (void)address;
    if (!node)
        return 0;
    packed_set(&tree->blocks, node, (uint32_t)block);
    packed_set(&tree->retained, node, (uint32_t)(bytes >> tree->objects->block_shift));
    return 0;
}

static void add(struct packed *packed, uint32_t node, uint32_t value)
{
    packed_set(packed, node, packed_get(packed, node) + value);
}

static void sum_up(struct dominators *tree)
{
    objects_each_head(tree->objects, &(struct head_walk){measure_node, tree});
    for (uint32_t node = tree->count - 1; node > 0; node--) {
        uint32_t above = dominators_immediate(tree, node);

        add(&tree->counts, node, 1);
        add(&tree->counts, above, packed_get(&tree->counts, node));
        add(&tree->retained, above, packed_get(&tree->retained, node));
    }
}

// --- the whole ---

// What is left of what the header promises, when the five arrays of numbers are there.
static uint32_t room_for_sources(const struct builder *builder)
{
    const struct objects *objects = builder->search.objects;
    uint64_t heads = objects->head_count, numbers = packed_bytes(heads, (uint32_t)heads);
    uint64_t allowed = 16 * heads + (objects->block_count << objects->block_shift) / 8;
    uint64_t left = allowed > 5 * numbers ? (allowed - 5 * numbers) * 8 / builder->labels->bits : 0;
    uint64_t least = heads / 8 + 1;

    left = left > least ? left : least;
    return left < builder->labels->mask ? (uint32_t)left : builder->labels->mask;
}

// No more than there are.
static uint32_t count_sources(const struct builder *builder, uint32_t most)
{
    uint64_t sum = 0;

    for (uint32_t node = 1; node < builder->search.count && sum < most; node++)
        sum += packed_get(builder->labels, node);
    return sum < most ? (uint32_t)sum : most;
}

static int build(struct builder *builder, uint32_t most, struct mph_err *err)
{
    struct depth_first *search = &builder->search;
    uint32_t room = room_for_sources(builder);

    builder->room = count_sources(builder, most < room ? most : room);
    if (!packed_init(&builder->ancestors, search->count, search->count) ||
        !packed_init(&builder->sources, builder->room, search->count))
        return mph_fail_no_memory(err);
    find_semidominators(builder);
    packed_set(builder->labels, 0, 0);
    find_dominators(builder);
    return 0;
}

// The arrays that stay, once those that do not are gone.
static int hand_over(struct builder *builder, struct mph_err *err)
{
    struct dominators *tree = builder->tree;
    struct depth_first *search = &builder->search;
    uint32_t blocks = (uint32_t)tree->objects->block_count;

    tree->count = search->count;
    tree->nodes = search->nodes;
    tree->immediate = search->parents;
    search->nodes = search->parents = (struct packed){0};
    depth_first_deinit(search);
    if (!packed_init(&tree->blocks, tree->count, blocks) ||
        !packed_init(&tree->retained, tree->count, blocks) ||
        !packed_init(&tree->counts, tree->count, tree->count))
        return mph_fail_no_memory(err);
    sum_up(tree);
    return 0;
}

int dominators_init_within(struct dominators *tree, const struct root_words *roots,
                           uint32_t sources, struct mph_err *err)
{
    struct builder builder = {.tree = tree, .labels = &builder.search.behind};
    int rc = depth_first_init(&builder.search, roots, err);

    *tree = (struct dominators){.objects = roots->objects};
    if (rc < 0)
        return rc;
    rc = build(&builder, sources, err);
    packed_deinit(&builder.ancestors);
    packed_deinit(&builder.sources);
    if (rc == 0)
        rc = hand_over(&builder, err);
    depth_first_deinit(&builder.search);
    if (rc < 0)
        dominators_deinit(tree);
    return rc;
}

int dominators_init(struct dominators *tree, const struct root_words *roots, struct mph_err *err)
{
    return dominators_init_within(tree, roots, UINT32_MAX, err);
}

void dominators_deinit(struct dominators *tree)
{
    packed_deinit(&tree->blocks);
    packed_deinit(&tree->immediate);
    packed_deinit(&tree->retained);
    packed_deinit(&tree->counts);
    packed_deinit(&tree->nodes);
    *tree = (struct dominators){0};
}
