// SPDX-License-Identifier: MIT
#include "object/step.h"

#include <inttypes.h>

#include "object/code.h"
#include "object/value.h"

static const struct value_limits brief = {2, 3, 24, 40};

static void add_key(const struct objects *objects, uint64_t key, struct text *text)
{
    uint64_t id;

    if (repr_qstr(objects->layout->repr, key, &id))
        value_add_qstr(objects, id, text);
    else
        value_add_word(objects, key, &brief, text);
}

// Local `index` of a function's frame: "fun:argument" or "fun:local 3".
static void add_local(const struct objects *objects, uint64_t function, uint64_t index,
                      struct text *text)
{
    struct code code;
    bool is_read = code_read_function(objects->layout, objects->target, function, &code, NULL) == 0;

    if (is_read)
        value_add_qstr(objects, code.name, text);
    else
        text_puts(text, "frame"); // up to v1.8.7 it does not say of which function
    if (is_read && index < code.arg_count && index < CODE_ARGS_MAX && code.args[index]) {
        text_puts(text, ":");
        value_add_qstr(objects, code.args[index], text);
    } else {
        text_printf(text, ":local %" PRIu64, index);
    }
}

void step_add(const struct objects *objects, const struct step *step, bool is_first,
              struct text *text)
{
    const char *dot = is_first ? "" : ".";

    switch (step->kind) {
    case STEP_ATTR:
        text_puts(text, dot);
        add_key(objects, step->key, text);
        break;
    case STEP_KEY:
        text_putc(text, '[');
        value_add_word(objects, step->key, &brief, text);
        text_putc(text, ']');
        break;
    case STEP_INDEX:
        if (step->name)
            text_printf(text, "%s%s", dot, step->name);
        text_printf(text, "[%" PRIu64 "]", step->index);
        break;
    case STEP_KEY_ITSELF:
        text_puts(text, is_first ? "key " : " key ");
        value_add_word(objects, step->key, &brief, text);
        break;
    case STEP_LOCAL:
        text_puts(text, dot);
        add_local(objects, step->key, step->index, text);
        break;
    default:
        text_printf(text, "%s%s", dot, step->name ? step->name : "");
    }
}

void step_add_alone(const struct objects *objects, const struct step *step, struct text *text)
{
    step_add(objects, step, step->kind != STEP_ATTR, text);
}
