// SPDX-License-Identifier: MIT
// Who keeps an object alive.
#include <inttypes.h>

#include "base/parse.h"
#include "object/meaning.h"
#include "report/address.h"
#include "report/chain.h"
#include "report/dot.h"
#include "report/why_text.h"

enum { ALL_MAX = 1000 };

struct why_options {
    struct address_options address; // first: address_argp's parser knows no more
    uint64_t all;
    bool has_all;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct why_options *options = state->input;

    if (key != 'a')
        return address_argp.parser(key, argument, state);
    options->has_all = true;
    if (!parse_uint(argument, &options->all) || !options->all || options->all > ALL_MAX)
        options->address.problem = "--all: not a number from 1 to 1000";
    return 0;
}

static const struct argp_option option_table[] = {
    {"all", 'a', "N", 0, "Up to N paths, each by another holder, the shortest first", 0}, {0}};

static const struct argp why_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- gathering ---

struct why {
    const struct objects *objects;
    struct names names;
    struct root_names roots;
    uint64_t block;
    uint64_t all;         // paths that are wanted; 0: the shortest
    uint64_t holders;     // in all
    enum path_rank limit; // of roots: those of this rank and worse are left out
    const char *verdict;
    json_t *paths;
};

static void add_path(struct why *why, const struct path *path)
{
    const struct chain chain = {&why->names, &why->roots};

    json_array_append_new(why->paths, chain_json(&chain, path));
}

static bool is_all_known(const struct paths *paths)
{
    for (int set = 0; set < ROOTS_SETS; set++)
        if (paths->roots.sets[set].found == ROOTS_MISSING ||
            paths->roots.sets[set].found == ROOTS_PARTLY)
            return false;
    return !paths->unread;
}

static const char *verdict_of(struct why *why, const struct path *path)
{
    static const char *const verdicts[] = {
        [PATH_SURE] = "kept", [PATH_LOOSE] = "running", [PATH_WEAK] = "stale"};

    return path->root.is_doubtful ? "doubtful"
                                  : verdicts[root_names_rank(&why->roots, &path->root)];
}

static enum path_rank rank_below(void *context, const struct root_word *word)
{
    struct why *why = context;
    enum path_rank rank = root_names_rank(&why->roots, word);

    return rank < why->limit ? rank : PATH_LEFT_OUT;
}

struct ends {
    struct why *why;
    const struct paths *paths;
};

static bool add_end(void *context, const struct path_end *end)
{
    const struct ends *ends = context;
    struct path path;

    if (ends->why->holders++ >= ends->why->all || path_trace_end(ends->paths, end, &path, NULL) < 0)
        return true;
    add_path(ends->why, &path);
    path_deinit(&path);
    return true;
}

static void note_unknown(const struct paths *paths, struct output *output)
{
    for (int set = 0; set < ROOTS_SETS; set++)
        if (paths->roots.sets[set].why)
            notes_add(&output->notes, "roots: %s: %s: what only they lead to is not seen",
                      root_set_name(set), paths->roots.sets[set].why);
    if (paths->unread)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " bytes could not be read, the first at 0x%" PRIx64
                  ": what only they lead to is not seen",
                  paths->unread, paths->unread_first);
}

// What is said once, of the search from all roots.
static void add_all(struct why *why, const struct paths *paths, bool is_found,
                    struct output *output)
{
    note_unknown(paths, output);
    if (!is_found)
        why->verdict = is_all_known(paths) ? "garbage" : "unknown";
    if (why->all)
        paths_each_end(paths, &(struct path_end_walk){add_end, &(struct ends){why, paths}});
}

// The shortest path from roots below the limit; none has a count of 0.
static int find_shortest(struct why *why, struct output *output, struct path *ret,
                         struct mph_err *err)
{
    struct path_search search = {why->block, rank_below, why};
    struct paths paths;
    size_t node;
    int rc = paths_init(&paths, why->objects, &search, err);

    if (rc < 0)
        return rc;
    bool is_found = paths_find(&paths, why->block, &node);
    if (why->limit == PATH_RANKS)
        add_all(why, &paths, is_found, output);
    *ret = (struct path){.count = 0};
    if (is_found)
        rc = path_trace(&paths, node, ret, err);
    paths_deinit(&paths);
    return rc;
}

// A word of the stack, left over or not, is the shortest path to much. Where something that
// lasts longer leads there, too, that is the answer, and comes first.
static int gather(struct why *why, struct output *output, struct mph_err *err)
{
    struct path found[PATH_RANKS];
    size_t count = 0;
    int rc;

    do {
        rc = find_shortest(why, output, &found[count], err);
        if (rc < 0 || !found[count].count)
            break;
        why->verdict = verdict_of(why, &found[count]);
        why->limit = root_names_rank(&why->roots, &found[count].root);
    } while (!found[count++].root.is_doubtful && why->limit > PATH_SURE);
    while (count-- > 0) {
        if (!why->all)
            add_path(why, &found[count]);
        path_deinit(&found[count]);
    }
    return rc;
}

// --- the report ---

static json_t *document_of(const struct why *why, uint64_t address)
{
    struct text title;

    text_init(&title, NULL);
    meaning_add_title(&why->names, why->block, &title);
    json_t *document = json_pack(
        "{s:o, s:o, s:I, s:o, s:s, s:O}", "address", json_address(address), "block_address",
        json_address(objects_block_address(why->objects, why->block)), "bytes",
        (json_int_t)objects_block_bytes(why->objects, why->block), "title",
        json_text(title.bytes ? title.bytes : ""), "verdict", why->verdict, "paths", why->paths);
    if (document && why->all)
        json_object_set_new(document, "holder_count", json_integer((json_int_t)why->holders));
    text_deinit(&title);
    return document;
}

static int write(struct why *why, const struct why_options *options, struct output *output,
                 struct mph_err *err)
{
    json_t *document = document_of(why, options->address.address);

    if (!document)
        return mph_fail_no_memory(err);
    if (output->is_dot)
        dot_why(document, output);
    else if (output->is_json)
        return output_json(output, document, err);
    else
        why_text(document, output->text);
    json_decref(document);
    return 0;
}

static int answer(struct why *why, const struct why_options *options, struct output *output,
                  struct mph_err *err)
{
    uint64_t offset, address = options->address.address;

    if (!objects_find_head(why->objects, address, &why->block, &offset))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, address,
                           "why: 0x%" PRIx64 " lies in no allocation (whatis says what is there)",
                           address);
    int rc = gather(why, output, err);
    if (rc == 0)
        rc = write(why, options, output, err);
    if (rc == 0)
        rc = json_array_size(why->paths) == 0;
    return rc;
}

static int run_why(struct session *session, const void *raw_options, struct output *output,
                   struct mph_err *err)
{
    const struct why_options *options = raw_options;
    struct why why = {.objects = &session->objects,
                      .all = options->has_all ? options->all : 0,
                      .limit = PATH_RANKS,
                      .paths = json_array()};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = names_init(&why.names, &session->objects, err);
    if (rc == 0) {
        report_common_notes(session, output);
        rc = root_names_init(&why.roots, session, err);
        if (rc == 0) {
            rc = answer(&why, options, output, err);
            root_names_deinit(&why.roots);
        }
        names_deinit(&why.names);
    }
    json_decref(why.paths);
    return rc;
}

const struct report report_why = {
    .name = "why",
    .arguments = "ADDR",
    .summary = "who keeps an object alive: the shortest path from a root",
    .help = "The shortest way from a root to the allocation at or around an address, over every "
            "word that the collector takes for a pointer, each step by the member or entry that "
            "it is. Exit status 1 when nothing leads there: a collection frees it. Over a link "
            "it reads all of the heap in use.",
    .argp = &why_argp,
    .options_size = sizeof(struct why_options),
    .has_dot = true,
    .check = address_check,
    .run = run_why,
};
