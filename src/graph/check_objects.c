// SPDX-License-Identifier: MIT
// Objects, each by what its kind says: whether its members fit its allocation, and where
// they lead.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph/check_object.h"

static bool is_kind(const struct object *object, const char *name)
{
    return !object->kind->is_block && !strcmp(object->kind->name, name);
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
            object_finding(one, DAMAGE_SIZE, true, object->address, text),
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
        finding_explain(object_finding(one, DAMAGE_SIZE, true,
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

static void add_bad_pointer(struct object_check *one, const char *member, uint64_t address,
                            enum spot spot)
{
    char text[CHECK_TEXT];

    snprintf(text, sizeof text, "%s pointer 0x%" PRIx64 " leads to %s", member, address,
             spot_text(spot));
    explain_spot(object_finding(one, DAMAGE_REFERENCE, true, one->object->address, text), spot);
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
    finding_explain(object_finding(one, DAMAGE_SIZE, true, one->object->address, text),
                    "its numbers were overwritten, or the allocation table was");
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
                              .slot = check_slot,
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
