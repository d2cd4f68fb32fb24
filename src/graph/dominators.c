// SPDX-License-Identifier: MIT
// T. Lengauer, R. E. Tarjan, "A fast algorithm for finding dominators in a flowgraph",
// ACM TOPLAS 1(1), 1979: the version with path compression alone, O(edges * log nodes).
//
// Two things of a depth-first search save memory. An edge to a node with a larger number
// comes from an ancestor, so it counts at once and need not be kept. And a node's parent
// is its ancestor in the forest as soon as it is linked, so that one array does for both.
#include "graph/dominators.h"

#include <stdlib.h>

#include "graph/edges.h"

struct builder {
    struct dominators *tree;
    uint32_t *parents; // by node: in the search; of linked nodes: ancestor in the forest
    uint32_t *semis;   // by node: semidominator, as far as it is known
    // By node: in the search, how many of its words were looked at; then, of all nodes on
    // the way to the root of its tree, the one whose semidominator is smallest.
    uint32_t *labels;
    uint32_t *buckets; // by node: the first of those whose semidominator it is; 0: none
    uint32_t *firsts;  // by node: place of the first of its sources
    uint32_t *sources; // of edges to a node with a smaller number
    uint32_t linked;   // nodes from this one on are in the forest
    struct edges edges;
    uint32_t at; // the node whose words are looked at
};

// --- the search ---

static void look_into(struct builder *builder, uint32_t node)
{
    const struct objects *objects = builder->tree->objects;
    uint64_t block = builder->tree->blocks[node];
    uint64_t done = (uint64_t)builder->labels[node] * objects->word;

    edges_begin(&builder->edges, objects_block_address(objects, block) + done,
                objects_block_bytes(objects, block) - done);
    builder->at = node;
}

static void leave(struct builder *builder, uint64_t word_address)
{
    const struct objects *objects = builder->tree->objects;
    uint64_t start = objects_block_address(objects, builder->tree->blocks[builder->at]);

    builder->labels[builder->at] = (uint32_t)((word_address - start) / objects->word + 1);
}

static void enter(struct builder *builder, uint64_t block, uint32_t parent)
{
    struct dominators *tree = builder->tree;
    uint32_t node = tree->count++;

    tree->blocks[node] = (uint32_t)block;
    tree->nodes[block] = node;
    builder->parents[node] = builder->semis[node] = parent;
    look_into(builder, node);
}

// An edge to a node that was reached before. Where it comes from an ancestor it says at
// once what it would say later; the others are counted.
static void pass(struct builder *builder, uint32_t from, uint32_t to)
{
    if (from > to)
        builder->firsts[to]++;
    else if (from < builder->semis[to])
        builder->semis[to] = from;
}

static void search_from(struct builder *builder, uint64_t block)
{
    const uint32_t *nodes = builder->tree->nodes;
    struct edge edge;

    enter(builder, block, 0);
    while (builder->at) {
        if (!edges_next(&builder->edges, &edge)) {
            if (builder->parents[builder->at])
                look_into(builder, builder->parents[builder->at]);
            else
                builder->at = 0;
        } else if (nodes[edge.block]) {
            pass(builder, builder->at, nodes[edge.block]);
        } else {
            leave(builder, edge.at);
            enter(builder, edge.block, builder->at);
        }
    }
}

static void begin_at_root(void *context, const struct root_word *word)
{
    struct builder *builder = context;
    uint32_t node = builder->tree->nodes[word->block];

    if (node)
        pass(builder, 0, node);
    else
        search_from(builder, word->block);
}

static void search(struct builder *builder, const struct root_words *roots)
{
    struct root_walk walk = {begin_at_root, builder, 0, 0};

    builder->tree->count = 1;
    for (int set = 0; set < ROOTS_SETS; set++)
        root_words_each(roots, set, &walk);
}

// --- sources by target ---

// From counts to places: each node's own end with the last of its sources, and filling
// brings them down to where they begin.
static uint32_t place_sources(struct builder *builder)
{
    uint64_t sum = 0;

    for (uint32_t node = 0; node < builder->tree->count; node++) {
        sum += builder->firsts[node];
        builder->firsts[node] = (uint32_t)sum;
    }
    builder->firsts[builder->tree->count] = (uint32_t)sum;
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

// In order of addresses: memory goes by once more, from its start to its end.
static int collect_from(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct builder *builder = context;
    const uint32_t *nodes = builder->tree->nodes;
    struct edge edge;

    if (!nodes[block])
        return 0;
    edges_begin(&builder->edges, address, bytes);
    while (edges_next(&builder->edges, &edge)) {
        uint32_t to = nodes[edge.block];

        // Memory that changes while it is read may have more edges than were counted.
        if (to && nodes[block] > to && builder->firsts[to])
            builder->sources[--builder->firsts[to]] = nodes[block];
    }
    return 0;
}

static int collect_sources(struct builder *builder, struct mph_err *err)
{
    uint32_t count = place_sources(builder);

    builder->sources = count < UINT32_MAX ? calloc((size_t)count + 1, sizeof(uint32_t)) : NULL;
    if (!builder->sources)
        return mph_fail_no_memory(err);
    objects_each_head(builder->tree->objects, &(struct head_walk){collect_from, builder});
    return 0;
}

// --- dominators ---

// Let all nodes on the way to the root of the tree hang from that root. The way down
// again is kept in the ancestors themselves, so it may be as long as it likes.
static void compress(struct builder *builder, uint32_t node)
{
    uint32_t *ancestors = builder->parents, *labels = builder->labels;
    uint32_t below = 0;

    while (ancestors[node] >= builder->linked) {
        uint32_t above = ancestors[node];

        ancestors[node] = below;
        below = node;
        node = above;
    }
    uint32_t root = ancestors[node];
    while (below) {
        uint32_t next = ancestors[below];

        if (builder->semis[labels[node]] < builder->semis[labels[below]])
            labels[below] = labels[node];
        ancestors[below] = root;
        node = below;
        below = next;
    }
}

static uint32_t evaluate(struct builder *builder, uint32_t node)
{
    if (node < builder->linked)
        return node;
    compress(builder, node);
    return builder->labels[node];
}

static void find_semidominator(struct builder *builder, uint32_t node)
{
    uint32_t *semis = builder->semis;

    for (uint32_t i = builder->firsts[node]; i < builder->firsts[node + 1]; i++) {
        uint32_t semi = semis[evaluate(builder, builder->sources[i])];

        if (semi < semis[node])
            semis[node] = semi;
    }
}

// Dominators of all whose semidominator is `parent`, or the nodes that have the same one.
// Until then `immediate` chains those that wait for it.
static void empty_bucket(struct builder *builder, uint32_t parent)
{
    uint32_t *immediate = builder->tree->immediate;
    uint32_t node = builder->buckets[parent];

    builder->buckets[parent] = 0;
    while (node) {
        uint32_t next = immediate[node], best = evaluate(builder, node);

        immediate[node] = builder->semis[best] < builder->semis[node] ? best : parent;
        node = next;
    }
}

static void find_dominators(struct builder *builder)
{
    struct dominators *tree = builder->tree;
    uint32_t *immediate = tree->immediate;

    for (uint32_t node = 0; node < tree->count; node++)
        builder->labels[node] = node;
    for (uint32_t node = tree->count - 1; node > 0; node--) {
        uint32_t parent = builder->parents[node];

        builder->linked = node + 1;
        find_semidominator(builder, node);
        immediate[node] = builder->buckets[builder->semis[node]];
        builder->buckets[builder->semis[node]] = node;
        builder->linked = node;
        empty_bucket(builder, parent);
    }
    for (uint32_t node = 1; node < tree->count; node++) {
        if (immediate[node] != builder->semis[node])
            immediate[node] = immediate[immediate[node]];
        if (immediate[node] >= node) // only of memory that changed while it was read
            immediate[node] = 0;
    }
}

// --- sizes ---

static int measure_node(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct dominators *tree = context;

    (void)address;
    if (tree->nodes[block])
        tree->retained[tree->nodes[block]] = (uint32_t)(bytes >> tree->objects->block_shift);
    return 0;
}

static void sum_up(struct dominators *tree)
{
    objects_each_head(tree->objects, &(struct head_walk){measure_node, tree});
    for (uint32_t node = tree->count - 1; node > 0; node--) {
        uint32_t above = tree->immediate[node];

        tree->counts[node]++;
        tree->retained[above] += tree->retained[node];
        tree->counts[above] += tree->counts[node];
    }
}

// --- the whole ---

static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    (void)block, (void)address, (void)bytes;
    ++*(size_t *)context;
    return 0;
}

static bool allocate(uint32_t **const *arrays, size_t count, size_t elements)
{
    bool is_complete = true;

    for (size_t i = 0; i < count; i++) {
        *arrays[i] = calloc(elements, sizeof(uint32_t));
        is_complete &= *arrays[i] != NULL;
    }
    return is_complete;
}

static int start(struct builder *builder, struct mph_err *err)
{
    struct dominators *tree = builder->tree;
    uint32_t **const arrays[] = {&tree->blocks,   &tree->immediate, &builder->parents,
                                 &builder->semis, &builder->labels, &builder->buckets,
                                 &builder->firsts};
    size_t heads = 0;

    objects_each_head(tree->objects, &(struct head_walk){count_head, &heads});
    tree->nodes = calloc((size_t)tree->objects->block_count + 1, sizeof *tree->nodes);
    if (!allocate(arrays, sizeof arrays / sizeof *arrays, heads + 2) || !tree->nodes)
        return mph_fail_no_memory(err);
    edges_init(&builder->edges, tree->objects);
    return 0;
}

static void finish(struct builder *builder)
{
    free(builder->parents);
    free(builder->semis);
    free(builder->labels);
    free(builder->buckets);
    free(builder->firsts);
    free(builder->sources);
}

static int build(struct builder *builder, const struct root_words *roots, struct mph_err *err)
{
    int rc = start(builder, err);

    if (rc < 0)
        return rc;
    search(builder, roots);
    rc = collect_sources(builder, err);
    if (rc == 0)
        find_dominators(builder);
    return rc;
}

int dominators_init(struct dominators *tree, const struct root_words *roots, struct mph_err *err)
{
    struct builder builder = {.tree = tree};
    uint32_t **const arrays[] = {&tree->retained, &tree->counts};

    *tree = (struct dominators){.objects = roots->objects};
    int rc = build(&builder, roots, err);
    finish(&builder);
    if (rc == 0 && !allocate(arrays, 2, tree->count))
        rc = mph_fail_no_memory(err);
    if (rc < 0)
        dominators_deinit(tree);
    else
        sum_up(tree);
    return rc;
}

void dominators_deinit(struct dominators *tree)
{
    free(tree->blocks);
    free(tree->immediate);
    free(tree->retained);
    free(tree->counts);
    free(tree->nodes);
    *tree = (struct dominators){0};
}
