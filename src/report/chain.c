// SPDX-License-Identifier: MIT
#include "report/chain.h"

#include <inttypes.h>
#include <string.h>

#include "object/meaning.h"
#include "report/hop.h"

static const struct objects *objects_of(const struct chain *chain)
{
    return chain->names->objects;
}

static json_t *text_json(struct text *text)
{
    json_t *json = json_text(text->bytes ? text->bytes : "");

    text_deinit(text);
    return json;
}

static json_t *title_json(const struct chain *chain, uint64_t block)
{
    struct text title;

    text_init(&title, NULL);
    meaning_add_title(chain->names, block, &title);
    return text_json(&title);
}

json_t *chain_root_json(const struct chain *chain, const struct root_word *word)
{
    struct text name;

    text_init(&name, NULL);
    root_names_add(chain->roots, word, &name);
    json_t *document =
        json_pack("{s:s, s:o}", "set", root_set_name(word->set), "name", text_json(&name));
    if (document && word->reg)
        json_object_set_new(document, "register", json_text(word->reg));
    else if (document)
        json_object_set_new(document, "word_address", json_address(word->at));
    return document;
}

// --- one path ---

struct walk {
    const struct chain *chain;
    const struct path *path;
    uint64_t space, of; // the dict of names that was met last, and whose it is
    struct text line;
    json_t *steps;
};

static bool is_last(const struct walk *walk, size_t step)
{
    return step + 1 == walk->path->count;
}

// An object in mp_state_ctx goes by the name of the whole, and what holds its table is said
// by the next step.
static size_t root_length(const struct walk *walk, const struct text *name)
{
    static const char *const parts[] = {".map.table", ".items"};
    const struct objects *objects = objects_of(walk->chain);
    uint64_t owner = objects_owner(objects, walk->path->blocks[0]);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t length = strlen(parts[i]);

        if (!is_last(walk, 0) && objects_outside(objects, owner) && name->len > length &&
            !strcmp(name->bytes + name->len - length, parts[i]))
            return name->len - length;
    }
    return name->len;
}

static void add_step(struct walk *walk, json_t *step, uint64_t block, const char *by, bool is_exact)
{
    const struct objects *objects = objects_of(walk->chain);

    json_object_set_new(step, "address", json_address(objects_block_address(objects, block)));
    json_object_set_new(step, "by", json_text(by));
    json_object_set_new(step, "exact", json_boolean(is_exact));
    json_object_set_new(step, "title", title_json(walk->chain, block));
    json_array_append_new(walk->steps, step);
}

static void add_root(struct walk *walk)
{
    const struct root_word *word = &walk->path->root;
    json_t *step =
        word->reg ? json_object() : json_pack("{s:o}", "word_address", json_address(word->at));
    struct text name;

    text_init(&name, NULL);
    root_names_add(walk->chain->roots, word, &name);
    text_add(&walk->line, name.bytes, root_length(walk, &name));
    add_step(walk, step, walk->path->blocks[0], name.bytes, word->set == ROOTS_STATE);
    text_deinit(&name);
}

// The step from block `i - 1` to block `i` of the path. What only leads into an object, or
// from a module to the dict of its names, is not worth a word of the line.
static void add_hop(struct walk *walk, size_t i)
{
    const struct objects *objects = objects_of(walk->chain);
    uint64_t block = walk->path->blocks[i - 1], head = walk->path->blocks[i];
    bool is_space = hop_is_namespace(objects, block, head);
    bool is_known = walk->space != BLOCK_NOBODY && hop_object(objects, block) == walk->space;
    bool is_bare = i == 1 && walk->path->root.set == ROOTS_STATE &&
                   objects_outside(objects, objects_owner(objects, block));
    struct hop hop;

    hop_find(walk->chain->names, block, head, is_known ? walk->of : BLOCK_NOBODY, is_bare, &hop);
    if (is_last(walk, i) || !(is_space || hop_is_inside(objects, block, head)))
        text_printf(&walk->line, " -> %s%s", hop.by.bytes,
                    hop.is_exact ? "" : " (looks like the address)");
    if (is_space) {
        walk->space = head;
        walk->of = block;
    }
    add_step(walk, json_pack("{s:o}", "word_address", json_address(hop.at)), head, hop.by.bytes,
             hop.is_exact);
    hop_deinit(&hop);
}

static size_t skip_steps(struct walk *walk)
{
    size_t count = walk->path->count - CHAIN_STEPS_MAX;

    text_printf(&walk->line, " -> (%zu steps) ", count);
    json_array_append_new(walk->steps, json_pack("{s:I}", "left_out", (json_int_t)count));
    return CHAIN_STEPS_MAX / 2 + count;
}

json_t *chain_json(const struct chain *chain, const struct path *path)
{
    struct walk walk = {.chain = chain, .path = path, .space = BLOCK_NOBODY, .steps = json_array()};

    text_init(&walk.line, NULL);
    add_root(&walk);
    for (size_t i = 1; i < path->count; i++) {
        if (i == CHAIN_STEPS_MAX / 2 && path->count > CHAIN_STEPS_MAX)
            i = skip_steps(&walk);
        add_hop(&walk, i);
    }
    return json_pack("{s:o, s:o, s:I, s:o}", "line", text_json(&walk.line), "root",
                     chain_root_json(chain, &path->root), "length", (json_int_t)path->count,
                     "steps", walk.steps);
}
