// SPDX-License-Identifier: MIT
#include "report/why_lines.h"

#include <stdlib.h>
#include <string.h>

#include "report/chain.h"

struct asking {
    const struct objects *objects;
    const struct names *names;
    struct root_names roots;
    const uint64_t *addresses;
    struct why_lines *whys;
    bool is_complete;
};

static enum path_rank rank_lasting(void *context, const struct root_word *word)
{
    struct asking *asking = context;

    return root_names_rank(&asking->roots, word) == PATH_SURE ? PATH_SURE : PATH_LEFT_OUT;
}

static enum path_rank rank_any(void *context, const struct root_word *word)
{
    struct asking *asking = context;

    return root_names_rank(&asking->roots, word);
}

static int add_line(struct asking *asking, const struct paths *paths, size_t node, char **ret,
                    struct mph_err *err)
{
    const struct chain chain = {asking->names, &asking->roots};
    struct path path;
    int rc = path_trace(paths, node, &path, err);

    if (rc < 0)
        return rc;
    json_t *document = chain_json(&chain, &path);
    *ret = document ? strdup(json_string_of(document, "line")) : NULL;
    json_decref(document);
    path_deinit(&path);
    return *ret ? 0 : mph_fail_no_memory(err);
}

static int add_lines(struct asking *asking, const struct paths *paths, struct mph_err *err)
{
    char **lines = asking->whys->lines;
    uint64_t block;
    size_t node;
    int rc = 0;

    asking->is_complete = true;
    for (size_t i = 0; rc == 0 && i < asking->whys->count; i++) {
        if (lines[i] || !objects_head_at(asking->objects, asking->addresses[i], &block))
            continue;
        if (paths_find(paths, block, &node))
            rc = add_line(asking, paths, node, &lines[i], err);
        else
            asking->is_complete = false;
    }
    return rc;
}

static int search(struct asking *asking,
                  enum path_rank (*rank)(void *context, const struct root_word *word),
                  struct mph_err *err)
{
    struct path_search search = {BLOCK_NOBODY, rank, asking};
    struct paths paths;
    int rc = paths_init(&paths, asking->objects, &search, err);

    if (rc < 0)
        return rc;
    rc = add_lines(asking, &paths, err);
    paths_deinit(&paths);
    return rc;
}

int why_lines_init(struct why_lines *ret, const struct session *session, const struct names *names,
                   const uint64_t *addresses, size_t count, struct mph_err *err)
{
    struct asking asking = {
        .objects = &session->objects, .names = names, .addresses = addresses, .whys = ret};

    *ret = (struct why_lines){0};
    if (!count)
        return 0;
    ret->lines = calloc(count, sizeof(char *));
    if (!ret->lines)
        return mph_fail_no_memory(err);
    ret->count = count;
    int rc = root_names_init(&asking.roots, session, err);
    if (rc < 0)
        return rc;
    rc = search(&asking, rank_lasting, err);
    if (rc == 0 && !asking.is_complete)
        rc = search(&asking, rank_any, err);
    root_names_deinit(&asking.roots);
    return rc;
}

void why_lines_deinit(struct why_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->lines[i]);
    free(lines->lines);
    *lines = (struct why_lines){0};
}
