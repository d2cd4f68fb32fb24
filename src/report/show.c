// SPDX-License-Identifier: MIT
// One object whole.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "object/declare.h"
#include "object/meaning.h"
#include "object/step.h"
#include "object/value.h"
#include "report/address.h"
#include "report/show_text.h"

// --- gathering ---

// More than a person looks at; what is left out is said.
enum { ELEMENTS_MAX = 1000, HELD_MAX = 1000, DUMP_WORDS_MAX = 1024 };

struct view {
    const struct objects *objects;
    struct names names;
    struct object object;
    uint64_t block; // of its head; only where has_block
    bool has_block;
    json_t *fields, *elements, *owned, *dump;
    uint64_t element_count, owned_count;
};

// The object at an address, or the block that it lies in.
static bool find(struct view *view, uint64_t address, struct output *output)
{
    uint64_t offset;

    view->has_block = objects_find_head(view->objects, address, &view->block, &offset);
    if (!view->has_block)
        return objects_get(view->objects, address, &view->object);
    objects_get_block(view->objects, view->block, &view->object);
    if (offset)
        notes_add(&output->notes, "show: 0x%" PRIx64 " lies %" PRIu64 " bytes inside this block",
                  address, offset);
    return true;
}

static void set_text(json_t *document, const char *key, struct text *text)
{
    if (text->len)
        json_object_set_new(document, key, json_text(text->bytes));
    text_deinit(text);
}

static json_t *text_of_word(const struct view *view, uint64_t value)
{
    struct text text;

    text_init(&text, NULL);
    value_add_word(view->objects, value, &value_short, &text);
    json_t *json = json_text(text.bytes ? text.bytes : "");
    text_deinit(&text);
    return json;
}

static void add_map(const struct view *view, uint64_t at, struct text *text)
{
    struct map_view map;

    if (map_read(view->objects, at, &map))
        text_printf(text, "%" PRIu64 " used of %" PRIu64 "%s%s, table 0x%" PRIx64, map.used,
                    map.alloc, map.is_ordered ? ", ordered" : "", map.is_fixed ? ", fixed" : "",
                    map.table);
    else
        text_puts(text, "<bad: unreadable>");
}

// A reference that the collector does not follow: its low bit makes it a small int.
static void add_weak(const struct view *view, uint64_t value, struct text *text)
{
    if (!(value & 1))
        value_add_word(view->objects, value, &value_short, text);
    else if (value == 1)
        text_puts(text, "NULL");
    else
        value_add_object(view->objects, value & ~(uint64_t)1, &value_short, text);
}

// What a member says: references as values, the rest as numbers.
static void add_member(const struct view *view, size_t index, struct text *text)
{
    const struct objects *objects = view->objects;
    int unused = 64 - 8 * (int)objects->obj;
    enum form form = view->object.kind->fields[index].form;
    uint64_t value;

    if (form == FORM_MAP)
        add_map(view, field_address(objects, &view->object, index), text);
    else if (!field_get(objects, &view->object, index, &value))
        text_puts(text, "<bad: unreadable>");
    else if (form == FORM_OBJ)
        value_add_word(objects, value, &value_short, text);
    else if (form == FORM_WEAK)
        add_weak(view, value, text);
    else if (form == FORM_REF && value)
        value_add_object(objects, value, &value_short, text);
    else if (form == FORM_REF || form == FORM_BLOCK || form == FORM_POINTER)
        text_printf(text, "0x%" PRIx64, value);
    else if (form == FORM_FLOAT)
        value_add_float(objects, value, text);
    else if (form == FORM_LONG)
        text_printf(text, "%" PRId64, (int64_t)value);
    else if (form == FORM_QSTR)
        value_add_qstr(objects, value, text);
    else if (form == FORM_INT)
        text_printf(text, "%" PRId64, (int64_t)(value << unused) >> unused);
    else
        text_printf(text, "%" PRIu64, value);
}

static json_t *field_json(const struct view *view, const char *name, uint64_t at)
{
    return json_pack("{s:s, s:o, s:I}", "name", name, "address", json_address(at), "offset_bytes",
                     (json_int_t)(at - view->object.address));
}

static void gather_fields(struct view *view)
{
    const struct kind *kind = view->object.kind;

    for (size_t i = 0; kind && i < field_count(kind); i++) {
        enum form form = kind->fields[i].form;
        struct text value;

        if (form == FORM_ITEMS || form == FORM_REST)
            continue; // elements
        json_t *field =
            field_json(view, kind->fields[i].name, field_address(view->objects, &view->object, i));
        text_init(&value, NULL);
        add_member(view, i, &value);
        set_text(field, "value", &value);
        json_array_append_new(view->fields, field);
    }
}

static bool is_listed(const struct view *view, const char *name)
{
    for (size_t i = 0; i < field_count(view->object.kind); i++)
        if (!strcmp(view->object.kind->fields[i].name, name))
            return true;
    return false;
}

// Members that are no fixed part of the structure go with the fields, the rest are
// elements.
static void gather_slot(struct visitor *visitor, uint64_t at, uint64_t value,
                        const struct step *step)
{
    struct view *view = visitor->context;
    struct text text;

    if (step->kind == STEP_KEY_ITSELF || (step->kind == STEP_FIELD && is_listed(view, step->name)))
        return;
    if (step->kind == STEP_FIELD) {
        json_t *field = field_json(view, step->name, at);

        json_object_set_new(field, "value", text_of_word(view, value));
        json_array_append_new(view->fields, field);
        return;
    }
    if (view->element_count++ >= ELEMENTS_MAX)
        return;
    json_t *element = json_pack("{s:o}", "address", json_address(at));
    text_init(&text, NULL);
    step_add_alone(visitor->objects, step, &text);
    set_text(element, "step", &text);
    json_object_set_new(element, "value", text_of_word(view, value));
    json_array_append_new(view->elements, element);
}

static void ignore_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                         uint64_t bytes, const struct field *field)
{
    (void)visitor, (void)kind, (void)address, (void)bytes, (void)field;
}

static void gather_elements(struct view *view)
{
    struct visitor visitor = {view->objects, view, true, gather_slot, ignore_block, NULL, 0};
    uint64_t names;

    if (!view->object.kind)
        return;
    objects_visit(&visitor, &view->object);
    if (object_namespace(view->objects, &view->object, &names))
        visit_map(&visitor, names + view->objects->word, STEP_ATTR);
}

static int gather_held(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct view *view = context;
    const struct kind *kind = objects_kind(view->objects, block);

    if (objects_owner(view->objects, block) == BLOCK_NOBODY ||
        objects_top_owner(view->objects, block) != view->block)
        return 0;
    if (view->owned_count++ < HELD_MAX)
        json_array_append_new(
            view->owned, json_pack("{s:o, s:I, s:s}", "address", json_address(address), "bytes",
                                   (json_int_t)bytes, "kind", kind ? kind->name : "?"));
    return 0;
}

// Bytes to dump: of the block, or of an object in ROM what its members take.
static uint64_t dump_bytes(const struct view *view)
{
    const struct kind *kind = view->object.kind;
    uint64_t most = (uint64_t)DUMP_WORDS_MAX * view->objects->word;
    uint64_t bytes = view->object.bytes;
    size_t last = bytes ? 0 : field_count(kind);

    if (last)
        bytes = field_address(view->objects, &view->object, last - 1) - view->object.address +
                field_size(view->objects, kind->fields[last - 1].form);
    else if (!bytes)
        bytes = view->objects->word;
    return bytes < most ? bytes : most;
}

// What the word at an address is for, and what it says.
static void add_meaning(const struct view *view, uint64_t at, uint64_t value, json_t *word)
{
    struct text member, meaning;
    bool is_plain = false;

    text_init(&member, NULL);
    text_init(&meaning, NULL);
    if (view->has_block)
        is_plain = meaning_add_member(&view->names, view->block, at, &member);
    if (!is_plain)
        meaning_add_value(&view->names, value, &meaning);
    set_text(word, "member", &member);
    set_text(word, "meaning", &meaning);
}

static void gather_dump(struct view *view)
{
    uint64_t bytes = dump_bytes(view), value;

    for (uint64_t at = view->object.address; at - view->object.address < bytes;
         at += view->objects->word) {
        if (!objects_word(view->objects, at, &value)) {
            json_array_append_new(view->dump, json_pack("{s:o, s:s}", "address", json_address(at),
                                                        "meaning", "<bad: unreadable>"));
            return;
        }
        json_t *word =
            json_pack("{s:o, s:o}", "address", json_address(at), "word", json_address(value));
        add_meaning(view, at, value, word);
        json_array_append_new(view->dump, word);
    }
}

static void set_owner(const struct view *view, json_t *document)
{
    uint64_t owner = view->has_block ? objects_owner(view->objects, view->block) : BLOCK_NOBODY;
    const struct outside *outside = objects_outside(view->objects, owner);

    if (outside)
        json_object_set_new(document, "holder", json_text(outside->name));
    else if (owner != BLOCK_NOBODY)
        json_object_set_new(document, "owner_address",
                            json_address(objects_block_address(view->objects, owner)));
}

static void set_texts(const struct view *view, json_t *document)
{
    const struct object *object = &view->object;
    struct text text;

    text_init(&text, NULL);
    if (view->has_block)
        meaning_add_block(&view->names, view->block, &text);
    else
        text_escaped(&text, object->kind->name, strlen(object->kind->name));
    set_text(document, "title", &text);
    text_init(&text, NULL);
    if (view->has_block)
        names_add(&view->names, view->block, &text);
    set_text(document, "name", &text);
    text_init(&text, NULL);
    if (object->kind && object->kind->print && object->kind->is_block)
        value_add_block(view->objects, object, &value_long, &text);
    else if (object->kind && !object->kind->is_block)
        value_add_object(view->objects, object->address, &value_long, &text);
    set_text(document, "value", &text);
}

// Bytes of the block that the dump leaves out.
static uint64_t rest_bytes(const struct view *view)
{
    uint64_t shown = json_array_size(view->dump) * view->objects->word;

    return view->object.bytes > shown ? view->object.bytes - shown : 0;
}

static json_t *gather(struct view *view)
{
    const struct object *object = &view->object;

    view->fields = json_array();
    view->elements = json_array();
    view->owned = json_array();
    view->dump = json_array();
    gather_fields(view);
    gather_elements(view);
    if (view->has_block)
        objects_each_head(view->objects, &(struct head_walk){gather_held, view});
    gather_dump(view);
    json_t *document =
        json_pack("{s:o, s:s, s:o, s:I, s:I, s:o, s:o, s:I, s:o, s:I, s:o, s:I}", "address",
                  json_address(object->address), "kind", object->kind ? object->kind->name : "?",
                  "type", object->type ? json_text(object->type->name) : json_null(), "blocks",
                  (json_int_t)(object->bytes / view->objects->layout->block_bytes), "bytes",
                  (json_int_t)object->bytes, "fields", view->fields, "elements", view->elements,
                  "element_count", (json_int_t)view->element_count, "owned", view->owned,
                  "owned_count", (json_int_t)view->owned_count, "dump", view->dump,
                  "dump_rest_bytes", (json_int_t)rest_bytes(view));
    if (!document)
        return NULL;
    if (view->has_block)
        json_object_set_new(document, "block", json_integer((json_int_t)view->block));
    set_texts(view, document);
    set_owner(view, document);
    return document;
}

static int show(struct view *view, uint64_t address, struct output *output, struct mph_err *err)
{
    if (!find(view, address, output))
        return mph_fail_at(err, MPH_ERR_BAD_DATA, address,
                           "show: no object or used block is at 0x%" PRIx64
                           " (whatis says what is there)",
                           address);
    if (view->has_block) {
        int rc = declare_value(view->objects, view->block, err);

        if (rc < 0)
            return rc;
    }
    json_t *document = gather(view);
    if (!document)
        return mph_fail_no_memory(err);
    if (output->is_json)
        return output_json(output, document, err);
    show_text(document, output->text);
    json_decref(document);
    return 0;
}

static int run_show(struct session *session, const void *raw_options, struct output *output,
                    struct mph_err *err)
{
    const struct address_options *options = raw_options;
    struct view view = {.objects = &session->objects};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = names_init(&view.names, &session->objects, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    rc = show(&view, options->address, output, err);
    names_deinit(&view.names);
    return rc;
}

const struct report report_show = {
    .name = "show",
    .arguments = "ADDR",
    .summary = "one object whole: members, elements, what it holds, every word",
    .help = "The object at an address, or the one whose block the address lies in: its value, its "
            "members by name, its elements, the blocks it holds, and a dump that says of each "
            "word what it is.",
    .argp = &address_argp,
    .options_size = sizeof(struct address_options),
    .check = address_check,
    .run = run_show,
};
