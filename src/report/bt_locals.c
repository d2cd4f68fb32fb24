// SPDX-License-Identifier: MIT
#include "report/bt_locals.h"

#include <string.h>

#include "object/value.h"
#include "vm/coroutine.h"
#include "vm/locals.h"

// Up to arg_count the code has names. Closures get the cells of enclosing functions as
// arguments named "*".
void bt_add_local_name(const struct objects *objects, const struct code *code, unsigned index,
                       struct text *text)
{
    unsigned varargs = code->arg_count, varkeywords = varargs + code->has_varargs;
    struct text name;

    text_init(&name, NULL);
    if (index < varargs && index < CODE_ARGS_MAX && code->args[index])
        value_add_qstr(objects, code->args[index], &name);
    if (name.len && strcmp(name.bytes, "*") != 0)
        text_puts(text, name.bytes);
    else if (name.len)
        text_printf(text, "enclosing %u", index);
    else if (index < varargs)
        text_printf(text, "argument %u", index);
    else if (code->has_varargs && index == varargs)
        text_puts(text, "*");
    else if (code->has_varkeywords && index == varkeywords)
        text_puts(text, "**");
    else
        text_printf(text, "local %u", index);
    text_deinit(&name);
}

// Arguments come first; what was not assigned, or deleted, is null.
static bool is_argument(const struct code *code, unsigned index)
{
    return index < code->arg_count + code->has_varargs + code->has_varkeywords;
}

static bool read_local(const struct objects *objects, const struct frame *frame, unsigned index,
                       uint64_t *ret_word)
{
    return frame_local(objects, frame, index, ret_word) && *ret_word;
}

void bt_write_locals(const struct objects *objects, const struct frame *frame, struct text *text)
{
    bool is_certain;
    unsigned count = locals_count(objects, frame, &is_certain);

    for (unsigned i = 0; i < count; i++) {
        uint64_t word;

        if (!read_local(objects, frame, i, &word))
            continue;
        text_puts(text, "    ");
        bt_add_local_name(objects, &frame->code, i, text);
        text_puts(text, " = ");
        value_add_word(objects, word, &value_short, text);
        text_putc(text, '\n');
    }
    if (!is_certain)
        text_puts(text, "    (no more than the arguments is known)\n");
}

static json_t *local_json(const struct objects *objects, const struct frame *frame, unsigned index)
{
    struct text name, value;
    uint64_t word;

    if (!read_local(objects, frame, index, &word))
        return NULL;
    text_init(&name, NULL);
    text_init(&value, NULL);
    bt_add_local_name(objects, &frame->code, index, &name);
    value_add_word(objects, word, &value_short, &value);
    json_t *local =
        json_pack("{s:o, s:o, s:o}", "name", json_text(name.bytes ? name.bytes : ""), "value",
                  json_text(value.bytes ? value.bytes : ""), "word", json_address(word));
    text_deinit(&value);
    text_deinit(&name);
    return local;
}

void bt_add_locals_json(const struct objects *objects, const struct frame *frame, json_t *document)
{
    bool is_certain;
    unsigned count = locals_count(objects, frame, &is_certain);
    json_t *arguments = json_array(), *locals = json_array();

    for (unsigned i = 0; i < count; i++) {
        json_t *local = local_json(objects, frame, i);

        if (local)
            json_array_append_new(is_argument(&frame->code, i) ? arguments : locals, local);
    }
    json_object_set_new(document, "arguments", arguments);
    json_object_set_new(document, "locals", locals);
    json_object_set_new(document, "has_all_locals", json_boolean(is_certain));
}
