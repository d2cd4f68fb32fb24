// SPDX-License-Identifier: MIT
#include "report/diff_why.h"

#include <stdlib.h>
#include <string.h>

#include "report/chain.h"

struct asking {
    const struct diff_report *report;
    const struct objects *objects;
    struct root_names roots;
    char **lines;
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
    const struct chain chain = {asking->report->names, &asking->roots};
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
    uint64_t block;
    size_t node;
    int rc = 0;

    asking->is_complete = true;
    for (size_t i = 0; rc == 0 && i < asking->report->shown; i++) {
        uint64_t address = diff_holder(asking->report->diff, i)->address;

        if (asking->lines[i] || !objects_head_at(asking->objects, address, &block))
            continue;
        if (paths_find(paths, block, &node))
            rc = add_line(asking, paths, node, &asking->lines[i], err);
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

int diff_why(const struct diff_report *report, const struct session *session, char ***ret,
             struct mph_err *err)
{
    struct asking asking = {.report = report,
                            .objects = &session->objects,
                            .lines = calloc(report->shown + 1, sizeof(char *))};
    int rc = asking.lines ? 0 : mph_fail_no_memory(err);

    *ret = asking.lines;
    if (rc < 0 || !report->shown)
        return rc;
    rc = root_names_init(&asking.roots, session, err);
    if (rc < 0)
        return rc;
    rc = search(&asking, rank_lasting, err);
    if (rc == 0 && !asking.is_complete)
        rc = search(&asking, rank_any, err);
    root_names_deinit(&asking.roots);
    return rc;
}

void diff_why_free(const struct diff_report *report)
{
    for (size_t i = 0; report->whys && i < report->shown; i++)
        free(report->whys[i]);
    free(report->whys);
}
