// SPDX-License-Identifier: MIT
#include "cli/ask.h"

#include <string.h>

#include "object/lookup.h"
#include "object/value.h"

void asker_init(struct asker *asker)
{
    *asker = (struct asker){0};
    text_init(&asker->text, NULL);
}

void asker_deinit(struct asker *asker)
{
    if (asker->is_open)
        session_deinit(&asker->session);
    text_deinit(&asker->text);
    *asker = (struct asker){0};
}

// --- opening ---

static int try_open(struct asker *asker, const struct own_target *own, struct mph_err *err)
{
    // Who asks about one word has stopped the target: its tables are read once.
    struct options options = {.tries = 1};
    int rc = open_session(&asker->session, &options, own, err);

    if (rc < 0)
        return rc;
    rc = session_open_objects(&asker->session, err);
    if (rc < 0)
        session_deinit(&asker->session);
    asker->is_open = rc == 0;
    return rc;
}

static int open_once(struct asker *asker, const struct own_target *own, struct mph_err *err)
{
    if (!asker->is_tried) {
        asker->failure = (struct mph_err){0};
        int rc = try_open(asker, own, &asker->failure);
        asker->is_tried = rc != MPH_ERR_INTERRUPTED;
    }
    return asker->is_open ? 0 : mph_fail_again(err, &asker->failure);
}

// --- answering ---

static void add_type_name(const struct objects *objects, uint64_t bits, struct text *text)
{
    static const char *const names[] = {
        [WORD_NULL] = "NULL",  [WORD_SENTINEL] = "SENTINEL", [WORD_SMALL_INT] = "int",
        [WORD_QSTR] = "str",   [WORD_NONE] = "NoneType",     [WORD_FALSE] = "bool",
        [WORD_TRUE] = "bool",  [WORD_FLOAT] = "float",       [WORD_BAD] = NULL,
        [WORD_POINTER] = NULL,
    };
    struct object object;
    struct word word;

    word_decode(objects->layout, bits, &word);
    if (word.kind == WORD_POINTER && objects_get(objects, word.pointer, &object))
        text_escaped(text, object.type->name, strlen(object.type->name));
    else if (names[word.kind])
        text_puts(text, names[word.kind]);
    else
        value_add_word(objects, bits, &value_short, text); // which says what is wrong
}

static int find_module(const struct objects *objects, const char *name, uint64_t *ret,
                       struct mph_err *err)
{
    struct module module;
    int rc = module_find(objects, name, &module, err);

    if (rc == 0) // a pointer is its own object word in every representation
        *ret = module.address ? module.address : module.globals;
    return rc;
}

static int answer_name(const struct objects *objects, const struct query *query,
                       struct answer *answer, struct mph_err *err)
{
    if (!query->name)
        return mph_fail(err, MPH_ERR_USAGE, "ask: which name?");
    return query->question == ASK_GLOBAL ? global_find(objects, query->name, &answer->word, err)
                                         : find_module(objects, query->name, &answer->word, err);
}

static int answer_text(const struct objects *objects, const struct query *query, struct text *text,
                       struct mph_err *err)
{
    const struct value_limits *limits = query->is_long ? &value_long : &value_short;

    switch (query->question) {
    case ASK_WORD:
        value_add_word(objects, query->value, limits, text);
        break;
    case ASK_OBJECT:
        value_add_object(objects, query->value, limits, text);
        break;
    case ASK_TYPE:
        add_type_name(objects, query->value, text);
        break;
    case ASK_QSTR:
        value_add_qstr(objects, query->value, text);
        break;
    default:
        return mph_fail(err, MPH_ERR_USAGE, "ask: no question %d", (int)query->question);
    }
    text_puts(text, ""); // text that is empty is a string too
    return text_finish(text, err);
}

int asker_ask(struct asker *asker, const struct own_target *own, const struct query *query,
              struct answer *ret, struct mph_err *err)
{
    const struct objects *objects = &asker->session.objects;
    struct answer answer = {0};
    int rc = open_once(asker, own, err);

    if (rc < 0)
        return rc;
    text_deinit(&asker->text);
    text_init(&asker->text, NULL);
    if (query->question == ASK_GLOBAL || query->question == ASK_MODULE) {
        rc = answer_name(objects, query, &answer, err);
    } else {
        rc = answer_text(objects, query, &asker->text, err);
        answer.text = asker->text.bytes;
    }
    if (rc == 0)
        *ret = answer;
    return rc;
}
