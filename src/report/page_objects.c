// SPDX-License-Identifier: MIT
#include "report/page_objects.h"

#include <string.h>

#include "graph/forest.h"
#include "report/hop.h"
#include "report/page_fit.h"
#include "report/part.h"
#include "report/root_name.h"
#include "report/table.h"

// Keys of a line, in the order of the report.
enum key {
    KEY_ADDRESS,
    KEY_BLOCKS,
    KEY_BYTES,
    KEY_KIND,
    KEY_LETTER,
    KEY_TYPE,
    KEY_HELPER_BYTES,
    KEY_NAME,
    KEY_VALUE,
    KEY_HOLDER,
    KEY_OWNER,
    KEYS
};

static const struct {
    const char *name;
    enum table_form form;
} keys[KEYS] = {
    [KEY_ADDRESS] = {"address", TABLE_ADDRESSES},
    [KEY_BLOCKS] = {"blocks", TABLE_NUMBERS},
    [KEY_BYTES] = {"bytes", TABLE_NUMBERS},
    [KEY_KIND] = {"kind", TABLE_WORDS},
    [KEY_LETTER] = {"letter", TABLE_WORDS},
    [KEY_TYPE] = {"type", TABLE_WORDS},
    [KEY_HELPER_BYTES] = {"helper_bytes", TABLE_NUMBERS},
    [KEY_NAME] = {"name", TABLE_LINES},
    [KEY_VALUE] = {"value", TABLE_LINES},
    [KEY_HOLDER] = {"holder", TABLE_WORDS},
    [KEY_OWNER] = {"owner_address", TABLE_ADDRESSES},
};

struct rows {
    struct table table;
    size_t columns[KEYS], held_by, hop;
    struct names names;
    struct root_names roots;
    struct forest forest;
    uint64_t budget; // words that may be gone through for a better step than the first one
    json_t *summary;
    size_t room; // bytes of the page
    struct vec *notes;
};

// --- the step from what holds it ---

// What is known to refer to it is the better word than the first, where there are several. To
// look for it takes all words of the holder.
static void find_hop(struct rows *rows, uint64_t block, uint64_t head, uint64_t at, uint64_t of,
                     bool is_bare, struct hop *ret)
{
    uint64_t words = objects_block_bytes(rows->names.objects, block) / rows->names.objects->word;

    hop_describe(&rows->names, block, at, of, is_bare, ret);
    if (ret->is_exact || words > rows->budget)
        return;
    rows->budget -= words;
    hop_deinit(ret);
    hop_find(&rows->names, block, head, of, is_bare, ret);
}

static uint32_t holder_of(const struct forest *forest, uint32_t head)
{
    return head < forest->count ? forest->holders[head] : FOREST_NONE;
}

// The module or class whose names are in the dict that a head is part of, where the path leads
// through both.
static uint64_t namesake_of(const struct rows *rows, uint32_t head)
{
    const struct forest *forest = &rows->forest;
    const struct objects *objects = forest->objects;
    uint64_t space = hop_object(objects, forest->blocks[head]);

    if (forest->blocks[head] != space)
        head = holder_of(forest, head);
    if (head >= forest->count || forest->blocks[head] != space)
        return BLOCK_NOBODY;
    uint32_t of = forest->holders[head];
    return of < forest->count && hop_is_namespace(objects, forest->blocks[of], space)
               ? forest->blocks[of]
               : BLOCK_NOBODY;
}

// What a root outside of the heap holds goes by the name of the whole, which says it.
static bool is_bare(const struct rows *rows, uint32_t head)
{
    const struct forest *forest = &rows->forest;
    const struct root_word *root;

    if (forest->holders[head] != FOREST_ROOT)
        return false;
    root = vec_at(&forest->roots, forest->words[head]);
    return root->set == ROOTS_STATE &&
           objects_outside(forest->objects, objects_owner(forest->objects, forest->blocks[head]));
}

static void set_hop(struct rows *rows, uint32_t head)
{
    const struct forest *forest = &rows->forest;
    uint32_t holder = forest->holders[head];
    struct hop hop;

    find_hop(rows, forest->blocks[holder], forest->blocks[head], forest_word(forest, head),
             namesake_of(rows, holder), is_bare(rows, holder), &hop);
    if (!hop.is_exact)
        text_puts(&hop.by, " (looks like the address)");
    table_set_text(&rows->table, rows->hop, hop.by.bytes ? hop.by.bytes : "");
    hop_deinit(&hop);
}

static void set_root(struct rows *rows, uint32_t head)
{
    struct text name;

    text_init(&name, NULL);
    root_names_add(&rows->roots, vec_at(&rows->forest.roots, rows->forest.words[head]), &name);
    table_set_text(&rows->table, rows->hop, name.bytes ? name.bytes : "");
    text_deinit(&name);
}

static void set_holder(struct rows *rows, uint32_t head)
{
    uint32_t holder = holder_of(&rows->forest, head);

    if (holder == FOREST_NONE)
        return;
    table_set_number(&rows->table, rows->held_by, holder == FOREST_ROOT ? -1 : (int64_t)holder);
    if (holder == FOREST_ROOT)
        set_root(rows, head);
    else
        set_hop(rows, head);
}

// --- rows ---

static void set_cell(struct rows *rows, enum key key, const json_t *value)
{
    size_t column = rows->columns[key];

    if (json_is_integer(value))
        table_set_number(&rows->table, column, json_integer_value(value));
    else if (json_is_string(value) && keys[key].form == TABLE_ADDRESSES)
        table_set_number(&rows->table, column,
                         (int64_t)strtoull(json_string_value(value), NULL, 0));
    else if (json_is_string(value))
        table_set_text(&rows->table, column, json_string_value(value));
}

// A line of the report, and the last one.
static int add_line(void *context, const json_t *line)
{
    struct rows *rows = context;
    json_t *summary = json_object_get(line, "summary");

    if (summary) {
        rows->summary = json_incref(summary);
        return 0;
    }
    for (enum key i = 0; i < KEYS; i++)
        set_cell(rows, i, json_object_get(line, keys[i].name));
    set_holder(rows, (uint32_t)rows->table.count);
    table_end_row(&rows->table);
    return 0;
}

static void add_columns(struct rows *rows)
{
    for (enum key i = 0; i < KEYS; i++)
        rows->columns[i] = table_add_column(&rows->table, keys[i].name, keys[i].form);
    rows->held_by = table_add_column(&rows->table, "held_by", TABLE_DELTAS);
    rows->hop = table_add_column(&rows->table, "hop", TABLE_LINES);
}

// What says the least goes first.
static void fit_table(struct rows *rows)
{
    const struct page_spare spares[] = {{"values", rows->columns[KEY_VALUE]},
                                        {"names", rows->columns[KEY_NAME]},
                                        {"steps of paths", rows->hop}};

    page_fit(&rows->table, spares, sizeof spares / sizeof *spares, rows->room, rows->notes);
}

static int make_table(struct session *session, struct rows *rows, json_t **ret, struct mph_err *err)
{
    static const struct part objects = {{"objects", "--all"}};
    int rc;

    table_init(&rows->table);
    add_columns(rows);
    rc = part_each_line(session, &objects, &(struct part_visitor){add_line, rows}, err);
    if (rc >= 0)
        fit_table(rows);
    json_t *document = rc < 0 ? NULL : table_take_json(&rows->table);
    table_deinit(&rows->table);
    if (document)
        json_object_set(document, "summary", rows->summary);
    json_decref(rows->summary);
    if (rc < 0)
        return rc;
    if (!document)
        return mph_fail_no_memory(err);
    *ret = document;
    return 0;
}

// --- all ---

static int with_forest(struct session *session, struct rows *rows, json_t **ret,
                       struct mph_err *err)
{
    int rc = forest_init(&rows->forest, &session->objects, root_names_rank, &rows->roots, err);

    if (rc < 0)
        return rc;
    rc = make_table(session, rows, ret, err);
    forest_deinit(&rows->forest);
    return rc;
}

static int with_roots(struct session *session, struct rows *rows, json_t **ret, struct mph_err *err)
{
    int rc = root_names_init(&rows->roots, session, err);

    if (rc < 0)
        return rc;
    rc = with_forest(session, rows, ret, err);
    root_names_deinit(&rows->roots);
    return rc;
}

int page_objects(struct session *session, size_t room, struct vec *notes, json_t **ret,
                 struct mph_err *err)
{
    struct rows rows = {.room = room, .notes = notes};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = names_init(&rows.names, &session->objects, err);
    if (rc < 0)
        return rc;
    rows.budget =
        session->objects.block_count * session->layout.block_bytes / session->objects.word;
    rc = with_roots(session, &rows, ret, err);
    names_deinit(&rows.names);
    return rc;
}
