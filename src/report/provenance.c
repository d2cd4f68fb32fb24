// SPDX-License-Identifier: MIT
#include "report/provenance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// One walker, two writers: each fact is a name, a value in words, and how.
struct fact_writer {
    void (*write)(void *context, const char *name, const char *value, enum how how);
    void *context;
};

static void fact(const struct fact_writer *writer, const char *name, enum how how,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void fact(const struct fact_writer *writer, const char *name, enum how how,
                 const char *format, ...)
{
    char value[160];
    va_list args;

    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    writer->write(writer->context, name, how == HOW_UNKNOWN ? "-" : value, how);
}

static void walk_members(const struct layout *layout, const struct fact_writer *writer)
{
    for (enum member i = 0; i < MEMBER_COUNT; i++) {
        const struct member_at *at = &layout->members[i];

        if (i < MEMBER_AREA_NEXT)
            fact(writer, member_name(i), at->how, "0x%" PRIx64 " (%u bytes)",
                 layout->ctx + (uint64_t)at->offset, at->size);
        else
            fact(writer, member_name(i), at->how, "area+%" PRId64 " (%u bytes)", at->offset,
                 at->size);
    }
}

static void walk_qstrs(const struct layout *layout, const struct fact_writer *writer)
{
    char pools[128] = "";
    size_t used = 0;

    for (size_t i = 0; i < layout->qstrs.pool_count && used < sizeof pools - 16; i++)
        used += (size_t)snprintf(pools + used, sizeof pools - used, "%s%" PRIu64, i ? "+" : "",
                                 layout->qstrs.pools[i].count);
    fact(writer, "qstr pools", layout->qstrs_how, "%s, %s", pools,
         qstr_form_name(layout->qstrs.form));
}

static void walk_builtins(const struct layout *layout, const struct fact_writer *writer)
{
    for (enum builtin i = 0; i < BUILTIN_COUNT; i++) {
        char name[32];
        enum how how = !layout->builtins[i]       ? HOW_UNKNOWN
                       : layout->builtins_by_name ? HOW_MEASURED
                                                  : layout->builtins_how;

        snprintf(name, sizeof name, "type %s", builtin_name(i));
        fact(writer, name, how, "0x%" PRIx64, layout->builtins[i]);
    }
}

static void walk(const struct session *session, const struct fact_writer *writer)
{
    const struct layout *layout = &session->layout;

    fact(writer, "word", layout->word_how, "%u bytes, %s endian", layout->word_bytes,
         layout->big_endian ? "big" : "little");
    fact(writer, "block", layout->block_how, "%u bytes", layout->block_bytes);
    fact(writer, "version", *layout->version ? layout->version_how : HOW_UNKNOWN, "%s",
         layout->version);
    fact(writer, "structures", layout->era_how, "%s", layout->era_text);
    fact(writer, "mp_state_ctx", layout->ctx_how, "0x%" PRIx64, layout->ctx);
    fact(writer, "first area", layout->area_how, "0x%" PRIx64, layout->area);
    walk_members(layout, writer);
    fact(writer, "metatype", layout->metatype ? layout->metatype_how : HOW_UNKNOWN, "0x%" PRIx64,
         layout->metatype);
    walk_qstrs(layout, writer);
    fact(writer, "representation", layout->repr_how, "%s", repr_name(layout->repr));
    walk_builtins(layout, writer);
}

static void write_line(void *context, const char *name, const char *value, enum how how)
{
    struct text *text = context;

    text_printf(text, "%-30s ", name);
    text_escaped(text, value, strlen(value));
    text_printf(text, "  [%s]\n", how_name(how));
}

void provenance_text(const struct session *session, struct text *text)
{
    struct fact_writer writer = {write_line, text};

    text_puts(text, "how it was learned:\n");
    walk(session, &writer);
}

static void append(void *context, const char *name, const char *value, enum how how)
{
    json_array_append_new(context, json_pack("{s:s, s:s, s:s}", "name", name, "value", value,
                                             "how", how_name(how)));
}

json_t *provenance_json(const struct session *session)
{
    json_t *facts = json_array();
    struct fact_writer writer = {append, facts};

    walk(session, &writer);
    return facts;
}
