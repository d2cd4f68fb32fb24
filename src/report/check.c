// SPDX-License-Identifier: MIT
// The integrity of the heap.
#include <inttypes.h>
#include <string.h>

#include "graph/check.h"
#include "object/meaning.h"
#include "report/report.h"
#include "report/room.h"

// Each finding that is kept takes about half a kilobyte.
enum { DEFAULT_MOST = 1000, ALL_MOST = 100000 };

struct check_options {
    bool all;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct check_options *options = state->input;

    (void)argument;
    if (key != 'a')
        return ARGP_ERR_UNKNOWN;
    options->all = true;
    return 0;
}

static const struct argp_option option_table[] = {
    {"all", 'a', NULL, 0, "The first 100000 findings, not only the first 1000", 0}, {0}};

static const struct argp check_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- one finding ---

struct writer {
    const struct check *check;
    struct names names; // only where there is a finding
};

static const struct finding *finding_at(const struct check *check, size_t index)
{
    return vec_at(&check->findings, index);
}

// "list kept: items pointer 0x20001234 leads to a free block"
static void add_sentence(const struct writer *writer, const struct finding *finding,
                         struct text *text)
{
    if (finding->block != CHECK_NO_BLOCK)
        meaning_add_block(&writer->names, finding->block, text);
    else if (finding->name)
        text_puts(text, finding->name);
    if (*finding->step && finding->from == CHECK_NO_BLOCK && finding->kind != DAMAGE_HEADER)
        text_printf(text, ", %s", finding->step);
    if (text->len)
        text_puts(text, ": ");
    text_puts(text, finding->text);
}

// What refers to a header that was overwritten.
static bool add_from(const struct writer *writer, const struct finding *finding, struct text *text)
{
    if (finding->kind != DAMAGE_HEADER || (finding->from == CHECK_NO_BLOCK && !finding->name))
        return false;
    if (finding->from != CHECK_NO_BLOCK) {
        meaning_add_block(&writer->names, finding->from, text);
        text_printf(text, " at 0x%" PRIx64,
                    objects_block_address(writer->check->objects, finding->from));
    } else {
        text_puts(text, finding->name);
    }
    text_printf(text, " refers to it as an object, by %s", finding->step);
    return true;
}

static bool add_below(const struct writer *writer, const struct finding *finding, struct text *text)
{
    const struct objects *objects = writer->check->objects;

    if (finding->below == CHECK_NO_BLOCK || finding->is_unsettled)
        return false;
    uint64_t address = objects_block_address(objects, finding->below);
    uint64_t bytes = objects_block_bytes(objects, finding->below);
    text_puts(text, "just before lies ");
    meaning_add_block(&writer->names, finding->below, text);
    text_printf(text,
                " at 0x%" PRIx64 ", whose %" PRIu64 " bytes end at 0x%" PRIx64
                ": a write past its end comes here first",
                address, bytes, address + bytes);
    return true;
}

static bool add_why(const struct writer *writer, const struct finding *finding, struct text *text)
{
    (void)writer;
    text_escaped(text, finding->why, strlen(finding->why));
    return *finding->why;
}

// --- text ---

static void write_line(const struct writer *writer, const struct finding *finding,
                       bool (*add)(const struct writer *writer, const struct finding *finding,
                                   struct text *text),
                       struct text *text)
{
    struct text line;

    text_init(&line, NULL);
    if (add(writer, finding, &line) && line.len)
        text_printf(text, "                    %s\n", line.bytes);
    text_deinit(&line);
}

static void write_finding(const struct writer *writer, const struct finding *finding,
                          struct text *text)
{
    struct text sentence;

    text_init(&sentence, NULL);
    add_sentence(writer, finding, &sentence);
    text_printf(text, "%s  0x%08" PRIx64 "  %s\n", finding->is_unsettled ? "unsure" : "damage",
                finding->address, sentence.len ? sentence.bytes : "");
    text_deinit(&sentence);
    write_line(writer, finding, add_why, text);
    write_line(writer, finding, add_from, text);
    write_line(writer, finding, add_below, text);
}

static void write_checked(const struct check *check, struct text *text)
{
    const struct {
        uint64_t count;
        const char *one, *many, *after;
    } parts[] = {
        {check->areas, "area", "areas", " of "},
        {check->blocks, "block", "blocks", ", "},
        {check->heads, "allocation", "allocations", " ("},
        {check->garbage, "of them garbage", "of them garbage", "), "},
        {check->object_count, "object", "objects", ", "},
        {check->maps, "map", "maps", ", "},
        {check->references, "reference", "references", ", "},
        {check->qstrs, "interned string", "interned strings", "\n"},
    };

    text_puts(text, "checked: ");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        text_printf(text, "%" PRIu64 " %s%s", parts[i].count,
                    parts[i].count == 1 ? parts[i].one : parts[i].many, parts[i].after);
}

static void write_verdict(const struct check *check, struct text *text)
{
    uint64_t hidden = check->damages + check->unsettled - check->findings.len;

    if (hidden)
        text_printf(text, "%" PRIu64 " more findings%s\n", hidden,
                    check->findings.len < ALL_MOST ? ": --all shows more of them" : "");
    if (check->findings.len)
        text_putc(text, '\n');
    write_checked(check, text);
    if (check->damages)
        text_printf(text, "%" PRIu64 " finding%s of damage", check->damages,
                    check->damages == 1 ? "" : "s");
    else
        text_puts(text, "no damage found");
    if (check->unsettled)
        text_printf(text, "; %" PRIu64 " that what was halted explains", check->unsettled);
    text_putc(text, '\n');
}

static void write_text(const struct writer *writer, struct text *text)
{
    for (size_t i = 0; i < writer->check->findings.len; i++)
        write_finding(writer, finding_at(writer->check, i), text);
    write_verdict(writer->check, text);
}

// --- JSON ---

static json_t *text_json(struct text *text)
{
    json_t *document = json_text(text->len ? text->bytes : "");

    text_deinit(text);
    return document;
}

static json_t *block_json(const struct writer *writer, uint64_t block)
{
    const struct objects *objects = writer->check->objects;
    struct text text;

    text_init(&text, NULL);
    meaning_add_block(&writer->names, block, &text);
    return json_pack("{s:o, s:I, s:o}", "address",
                     json_address(objects_block_address(objects, block)), "bytes",
                     (json_int_t)objects_block_bytes(objects, block), "meaning", text_json(&text));
}

static void set_block(const struct writer *writer, json_t *document, const char *key,
                      uint64_t block)
{
    if (document && block != CHECK_NO_BLOCK)
        json_object_set_new(document, key, block_json(writer, block));
}

static json_t *finding_json(const struct writer *writer, const struct finding *finding)
{
    struct text text;

    text_init(&text, NULL);
    add_sentence(writer, finding, &text);
    json_t *document = json_pack("{s:s, s:b, s:o, s:o}", "kind", damage_name(finding->kind),
                                 "is_certain", !finding->is_unsettled, "address",
                                 json_address(finding->address), "text", text_json(&text));
    set_block(writer, document, "object", finding->block);
    set_block(writer, document, "from", finding->from);
    set_block(writer, document, "before", finding->below);
    if (document && *finding->step)
        json_object_set_new(document, "step", json_text(finding->step));
    if (document && *finding->why)
        json_object_set_new(document, "why", json_text(finding->why));
    return document;
}

static json_t *kinds_json(const struct check *check)
{
    json_t *kinds = json_array();

    for (size_t number = 1; number < kind_count(); number++)
        if (check->by_kind[number])
            json_array_append_new(kinds, json_pack("{s:s, s:I}", "kind", kind_at(number)->name,
                                                   "count", (json_int_t)check->by_kind[number]));
    return kinds;
}

static json_t *checked_json(const struct check *check)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "areas",
                     (json_int_t)check->areas, "blocks", (json_int_t)check->blocks, "allocations",
                     (json_int_t)check->heads, "garbage", (json_int_t)check->garbage, "objects",
                     (json_int_t)check->object_count, "maps", (json_int_t)check->maps, "references",
                     (json_int_t)check->references, "interned_strings", (json_int_t)check->qstrs,
                     "kinds", kinds_json(check));
}

static int write_json(const struct writer *writer, struct output *output, struct mph_err *err)
{
    const struct check *check = writer->check;
    json_t *findings = json_array();

    for (size_t i = 0; i < check->findings.len; i++)
        json_array_append_new(findings, finding_json(writer, finding_at(check, i)));
    json_t *document =
        json_pack("{s:b, s:I, s:I, s:o, s:o}", "is_damaged", check->damages > 0, "damages",
                  (json_int_t)check->damages, "unsettled", (json_int_t)check->unsettled, "findings",
                  findings, "checked", checked_json(check));
    return output_json(output, document, err);
}

// --- the report ---

static int write(const struct check *check, struct output *output, struct mph_err *err)
{
    struct writer writer = {.check = check};
    int rc = check->findings.len ? names_init(&writer.names, check->objects, err) : 0;

    if (rc < 0)
        return rc;
    room_notes(&check->mark, output);
    if (output->is_json)
        rc = write_json(&writer, output, err);
    else
        write_text(&writer, output->text);
    if (check->findings.len)
        names_deinit(&writer.names);
    return rc;
}

static int run_check(struct session *session, const void *raw_options, struct output *output,
                     struct mph_err *err)
{
    const struct check_options *options = raw_options;
    struct check check;
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = check_init(&check, &session->objects, options->all ? ALL_MOST : DEFAULT_MOST, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    rc = write(&check, output, err);
    bool is_damaged = check.damages > 0;
    check_deinit(&check);
    return rc < 0 ? rc : is_damaged;
}

const struct report report_check = {
    .name = "check",
    .summary = "what contradicts itself in the heap",
    .help = "Looks at the areas, the tables of the collector, every object that the program "
            "can reach and what it refers to, and the interned strings. Each finding has its "
            "address, what is wrong there, and what it may come from. What a halted collector "
            "or allocator explains is unsure, and no damage. Over a link it reads all of the "
            "heap in use. Exit status 1: the heap is damaged.",
    .argp = &check_argp,
    .options_size = sizeof(struct check_options),
    .run = run_check,
};
