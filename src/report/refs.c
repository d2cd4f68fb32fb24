// SPDX-License-Identifier: MIT
// What points at an object.
#include "graph/refs.h"

#include <inttypes.h>

#include "base/parse.h"
#include "graph/mark.h"
#include "object/meaning.h"
#include "report/address.h"
#include "report/chain.h"
#include "report/column.h"
#include "report/dot.h"
#include "report/hop.h"

enum { DEPTH_MAX = 16, TOP_MAX = 1000000, DEFAULT_TOP = 200 };

struct refs_options {
    struct address_options address; // first: address_argp's parser knows no more
    uint64_t depth, top;
    bool has_depth, has_top;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct refs_options *options = state->input;

    switch (key) {
    case 'd':
        options->has_depth = true;
        if (!parse_uint(argument, &options->depth) || !options->depth || options->depth > DEPTH_MAX)
            options->address.problem = "--depth: not a number from 1 to 16";
        return 0;
    case 'n':
        options->has_top = true;
        if (!parse_uint(argument, &options->top) || !options->top || options->top > TOP_MAX)
            options->address.problem = "--top: not a number from 1 to 1000000";
        return 0;
    default:
        return address_argp.parser(key, argument, state);
    }
}

static const struct argp_option option_table[] = {
    {"depth", 'd', "N", 0, "What points at that, too, and so on, N levels (1)", 0},
    {"top", 'n', "N", 0, "The first N of them, the nearest first (200)", 0},
    {0}};

static const struct argp refs_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- JSON ---

struct view {
    const struct objects *objects;
    struct names names;
    struct root_names roots;
    struct mark mark;
    struct refs refs;
    uint64_t block;
};

static json_t *title_json(const struct view *view, uint64_t block)
{
    struct text text;

    text_init(&text, NULL);
    meaning_add_title(&view->names, block, &text);
    json_t *json = json_text(text.bytes ? text.bytes : "");
    text_deinit(&text);
    return json;
}

static void set_root(const struct view *view, const struct root_word *word, json_t *document)
{
    struct text name;

    text_init(&name, NULL);
    root_names_add(&view->roots, word, &name);
    json_object_set_new(document, "by", json_text(name.bytes ? name.bytes : ""));
    json_object_set_new(document, "exact", json_boolean(word->set == ROOTS_STATE));
    json_object_set_new(document, "set", json_string(root_set_name(word->set)));
    json_object_set_new(document, "kept", json_boolean(!word->is_doubtful));
    text_deinit(&name);
}

static void set_block(const struct view *view, const struct ref *ref, json_t *document)
{
    struct hop hop;

    hop_describe(&view->names, ref->block, ref->at, BLOCK_NOBODY, false, &hop);
    json_object_set_new(document, "by", json_text(hop.by.bytes ? hop.by.bytes : ""));
    json_object_set_new(document, "exact", json_boolean(hop.is_exact));
    json_object_set_new(document, "address",
                        json_address(objects_block_address(view->objects, ref->block)));
    json_object_set_new(document, "title", title_json(view, ref->block));
    json_object_set_new(document, "kept", json_boolean(mark_keeps(&view->mark, ref->block)));
    hop_deinit(&hop);
}

static json_t *ref_json(const struct view *view, const struct ref *ref)
{
    json_t *document = json_pack("{s:I, s:o}", "depth", (json_int_t)ref->depth, "target_address",
                                 json_address(objects_block_address(view->objects, ref->target)));

    if (!document)
        return NULL;
    if (ref->at)
        json_object_set_new(document, "word_address", json_address(ref->at));
    if (ref->block == BLOCK_NOBODY)
        set_root(view, &ref->root, document);
    else
        set_block(view, ref, document);
    return document;
}

static json_t *view_json(const struct view *view, uint64_t address)
{
    json_t *list = json_array();

    for (size_t i = 0; i < view->refs.list.len; i++)
        json_array_append_new(list, ref_json(view, refs_at(&view->refs, i)));
    return json_pack(
        "{s:o, s:o, s:I, s:o, s:I, s:o}", "address", json_address(address), "block_address",
        json_address(objects_block_address(view->objects, view->block)), "bytes",
        (json_int_t)objects_block_bytes(view->objects, view->block), "title",
        title_json(view, view->block), "count", (json_int_t)view->refs.count, "refs", list);
}

// --- text ---

static void write_ref(const json_t *ref, int width, struct text *text)
{
    const char *title = json_string_of(ref, "title"), *how = "root";
    bool is_root = !*json_string_of(ref, "address");

    if (!is_root)
        how = json_is_true(json_object_get(ref, "exact")) ? "exact" : "word";
    text_printf(text, "%5d  %-10s  %-10s  %-5s  %-*s",
                (int)json_integer_value(json_object_get(ref, "depth")),
                json_string_of(ref, "word_address"), json_string_of(ref, "target_address"), how,
                is_root ? 0 : width, json_string_of(ref, "by"));
    if (!is_root)
        text_printf(text, "  %s%s", title,
                    json_is_true(json_object_get(ref, "kept")) ? "" : " (garbage)");
    text_putc(text, '\n');
}

static void write_text(const json_t *document, struct text *text)
{
    const json_t *list = json_object_get(document, "refs"), *ref;
    long long count = json_integer_value(json_object_get(document, "count"));
    int width = column_width(list, "by", 12);
    size_t i;

    text_printf(text, "%s: %s, %lld bytes\n", json_string_of(document, "block_address"),
                json_string_of(document, "title"),
                (long long)json_integer_value(json_object_get(document, "bytes")));
    if (!count)
        text_puts(text, "nothing points at it\n");
    else
        text_printf(text, "depth  %-10s  %-10s  %-5s  %-*s  in\n", "word", "points at", "how",
                    width, "by");
    json_array_foreach(list, i, ref)
    {
        write_ref(ref, width, text);
    }
    if ((size_t)count > json_array_size(list))
        text_printf(text, "%lld more are left out (--top)\n",
                    count - (long long)json_array_size(list));
}

// --- the report ---

static void note_unread(const struct refs *refs, struct output *output)
{
    if (refs->unread)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " bytes could not be read, the first at 0x%" PRIx64
                  ": what points from there is not seen",
                  refs->unread, refs->unread_first);
}

static int write(const struct view *view, const struct refs_options *options, struct output *output,
                 struct mph_err *err)
{
    json_t *document = view_json(view, options->address.address);

    note_unread(&view->refs, output);
    if (output->is_json)
        return output_json(output, document, err);
    if (!document)
        return mph_fail_no_memory(err);
    if (output->is_dot)
        dot_refs(document, output);
    else
        write_text(document, output->text);
    json_decref(document);
    return 0;
}

static int answer(struct view *view, const struct refs_options *options, struct output *output,
                  struct mph_err *err)
{
    uint64_t offset, address = options->address.address;

    if (!objects_find_head(view->objects, address, &view->block, &offset))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, address,
                           "refs: 0x%" PRIx64 " lies in no allocation (whatis says what is there)",
                           address);
    struct refs_query query = {view->block, options->has_depth ? (unsigned)options->depth : 1,
                               options->has_top ? (size_t)options->top : DEFAULT_TOP};
    int rc = refs_find(&view->refs, view->objects, &query, err);
    if (rc < 0)
        return rc;
    rc = write(view, options, output, err);
    refs_deinit(&view->refs);
    return rc;
}

static int open_view(struct view *view, const struct session *session, struct mph_err *err)
{
    int rc = names_init(&view->names, view->objects, err);

    if (rc < 0)
        return rc;
    rc = root_names_init(&view->roots, session, err);
    if (rc == 0) {
        rc = mark_init(&view->mark, view->objects, err);
        if (rc < 0)
            root_names_deinit(&view->roots);
    }
    if (rc < 0)
        names_deinit(&view->names);
    return rc;
}

static int run_refs(struct session *session, const void *raw_options, struct output *output,
                    struct mph_err *err)
{
    const struct refs_options *options = raw_options;
    struct view view = {.objects = &session->objects};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = open_view(&view, session, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    rc = answer(&view, options, output, err);
    mark_deinit(&view.mark);
    root_names_deinit(&view.roots);
    names_deinit(&view.names);
    return rc;
}

const struct report report_refs = {
    .name = "refs",
    .arguments = "ADDR",
    .summary = "everything that points at an object",
    .help = "Every word of the heap and of the roots that holds the address of the allocation at "
            "or around an address: by the member or entry that it is, or as a word that may only "
            "look like a pointer. What nothing leads to is marked as garbage. Over a link it "
            "reads all of the heap in use.",
    .argp = &refs_argp,
    .options_size = sizeof(struct refs_options),
    .has_dot = true,
    .check = address_check,
    .run = run_refs,
};
