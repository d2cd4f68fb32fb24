// SPDX-License-Identifier: MIT
#include "report/retainers.h"

#include <inttypes.h>

#include "gc/numbers.h"
#include "object/meaning.h"
#include "object/tally.h"

// --- loading ---

static int retain(struct retainers *ret, struct mph_err *err)
{
    struct root_words roots;
    int rc = root_words_find(&roots, ret->objects, err);

    if (rc < 0)
        return rc;
    rc = retained_init(&ret->retained, &roots, err);
    root_words_deinit(&roots);
    return rc;
}

int retainers_init(struct retainers *ret, const struct session *session, struct mph_err *err)
{
    const struct objects *objects = &session->objects;
    struct gc_numbers numbers;

    *ret = (struct retainers){.objects = objects};
    gc_numbers(objects->heap, &numbers);
    ret->used_bytes = numbers.used_bytes;
    int rc = mark_init(&ret->mark, objects, err);
    if (rc == 0)
        rc = retain(ret, err);
    if (rc == 0)
        rc = names_init(&ret->names, objects, err);
    if (rc == 0)
        rc = root_names_init(&ret->root_names, session, err);
    if (rc < 0)
        retainers_deinit(ret);
    return rc;
}

void retainers_deinit(struct retainers *retainers)
{
    root_names_deinit(&retainers->root_names);
    names_deinit(&retainers->names);
    retained_deinit(&retainers->retained);
    mark_deinit(&retainers->mark);
}

// --- names ---

static uint64_t block_of(const struct retainers *retainers, uint32_t node)
{
    return dominators_block(&retainers->retained.tree, node);
}

void retainers_add(const struct retainers *retainers, uint32_t node, struct text *text)
{
    meaning_add_title(&retainers->names, block_of(retainers, node), text);
}

// --- columns ---

const char retainers_heading[] = "  retained  share        own   count  address";

void retainers_add_columns(const struct retainers *retainers, uint32_t node, struct text *text)
{
    const struct retained *retained = &retainers->retained;
    uint64_t bytes = dominators_bytes(&retained->tree, node);

    text_printf(text, "%10" PRIu64 " %5.1f%% %10" PRIu64 " %7" PRIu32 "  0x%08" PRIx64 "  ", bytes,
                retainers->used_bytes ? 100.0 * (double)bytes / (double)retainers->used_bytes : 0,
                retained_own_bytes(retained, node), dominators_count(&retained->tree, node),
                objects_block_address(retainers->objects, block_of(retainers, node)));
}

// --- JSON ---

json_t *retainers_json(const struct retainers *retainers, uint32_t node)
{
    const struct retained *retained = &retainers->retained;
    const struct objects *objects = retainers->objects;
    uint64_t block = block_of(retainers, node);
    struct text what;

    text_init(&what, NULL);
    retainers_add(retainers, node, &what);
    json_t *document = json_pack("{s:o, s:o, s:o, s:I, s:I, s:I}", "address",
                                 json_address(objects_block_address(objects, block)), "what",
                                 json_text(what.bytes ? what.bytes : ""), "type",
                                 json_text(block_type_name(objects, block)), "retained_bytes",
                                 (json_int_t)dominators_bytes(&retained->tree, node), "own_bytes",
                                 (json_int_t)retained_own_bytes(retained, node), "count",
                                 (json_int_t)dominators_count(&retained->tree, node));
    text_deinit(&what);
    return document;
}

static json_t *root_json(const struct retainers *retainers, const struct root_word *word)
{
    struct text name;

    text_init(&name, NULL);
    root_names_add(&retainers->root_names, word, &name);
    json_t *document =
        json_pack("{s:o, s:s, s:o}", "name", json_text(name.bytes ? name.bytes : ""), "set",
                  root_set_name(word->set), word->reg ? "register" : "address",
                  word->reg ? json_text(word->reg) : json_address(word->at));
    text_deinit(&name);
    return document;
}

json_t *retainers_roots_json(const struct retainers *retainers, uint32_t node)
{
    const struct root_of *roots;
    size_t count = retained_roots(&retainers->retained, node, &roots);
    json_t *list = json_array();

    for (size_t i = 0; i < count && i < RETAINERS_ROOTS_MAX; i++)
        json_array_append_new(list, root_json(retainers, &roots[i].word));
    return list;
}
