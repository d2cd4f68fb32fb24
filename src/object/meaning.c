// SPDX-License-Identifier: MIT
#include "object/meaning.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "elf/symbols.h"
#include "object/slot.h"
#include "object/step.h"
#include "object/tally.h"
#include "object/value.h"

static const struct value_limits brief = {2, 4, 32, 60};

bool meaning_add_symbol(const struct objects *objects, uint64_t address, struct text *text)
{
    const struct symbol *symbol = objects->symbols ? symbols_at(objects->symbols, address) : NULL;

    if (!symbol)
        return false;
    text_escaped(text, symbol->name, strlen(symbol->name));
    // The low bit of a Thumb function, and of what leads into it, is no part of the address.
    uint64_t thumb = symbol->is_function && objects->target->machine == EM_ARM;
    uint64_t offset = (address & ~thumb) - (symbol->address & ~thumb);
    if (offset)
        text_printf(text, "+0x%" PRIx64, offset);
    return true;
}

static void add_type_name(const struct objects *objects, uint64_t block, struct text *text)
{
    const char *name = block_type_name(objects, block);

    if (strcmp(name, "?"))
        text_escaped(text, name, strlen(name));
    else
        text_puts(text, "block of unknown kind");
}

void meaning_add_block(const struct names *names, uint64_t block, struct text *text)
{
    const struct objects *objects = names->objects;
    uint64_t owner = objects_owner(objects, block);
    const struct outside *outside = objects_outside(objects, owner);
    struct text name;

    text_init(&name, NULL);
    add_type_name(objects, block, text);
    if (names_add(names, block, &name))
        text_printf(text, " %s", name.bytes);
    text_deinit(&name);
    if (outside) {
        text_printf(text, " of %s", outside->name);
    } else if (owner != BLOCK_NOBODY) {
        uint64_t top = objects_top_owner(objects, block);

        text_puts(text, " of ");
        if (top < objects->block_count)
            meaning_add_block(names, top, text);
        else
            text_puts(text, objects_outside(objects, top)->name);
    }
}

static void add_value(const struct objects *objects, uint64_t block, struct text *text)
{
    struct object object;
    struct text value;

    text_init(&value, NULL);
    objects_get_block(objects, block, &object);
    if (object.kind && !object.kind->is_block)
        value_add_object(objects, object.address, &value_short, &value);
    else
        value_add_block(objects, &object, &value_short, &value);
    if (value.len)
        text_printf(text, " %s", value.bytes);
    text_deinit(&value);
}

void meaning_add_title(const struct names *names, uint64_t block, struct text *text)
{
    struct text name;

    text_init(&name, NULL);
    meaning_add_block(names, block, text);
    if (!names_add(names, block, &name) && objects_owner(names->objects, block) == BLOCK_NOBODY)
        add_value(names->objects, block, text);
    text_deinit(&name);
}

static bool add_object(const struct objects *objects, uint64_t value, struct text *text)
{
    const struct type *type = objects_type(objects, value);
    struct object object;

    if (type) {
        text_puts(text, "type ");
        text_escaped(text, *type->name ? type->name : "(no name)",
                     strlen(*type->name ? type->name : "(no name)"));
        return true;
    }
    if (!objects_get(objects, value, &object) || object.bytes)
        return false;
    text_escaped(text, object.kind->name, strlen(object.kind->name));
    text_putc(text, ' ');
    value_add_object(objects, value, &brief, text);
    return true;
}

static void add_pointer(const struct names *names, uint64_t value, struct text *text)
{
    const struct objects *objects = names->objects;
    uint64_t block, offset;

    if (add_object(objects, value, text)) {
        struct text symbol;

        text_init(&symbol, NULL);
        if (meaning_add_symbol(objects, value, &symbol))
            text_printf(text, " (%s)", symbol.bytes);
        text_deinit(&symbol);
    } else if (objects_find_head(objects, value, &block, &offset)) {
        if (offset)
            text_printf(text, "+%" PRIu64 " in ", offset);
        meaning_add_block(names, block, text);
    } else {
        meaning_add_symbol(objects, value, text);
    }
}

void meaning_add_value(const struct names *names, uint64_t value, struct text *text)
{
    const struct objects *objects = names->objects;
    struct word word;
    char name[QSTR_TEXT_MAX + 1];

    word_decode(objects->layout, value, &word);
    switch (word.kind) {
    case WORD_NULL:
    case WORD_SENTINEL:
    case WORD_BAD:
        break;
    case WORD_SMALL_INT:
        if (!meaning_add_symbol(objects, value, text))
            text_printf(text, "int %" PRId64, word.integer);
        break;
    case WORD_QSTR:
        if (qstr_text(&objects->layout->qstrs, objects->target, objects->word, word.id, name,
                      NULL) == 0) {
            text_puts(text, "qstr ");
            value_add_word(objects, value, &brief, text);
        }
        break;
    case WORD_POINTER:
        add_pointer(names, word.pointer, text);
        break;
    default:
        value_add_word(objects, value, &brief, text);
    }
}

// --- the member at an address ---

enum member_form { MEMBER_NONE, MEMBER_NUMBER, MEMBER_REFERENCE };

static enum member_form form_of(enum form form)
{
    switch (form) {
    case FORM_OBJ:
    case FORM_REF:
    case FORM_WEAK:
    case FORM_BLOCK:
    case FORM_POINTER:
        return MEMBER_REFERENCE;
    default:
        return MEMBER_NUMBER;
    }
}

static enum member_form add_field(const struct objects *objects, const struct object *object,
                                  uint64_t address, struct text *text)
{
    static const char *const map_parts[] = {".used", ".alloc", ".table"};
    const struct kind *kind = object->kind;
    uint64_t offset = address - object->address;

    if (!kind->is_block && offset < objects->word) {
        text_puts(text, "type");
        return MEMBER_REFERENCE;
    }
    if (kind->add_member) {
        size_t before = text->len;
        bool is_reference = kind->add_member(objects, object, offset, text);

        return text->len == before ? MEMBER_NONE : is_reference ? MEMBER_REFERENCE : MEMBER_NUMBER;
    }
    for (size_t i = 0; i < field_count(kind); i++) {
        uint64_t at = field_address(objects, object, i);
        size_t size = field_size(objects, kind->fields[i].form);

        if (address < at || address - at >= size)
            continue;
        text_puts(text, kind->fields[i].name);
        if (kind->fields[i].form != FORM_MAP)
            return form_of(kind->fields[i].form);
        size_t part = (size_t)(address - at) / objects->word;
        text_puts(text, map_parts[part]);
        return part == 2 ? MEMBER_REFERENCE : MEMBER_NUMBER;
    }
    return MEMBER_NONE;
}

// Words of these are data, whatever they look like.
static bool is_plain_data(const struct kind *kind)
{
    return kind->is_block && kind->content == CONTENT_BYTES && !field_count(kind) && !kind->visit;
}

bool meaning_add_member(const struct names *names, uint64_t block, uint64_t address,
                        struct text *text)
{
    const struct objects *objects = names->objects;
    struct object object;
    struct step step;

    objects_get_block(objects, block, &object);
    if (!object.kind)
        return false;
    if (is_plain_data(object.kind))
        return true;
    enum member_form form = add_field(objects, &object, address, text);
    if (form != MEMBER_NONE)
        return form == MEMBER_NUMBER;
    if (slot_find(objects, block, address, &step))
        step_add_alone(objects, &step, text);
    return false;
}
