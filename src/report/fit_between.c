// SPDX-License-Identifier: MIT
#include "report/fit_between.h"

#include <inttypes.h>

#include "object/meaning.h"
#include "object/tally.h"
#include "report/why_lines.h"

static json_t *run_json(const struct free_run *run)
{
    return json_pack("{s:o, s:I}", "address", json_address(run->address), "bytes",
                     (json_int_t)run->bytes);
}

static json_t *block_json(const struct names *names, uint64_t block, const char *why)
{
    const struct objects *objects = names->objects;
    struct text what;

    text_init(&what, NULL);
    meaning_add_title(names, block, &what);
    json_t *document = json_pack(
        "{s:o, s:I, s:o, s:o}", "address", json_address(objects_block_address(objects, block)),
        "bytes", (json_int_t)objects_block_bytes(objects, block), "type",
        json_text(block_type_name(objects, block)), "what", json_text(what.bytes));
    text_deinit(&what);
    if (document && why)
        json_object_set_new(document, "why", json_text(why));
    return document;
}

static size_t listed(const struct free_between *between)
{
    return between->count < BETWEEN_MAX ? (size_t)between->count : BETWEEN_MAX;
}

static int blocks_json(const struct session *session, const struct names *names,
                       const struct free_between *between, json_t *list, struct mph_err *err)
{
    uint64_t addresses[BETWEEN_MAX];
    struct why_lines whys;

    for (size_t i = 0; i < listed(between); i++)
        addresses[i] = objects_block_address(names->objects, between->blocks[i]);
    int rc = why_lines_init(&whys, session, names, addresses, listed(between), err);
    for (size_t i = 0; rc == 0 && i < listed(between); i++)
        json_array_append_new(list, block_json(names, between->blocks[i], whys.lines[i]));
    why_lines_deinit(&whys);
    return rc;
}

int fit_between(const struct session *session, const struct names *names, const struct mark *mark,
                json_t **ret, struct mph_err *err)
{
    struct free_between between;

    if (!free_runs_between(names->objects, mark, MOMENT_AFTER, &between)) {
        *ret = json_null();
        return 0;
    }
    *ret = json_pack("{s:o, s:o, s:b, s:[]}", "first", run_json(&between.first), "second",
                     run_json(&between.second), "joinable", between.is_joinable, "blocks");
    if (!*ret)
        return mph_fail_no_memory(err);
    if (!between.is_joinable)
        return 0;
    json_object_set_new(*ret, "joined_bytes", json_integer((json_int_t)between.joined_bytes));
    json_object_set_new(*ret, "used_bytes", json_integer((json_int_t)between.used_bytes));
    json_object_set_new(*ret, "count", json_integer((json_int_t)between.count));
    return blocks_json(session, names, &between, json_object_get(*ret, "blocks"), err);
}

// --- text ---

static int64_t number(const json_t *document, const char *key)
{
    return json_integer_value(json_object_get(document, key));
}

static void write_run(const json_t *run, struct text *text)
{
    text_printf(text, "%" PRId64 " bytes at %s", number(run, "bytes"),
                json_string_of(run, "address"));
}

static void write_block(const json_t *block, struct text *text)
{
    const char *why = json_string_value(json_object_get(block, "why"));

    text_printf(text, "%s %10" PRId64 "  %s\n", json_string_of(block, "address"),
                number(block, "bytes"), json_string_of(block, "what"));
    if (why)
        text_printf(text, "%23swhy: %s\n", "", why);
}

static void write_blocks(const json_t *document, struct text *text)
{
    const json_t *blocks = json_object_get(document, "blocks");
    int64_t count = number(document, "count"), rest = count - (int64_t)json_array_size(blocks);
    const json_t *block;
    size_t i;

    text_printf(text,
                "%" PRId64 " allocation%s in between, %" PRId64
                " bytes in use; without them the run had %" PRId64 " bytes\n",
                count, count == 1 ? "" : "s", number(document, "used_bytes"),
                number(document, "joined_bytes"));
    json_array_foreach(blocks, i, block)
    {
        write_block(block, text);
    }
    if (rest)
        text_printf(text, "and %" PRId64 " more\n", rest);
}

void fit_between_write(const json_t *document, struct text *text)
{
    if (json_is_null(document)) {
        text_puts(text, "after a collection there are no two free runs to join\n");
        return;
    }
    text_puts(text, "the two largest free runs after a collection: ");
    write_run(json_object_get(document, "first"), text);
    text_puts(text, ", ");
    write_run(json_object_get(document, "second"), text);
    text_putc(text, '\n');
    if (json_is_true(json_object_get(document, "joinable")))
        write_blocks(document, text);
    else
        text_puts(text, "in different areas: nothing can join them\n");
}
