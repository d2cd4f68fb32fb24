// SPDX-License-Identifier: MIT
#include "graph/path.h"

#include <stdlib.h>

#include "graph/edges.h"

// --- root words ---

struct gathering {
    struct paths *paths;
    const struct path_search *search;
    enum path_rank wanted;
    bool is_out_of_memory;
};

static enum path_rank rank_of(const struct path_search *search, const struct root_word *word)
{
    if (search->rank)
        return search->rank(search->context, word);
    return word->set == ROOTS_STATE || word->set == ROOTS_TIMERS ? PATH_SURE : PATH_WEAK;
}

static void gather_word(void *context, const struct root_word *word)
{
    struct gathering *gathering = context;
    enum path_rank rank = rank_of(gathering->search, word);

    if (word->is_doubtful ? rank == PATH_LEFT_OUT : rank != gathering->wanted)
        return;
    struct root_word *slot = vec_add(&gathering->paths->words);
    if (slot)
        *slot = *word;
    else
        gathering->is_out_of_memory = true;
}

static void gather_rank(struct gathering *gathering, struct root_walk *walk, enum path_rank rank)
{
    gathering->wanted = rank;
    walk->unread = 0; // each rank reads the same words
    for (int set = 0; set < ROOTS_SETS; set++)
        root_words_each(&gathering->paths->roots, set, walk);
}

// --- the search ---

// A level is what is as many steps away from a root. Its nodes lie in `nodes` in order of
// rank, since those of a rank are found from the level before in one go.
struct level {
    size_t start;
    size_t ends[PATH_RANKS];
};

struct finder {
    struct paths *paths;
    struct edges edges;
};

static void reach(struct paths *paths, uint64_t block, size_t parent)
{
    uint8_t bit = (uint8_t)(1 << block % 8);

    if (paths->seen[block / 8] & bit)
        return;
    paths->seen[block / 8] |= bit;
    paths->nodes[paths->count++] = (struct path_node){(uint32_t)block, (uint32_t)parent};
}

// Whether words of a block may look like references and be none.
static bool is_loose(const struct objects *objects, uint64_t block)
{
    const struct kind *kind = objects_kind(objects, block);

    return !kind || (kind->is_block && kind->content == CONTENT_BYTES) ||
           kind_may_hold_anything(kind_number(kind));
}

enum { NODES_AHEAD = 8 }; // whose memory is on its way

static void expand(struct finder *finder, size_t node)
{
    struct paths *paths = finder->paths;
    uint64_t block = paths->nodes[node].block;
    struct edge edge;

    if (node + NODES_AHEAD < paths->count)
        edges_expect_block(&finder->edges, paths->nodes[node + NODES_AHEAD].block);
    if (block == paths->target)
        return;
    edges_begin_block(&finder->edges, block);
    while (edges_next(&finder->edges, &edge))
        reach(paths, edge.block, node);
}

static void expand_rank(struct finder *finder, const struct level *level, enum path_rank rank)
{
    const struct paths *paths = finder->paths;
    size_t start = rank == PATH_SURE ? level->start : level->ends[rank - 1];

    for (size_t i = level->start; rank == PATH_LOOSE && i < level->ends[PATH_SURE]; i++)
        if (is_loose(paths->objects, paths->nodes[i].block))
            expand(finder, i);
    for (size_t i = start; i < level->ends[rank]; i++)
        if (rank != PATH_SURE || !is_loose(paths->objects, paths->nodes[i].block))
            expand(finder, i);
}

static void search_from(struct finder *finder, struct level level)
{
    const struct paths *paths = finder->paths;

    while (level.start < paths->count) {
        struct level next = {.start = paths->count};

        for (int rank = 0; rank < PATH_RANKS; rank++) {
            expand_rank(finder, &level, rank);
            next.ends[rank] = paths->count;
        }
        level = next;
    }
}

static void reach_words(struct paths *paths, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        reach(paths, ((const struct root_word *)vec_at(&paths->words, i))->block, i);
}

static void search_certain(struct finder *finder, struct gathering *gathering,
                           struct root_walk *walk)
{
    struct paths *paths = finder->paths;
    struct level level = {.start = 0};

    for (int rank = 0; rank < PATH_RANKS; rank++) {
        size_t first = paths->words.len;

        gather_rank(gathering, walk, rank);
        reach_words(paths, first, paths->words.len);
        level.ends[rank] = paths->count;
    }
    paths->held = paths->count;
    search_from(finder, level);
    paths->certain = paths->count;
}

static void search_doubts(struct finder *finder, struct root_walk *walk)
{
    struct paths *paths = finder->paths;
    size_t first = paths->words.len;
    struct level level = {.start = paths->count};

    root_words_each_doubt(&paths->roots, walk);
    level.ends[PATH_SURE] = level.ends[PATH_LOOSE] = level.start;
    reach_words(paths, first, paths->words.len);
    level.ends[PATH_WEAK] = paths->held_in_doubt = paths->count;
    search_from(finder, level);
}

static int search_all(struct paths *paths, const struct path_search *search, struct mph_err *err)
{
    struct finder *finder = malloc(sizeof *finder);
    struct gathering gathering = {.paths = paths, .search = search};
    struct root_walk walk = {gather_word, &gathering, 0, 0};

    if (!finder)
        return mph_fail_no_memory(err);
    finder->paths = paths;
    edges_init(&finder->edges, paths->objects);
    search_certain(finder, &gathering, &walk);
    search_doubts(finder, &walk);
    paths->unread = walk.unread + finder->edges.unread;
    paths->unread_first = walk.unread ? walk.unread_first : finder->edges.unread_first;
    free(finder);
    return gathering.is_out_of_memory ? mph_fail_no_memory(err) : 0;
}

static int count_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    (void)block, (void)address, (void)bytes;
    ++*(size_t *)context;
    return 0;
}

int paths_init(struct paths *paths, const struct objects *objects, const struct path_search *search,
               struct mph_err *err)
{
    size_t heads = 0;

    objects_each_head(objects, &(struct head_walk){count_head, &heads});
    *paths = (struct paths){.objects = objects,
                            .words = VEC_OF(struct root_word),
                            .nodes = malloc((heads + 1) * sizeof *paths->nodes),
                            .target = search->target,
                            .seen = calloc((size_t)(objects->block_count / 8 + 1), 1)};
    int rc = paths->nodes && paths->seen ? edges_declare(objects, err) : mph_fail_no_memory(err);
    if (rc == 0)
        rc = root_words_find(&paths->roots, objects, err);
    if (rc == 0)
        rc = search_all(paths, search, err);
    if (rc < 0)
        paths_deinit(paths);
    return rc;
}

void paths_deinit(struct paths *paths)
{
    root_words_deinit(&paths->roots);
    vec_deinit(&paths->words);
    free(paths->nodes);
    free(paths->seen);
    *paths = (struct paths){0};
}

// --- answers ---

bool paths_find(const struct paths *paths, uint64_t block, size_t *ret_node)
{
    if (!(paths->seen[block / 8] >> block % 8 & 1))
        return false;
    for (size_t i = 0; i < paths->count; i++)
        if (paths->nodes[i].block == block) {
            *ret_node = i;
            return true;
        }
    return false;
}

// There is room for one block more: see path_trace_end.
int path_trace(const struct paths *paths, size_t node, struct path *ret, struct mph_err *err)
{
    struct path path = {.count = 1};
    size_t first = node;

    for (; !paths_is_held_by_root(paths, first); first = paths->nodes[first].parent)
        path.count++;
    path.root = *(const struct root_word *)vec_at(&paths->words, paths->nodes[first].parent);
    path.blocks = malloc((path.count + 1) * sizeof *path.blocks);
    if (!path.blocks)
        return mph_fail_no_memory(err);
    for (size_t i = path.count; i-- > 0; node = paths->nodes[node].parent)
        path.blocks[i] = paths->nodes[node].block;
    *ret = path;
    return 0;
}

void path_deinit(struct path *path)
{
    free(path->blocks);
    *path = (struct path){0};
}

size_t path_words(const struct objects *objects, uint64_t block, uint64_t head, uint64_t *ret,
                  size_t max)
{
    struct edges edges;
    struct edge edge;
    size_t count = 0;

    edges_init(&edges, objects);
    edges_begin_block(&edges, block);
    while (count < max && edges_next(&edges, &edge))
        if (edge.block == head)
            ret[count++] = edge.at;
    return count;
}

// --- holders of the target ---

static bool visit_words(const struct paths *paths, bool is_doubtful,
                        const struct path_end_walk *walk)
{
    for (size_t i = 0; i < paths->words.len; i++) {
        const struct root_word *word = vec_at(&paths->words, i);

        if (word->is_doubtful == is_doubtful && word->block == paths->target &&
            !walk->visit(walk->context, &(struct path_end){word, 0}))
            return false;
    }
    return true;
}

static bool visit_nodes(const struct paths *paths, size_t first, size_t end,
                        const struct path_end_walk *walk)
{
    uint64_t at;

    for (size_t i = first; i < end; i++) {
        uint32_t block = paths->nodes[i].block;

        if (block != paths->target && path_words(paths->objects, block, paths->target, &at, 1) &&
            !walk->visit(walk->context, &(struct path_end){NULL, i}))
            return false;
    }
    return true;
}

void paths_each_end(const struct paths *paths, const struct path_end_walk *walk)
{
    if (visit_words(paths, false, walk) && visit_nodes(paths, 0, paths->certain, walk) &&
        visit_words(paths, true, walk))
        visit_nodes(paths, paths->certain, paths->count, walk);
}

int path_trace_end(const struct paths *paths, const struct path_end *end, struct path *ret,
                   struct mph_err *err)
{
    struct path path = {.count = 0};
    int rc = 0;

    if (end->word)
        path = (struct path){*end->word, malloc(sizeof *path.blocks), 0};
    else
        rc = path_trace(paths, end->node, &path, err);
    if (rc < 0)
        return rc;
    if (!path.blocks)
        return mph_fail_no_memory(err);
    path.blocks[path.count++] = (uint32_t)paths->target;
    *ret = path;
    return 0;
}
