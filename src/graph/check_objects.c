// SPDX-License-Identifier: MIT
// Objects, each by what its kind says: whether its members fit its allocation, and where
// they lead.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph/check_parts.h"
#include "object/step.h"

struct object_check {
    struct check *check;
    const struct object *object;
    const char *name; // of an object outside of the heap
    uint32_t block;   // of one on the heap
    bool is_list;
    bool has_bad_item;  // a list refers to what is no object
    bool has_bad_block; // its items are not where they should be
};

static bool is_kind(const struct object *object, const char *name)
{
    return !object->kind->is_block && !strcmp(object->kind->name, name);
}

// --- findings about this object ---

static struct finding *add_about(struct object_check *one, enum damage kind, bool may_be_work,
                                 uint64_t address, const char *text)
{
    struct check *check = one->check;
    bool is_unsettled = may_be_work && (check->worker->may_allocate || check->is_collecting) &&
                        is_in_work(check, one->object);
    struct finding *finding = damage_add(check, kind, is_unsettled, address, "%s", text);

    if (one->block == CHECK_NO_BLOCK)
        finding->name = one->name;
    else
        damage_about(check, finding, one->block);
    if (is_unsettled)
        finding_explain(finding,
                        "a register or the innermost stack leads to it: a change may be under way");
    return finding;
}

static const char why_length[] = "one of the two was overwritten";

// --- members and the allocation ---

static void check_fits(struct object_check *one)
{
    const struct object *object = one->object;
    const struct objects *objects = one->check->objects;
    char text[CHECK_TEXT];

    for (size_t i = 0; object->bytes && i < field_count(object->kind); i++) {
        const struct field *field = &object->kind->fields[i];
        uint64_t end = object->offsets[i] + field_size(objects, field->form), count = 0;

        if (field->form == FORM_ITEMS && field->count &&
            !field_get(objects, object, field->count - 1u, &count))
            continue;
        if (count <= object->bytes / objects->obj && end + count * objects->obj <= object->bytes)
            continue;
        if (field->form == FORM_ITEMS)
            snprintf(text, sizeof text,
                     "%s is %" PRIu64 ", and its allocation has %" PRIu64 " bytes",
                     object->kind->fields[field->count - 1u].name, count, object->bytes);
        else
            snprintf(text, sizeof text,
                     "its member %s ends behind its allocation of %" PRIu64 " bytes", field->name,
                     object->bytes);
        finding_explain(
            add_about(one, DAMAGE_SIZE, true, object->address, text),
            field->form == FORM_ITEMS
                ? "the number was overwritten, or the allocation table"
                : "its type was overwritten with another one, or the allocation table was");
        return;
    }
}

// Of a pointer with two numbers: how many elements are in use, and how many have room.
static void check_counts(struct object_check *one)
{
    const struct object *object = one->object;
    const struct objects *objects = one->check->objects;

    for (size_t i = 0; i < field_count(object->kind); i++) {
        const struct field *field = &object->kind->fields[i];
        uint64_t room, count;
        char text[CHECK_TEXT];

        if (field->form != FORM_BLOCK || !field->room || !field->count ||
            !field_get(objects, object, field->room - 1u, &room) ||
            !field_get(objects, object, field->count - 1u, &count) || count <= room)
            continue;
        snprintf(text, sizeof text, "%s is %" PRIu64 ", and there is room for %" PRIu64,
                 object->kind->fields[field->count - 1u].name, count, room);
        finding_explain(add_about(one, DAMAGE_SIZE, true,
                                  field_address(objects, object, field->count - 1u), text),
                        why_length);
    }
}

// --- blocks ---

// Tables that a list, a set or a map that is not fixed always has on the heap.
static bool is_own_table(const struct object_check *one, const struct kind *kind)
{
    return kind->content == CONTENT_OBJECTS && one->object->bytes &&
           (is_kind(one->object, "list") || is_kind(one->object, "set") ||
            is_kind(one->object, "frozenset") || is_kind(one->object, "deque"));
}

static const char *spot_text(enum spot spot)
{
    return spot == SPOT_FREE     ? "a free block"
           : spot == SPOT_TABLES ? "the heap's own tables"
           : spot == SPOT_TAIL   ? "the middle of an allocation"
                                 : "outside of the heap";
}

// What was freed was hardly written over; the block below has no part in it.
static void explain_spot(struct finding *finding, enum spot spot)
{
    if (spot == SPOT_FREE)
        finding->below = CHECK_NO_BLOCK;
    finding_explain(finding, spot == SPOT_FREE
                                 ? "it was freed while in use (C code that keeps a pointer where "
                                   "the collector does not look, or frees too early), or the "
                                   "pointer was overwritten"
                                 : "the pointer was overwritten");
}

static void add_bad_pointer(struct object_check *one, const char *member, uint64_t address,
                            enum spot spot)
{
    char text[CHECK_TEXT];

    snprintf(text, sizeof text, "%s pointer 0x%" PRIx64 " leads to %s", member, address,
             spot_text(spot));
    explain_spot(add_about(one, DAMAGE_REFERENCE, true, one->object->address, text), spot);
}

static bool is_fixed_map(const struct object_check *one, const struct kind *kind, uint64_t table)
{
    const struct object *object = one->object;
    struct map_view map;

    for (size_t i = 0; kind == &kind_map_table && i < field_count(object->kind); i++)
        if (object->kind->fields[i].form == FORM_MAP &&
            map_read(one->check->objects, field_address(one->check->objects, object, i), &map) &&
            map.table == table)
            return map.is_fixed;
    return false;
}

static void on_block(struct visitor *visitor, const struct kind *kind, uint64_t address,
                     uint64_t bytes, const struct field *field)
{
    struct object_check *one = visitor->context;
    const struct objects *objects = visitor->objects;
    bool is_table = kind->content == CONTENT_OBJECTS && !is_fixed_map(one, kind, address);
    uint64_t block;
    char text[CHECK_TEXT];

    one->has_bad_block = false;
    if (!address)
        return;
    one->check->references++;
    enum spot spot = spot_of(one->check, address, &block);
    if (spot == SPOT_FREE || spot == SPOT_TABLES || (spot == SPOT_TAIL && is_table) ||
        (spot == SPOT_OUTSIDE && is_own_table(one, kind) && !objects->heap->problems.len)) {
        one->has_bad_block = true;
        if (bytes)
            add_bad_pointer(one, field->name, address, spot);
        return;
    }
    if (field->is_shared || objects_room(objects, address) >= bytes)
        return;
    snprintf(text, sizeof text, "%s take %" PRIu64 " bytes, and 0x%" PRIx64 " has %" PRIu64,
             kind->name, bytes, address, objects_room(objects, address));
    finding_explain(add_about(one, DAMAGE_SIZE, true, one->object->address, text),
                    "its numbers were overwritten, or the allocation table was");
}

// --- slots ---

// What stands in frames, and behind the members up to the end of an allocation, may be left
// over from something else.
static bool is_exact(const struct step *step)
{
    if (step->kind == STEP_INDEX && step->name)
        return !strcmp(step->name, "closed") || !strcmp(step->name, "iters");
    return step->kind != STEP_LOCAL;
}

static void set_step(struct object_check *one, struct finding *finding, const struct step *step)
{
    struct text text;

    text_init(&text, NULL);
    step_add_alone(one->check->objects, step, &text);
    snprintf(finding->step, sizeof finding->step, "%s", text.len ? text.bytes : "");
    text_deinit(&text);
}

// First bytes that are text say whose they are.
static void explain_header(struct check *check, struct finding *finding, uint64_t address)
{
    uint8_t bytes[16];
    char shown[sizeof bytes + 1];
    size_t count = 0;

    if (!objects_read(check->objects, address, bytes, sizeof bytes))
        return;
    while (count < sizeof bytes && bytes[count] >= ' ' && bytes[count] < 0x7f)
        count++;
    memcpy(shown, bytes, count);
    shown[count] = '\0';
    if (count >= check->objects->word)
        finding_explain(finding, "its first bytes read as text: \"%s\"", shown);
}

static void add_header(struct object_check *one, uint64_t block, const struct step *step)
{
    struct check *check = one->check;
    uint64_t address = objects_block_address(check->objects, block), word = 0;

    if (bit_get(check->worker->reported, block))
        return;
    bit_set(check->worker->reported, block);
    objects_word(check->objects, address, &word);
    // Before it has a type, memory is cleared or, with a finaliser, its first word is.
    bool is_unsettled = !word && bit_get(check->worker->touched, block);
    struct finding *finding = damage_add(check, DAMAGE_HEADER, is_unsettled, address,
                                         "its first word 0x%" PRIx64 " is no type", word);
    damage_about(check, finding, block);
    finding->from = one->block;
    finding->name = one->name;
    set_step(one, finding, step);
    explain_header(check, finding, address);
}

static struct finding *add_bad_slot(struct object_check *one, uint64_t at, const struct step *step,
                                    const char *text)
{
    struct finding *finding = add_about(one, DAMAGE_REFERENCE, true, at, text);

    set_step(one, finding, step);
    return finding;
}

static void check_pointer(struct object_check *one, uint64_t at, uint64_t address,
                          const struct step *step)
{
    struct check *check = one->check;
    uint64_t block;
    enum spot spot = spot_of(check, address, &block);
    char text[CHECK_TEXT];

    if (spot == SPOT_OUTSIDE || (spot == SPOT_TAIL && objects_is_object(check->objects, address)))
        return;
    if (spot != SPOT_HEAD) {
        snprintf(text, sizeof text, "the reference to 0x%" PRIx64 " leads to %s", address,
                 spot_text(spot));
        explain_spot(add_bad_slot(one, at, step, text), spot);
    } else if (objects_is_object(check->objects, address)) {
        bit_set(check->worker->exact, block);
    } else if (one->is_list && !check->worker->is_loose_pass) {
        one->has_bad_item = true;
    } else {
        add_header(one, block, step);
    }
}

static void check_qstr_word(struct object_check *one, uint64_t at, uint64_t id,
                            const struct step *step)
{
    const struct qstrs *qstrs = &one->check->objects->layout->qstrs;
    uint64_t count = qstrs->pool_count ? qstrs->pools[0].first_id + qstrs->pools[0].count : 0;
    char text[CHECK_TEXT];

    if (!count || id < count)
        return;
    snprintf(text, sizeof text, "interned string %" PRIu64 ", and there are only %" PRIu64, id,
             count);
    finding_explain(add_bad_slot(one, at, step, text), "the word was overwritten");
}

// Objects outside of the heap are short, and what they hold is further away.
enum { OUTSIDE_BYTES = 64 };

static bool is_inside(const struct object_check *one, uint64_t address)
{
    uint64_t bytes = one->object->bytes ? one->object->bytes : OUTSIDE_BYTES;

    return address - one->object->address < bytes;
}

static void on_slot(struct visitor *visitor, uint64_t at, uint64_t value, const struct step *step)
{
    struct object_check *one = visitor->context;
    struct word word;

    if (!is_exact(step) || (one->has_bad_block && !is_inside(one, at)))
        return;
    one->check->references++;
    word_decode(visitor->objects->layout, value, &word);
    if (word.kind == WORD_POINTER)
        check_pointer(one, at, word.pointer, step);
    else if (word.kind == WORD_QSTR)
        check_qstr_word(one, at, word.id, step);
}

// --- one object ---

static void check_type(struct object_check *one)
{
    const struct type *type = one->object->type;
    uint64_t block;

    if (type && type->is_on_heap && spot_of(one->check, type->address, &block) == SPOT_FREE)
        add_bad_pointer(one, "type", type->address, SPOT_FREE);
}

static bool visit(struct check *check, const struct object *object, const char *name)
{
    struct object_check one = {.check = check, .object = object, .name = name};
    struct visitor visitor = {.objects = check->objects,
                              .context = &one,
                              .wants_slots = true,
                              .slot = on_slot,
                              .block = on_block,
                              .budget = &check->worker->budget};
    uint64_t block = CHECK_NO_BLOCK;

    objects_head_at(check->objects, object->address, &block);
    one.block = (uint32_t)block;
    one.is_list = is_kind(object, "list") && !name;
    if (!check->worker->is_loose_pass) {
        check_type(&one);
        check_fits(&one);
        check_counts(&one);
        check_contents(check, object, name);
    }
    objects_visit(&visitor, object);
    return one.has_bad_item;
}

void check_object(struct check *check, const struct object *object, const char *name)
{
    uint64_t block;

    check->by_kind[kind_number(object->kind)]++;
    check->object_count++;
    if (!visit(check, object, name) || !objects_head_at(check->objects, object->address, &block))
        return;
    uint32_t *slot = vec_add(&check->worker->loose);
    if (slot)
        *slot = (uint32_t)block;
}

// --- all of them ---

static int check_head(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct check *check = context;
    struct object object;

    (void)address, (void)bytes;
    if (!mark_keeps(&check->mark, block)) {
        check->garbage++;
        return 0;
    }
    objects_get_block(check->objects, block, &object);
    if (object.kind && (object.kind->is_block ? object.kind == &kind_vstr : object.type != NULL))
        check_object(check, &object, NULL);
    return 0;
}

// Dicts and lists in mp_state_ctx: the main module's globals, sys.modules, sys.path.
static void check_outside(struct check *check)
{
    const struct vec *outside = &check->objects->outside;
    uint64_t last = 0;

    for (size_t i = 0; i < outside->len; i++) {
        const struct outside *holder = vec_at(outside, i);
        struct object object;

        if (holder->address == last || !strchr(holder->name, ' ') ||
            !objects_get(check->objects, holder->address, &object))
            continue;
        last = holder->address;
        if (is_kind(&object, "dict") || is_kind(&object, "list"))
            check_object(check, &object, holder->name);
    }
}

// Lists of raw pointers exist (py/persistentcode.c track_reloc_code_list), which only the
// interpreter's state holds: what no object refers to may be one.
static void check_loose(struct check *check)
{
    struct worker *worker = check->worker;

    worker->is_loose_pass = true;
    for (size_t i = 0; i < worker->loose.len; i++) {
        uint32_t block = *(uint32_t *)vec_at(&worker->loose, i);
        struct object object;

        if (!bit_get(worker->exact, block))
            continue;
        objects_get_block(check->objects, block, &object);
        visit(check, &object, NULL);
    }
    worker->is_loose_pass = false;
}

void check_objects(struct check *check)
{
    objects_each_head(check->objects, &(struct head_walk){check_head, check});
    check_outside(check);
    check_loose(check);
}
