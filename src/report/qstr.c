// SPDX-License-Identifier: MIT
// Interned strings, as micropython.qstr_info() counts and prints them, and what
// their pools and chunks cost.
#include <inttypes.h>

#include "report/interned.h"
#include "report/report.h"

struct qstr_options {
    bool has_strings;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct qstr_options *options = state->input;

    (void)argument;
    if (key != 's')
        return ARGP_ERR_UNKNOWN;
    options->has_strings = true;
    return 0;
}

static const struct argp_option option_table[] = {
    {"strings", 's', NULL, 0, "The strings themselves, as qstr_info(1) prints them", 0}, {0}};

static const struct argp qstr_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// Why a string has no text.
static const char *problem_of(const struct interned_string *string)
{
    return string->code == MPH_ERR_READ ? "cannot be read" : "does not end";
}

// --- text ---

static void write_ids(const struct qstr_pool *pool, struct text *text)
{
    char ids[48] = "-";

    if (pool->count)
        snprintf(ids, sizeof ids, "%" PRIu64 "..%" PRIu64, pool->first_id,
                 pool->first_id + pool->count - 1);
    text_printf(text, " %-12s", ids);
}

static void write_pools(const struct interned *interned, struct text *text)
{
    text_printf(text, "%-18s %-5s %-12s %7s %7s %-6s %10s %12s\n", "pool", "where", "ids",
                "strings", "alloc", "sorted", "bytes", "wasted_bytes");
    for (size_t i = 0; i < interned->qstrs.pool_count; i++) {
        const struct interned_pool *entry = &interned->pools[i];
        const struct qstr_pool *pool = entry->pool;

        text_printf(text, "0x%-16" PRIx64 " %-5s", pool->address,
                    entry->is_on_heap ? "heap" : "ROM");
        write_ids(pool, text);
        text_printf(text, " %7" PRIu64, pool->count);
        if (entry->is_on_heap)
            text_printf(text, " %7" PRIu64 " %-6s %10" PRIu64 " %12" PRIu64 "\n", pool->alloc,
                        pool->is_sorted ? "yes" : "no", entry->bytes, entry->wasted);
        else
            text_printf(text, " %7s %-6s %10s %12s\n", "-", pool->is_sorted ? "yes" : "no", "-",
                        "-");
    }
}

static void write_chunks(const struct interned *interned, struct text *text)
{
    text_printf(text, "%-18s %7s %10s %10s %12s\n", "chunk", "strings", "bytes", "used_bytes",
                "wasted_bytes");
    for (size_t i = 0; i < interned->chunks.len; i++) {
        const struct interned_chunk *chunk = vec_at(&interned->chunks, i);

        text_printf(
            text, "0x%-16" PRIx64 " %7" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n",
            chunk->address, chunk->count, chunk->bytes, chunk->used, chunk->bytes - chunk->used);
    }
}

// As py/modmicropython.c mp_micropython_qstr_info prints it.
static void write_board_line(const struct interned_totals *totals, struct text *text)
{
    text_printf(text,
                "qstr pool: n_pool=%" PRIu64 ", n_qstr=%" PRIu64 ", n_str_data_bytes=%" PRIu64
                ", n_total_bytes=%" PRIu64 "\n",
                totals->pools, totals->strings, totals->data_bytes, totals->total_bytes);
}

static void write_tables(const struct interned *interned, struct text *text)
{
    const struct interned_totals *totals = &interned->totals;

    write_pools(interned, text);
    write_chunks(interned, text);
    write_board_line(totals, text);
    text_printf(text, "wasted: %" PRIu64 " bytes in pools, %" PRIu64 " bytes in chunks\n",
                totals->wasted_in_pools, totals->wasted_in_chunks);
}

// As py/qstr.c qstr_dump_data prints them.
static int write_strings(struct interned *interned, struct target *target, struct text *text,
                         struct mph_err *err)
{
    for (size_t i = 0; i < interned->strings.len; i++) {
        struct interned_string *string = vec_at(&interned->strings, i);
        char bytes[QSTR_TEXT_MAX + 1];
        int rc = interned_text(string, target, bytes, err);

        if (rc < 0)
            return rc;
        if (string->code < 0) {
            text_printf(text, "<bad: %s at 0x%" PRIx64 ">\n", problem_of(string), string->fault);
            continue;
        }
        text_puts(text, "Q(");
        text_escaped(text, bytes, string->entry.length);
        text_puts(text, ")\n");
    }
    return 0;
}

// --- JSON ---

static json_t *pools_json(const struct interned *interned)
{
    json_t *pools = json_array();

    for (size_t i = 0; i < interned->qstrs.pool_count; i++) {
        const struct interned_pool *entry = &interned->pools[i];
        const struct qstr_pool *pool = entry->pool;
        json_t *document =
            json_pack("{s:o, s:b, s:I, s:I, s:b}", "address", json_address(pool->address),
                      "is_on_heap", entry->is_on_heap, "first_id", (json_int_t)pool->first_id,
                      "string_count", (json_int_t)pool->count, "is_sorted", pool->is_sorted);

        if (entry->is_on_heap)
            json_object_update_new(document, json_pack("{s:I, s:I, s:I}", "alloc_count",
                                                       (json_int_t)pool->alloc, "size_bytes",
                                                       (json_int_t)entry->bytes, "wasted_bytes",
                                                       (json_int_t)entry->wasted));
        json_array_append_new(pools, document);
    }
    return pools;
}

static json_t *chunks_json(const struct interned *interned)
{
    json_t *chunks = json_array();

    for (size_t i = 0; i < interned->chunks.len; i++) {
        const struct interned_chunk *chunk = vec_at(&interned->chunks, i);

        json_array_append_new(
            chunks, json_pack("{s:o, s:I, s:I, s:I, s:I}", "address", json_address(chunk->address),
                              "string_count", (json_int_t)chunk->count, "size_bytes",
                              (json_int_t)chunk->bytes, "used_bytes", (json_int_t)chunk->used,
                              "wasted_bytes", (json_int_t)(chunk->bytes - chunk->used)));
    }
    return chunks;
}

static json_t *totals_json(const struct interned_totals *totals)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "pool_count", (json_int_t)totals->pools,
                     "string_count", (json_int_t)totals->strings, "data_bytes",
                     (json_int_t)totals->data_bytes, "total_bytes", (json_int_t)totals->total_bytes,
                     "wasted_pool_bytes", (json_int_t)totals->wasted_in_pools, "wasted_chunk_bytes",
                     (json_int_t)totals->wasted_in_chunks);
}

// Text that is not UTF-8 is escaped, like everywhere; NULs in it stay.
static json_t *text_json(const char *bytes, size_t length)
{
    json_t *string = json_stringn(bytes, length);
    struct text escaped;

    if (string)
        return string;
    text_init(&escaped, NULL);
    text_escaped(&escaped, bytes, length);
    string = escaped.bytes ? json_string(escaped.bytes) : NULL;
    text_deinit(&escaped);
    return string;
}

static json_t *string_json(const struct interned_string *string, const char *bytes)
{
    if (string->code < 0)
        return json_pack("{s:I, s:s, s:o}", "id", (json_int_t)string->id, "problem",
                         problem_of(string), "problem_address", json_address(string->fault));
    return json_pack("{s:I, s:o, s:o}", "id", (json_int_t)string->id, "text_address",
                     json_address(string->entry.text), "text",
                     text_json(bytes, (size_t)string->entry.length));
}

static int strings_json(struct interned *interned, struct target *target, json_t *strings,
                        struct mph_err *err)
{
    for (size_t i = 0; i < interned->strings.len; i++) {
        struct interned_string *string = vec_at(&interned->strings, i);
        char bytes[QSTR_TEXT_MAX + 1];
        int rc = interned_text(string, target, bytes, err);

        if (rc < 0)
            return rc;
        json_array_append_new(strings, string_json(string, bytes));
    }
    return 0;
}

static int write_json(struct interned *interned, struct target *target, bool has_strings,
                      struct output *output, struct mph_err *err)
{
    json_t *document = json_pack("{s:o, s:o, s:o}", "pools", pools_json(interned), "chunks",
                                 chunks_json(interned), "totals", totals_json(&interned->totals));

    if (has_strings) {
        json_t *strings = json_array();
        int rc = strings_json(interned, target, strings, err);

        json_object_set_new(document, "strings", strings);
        if (rc < 0) {
            json_decref(document);
            return rc;
        }
    }
    return output_json(output, document, err);
}

// --- the report ---

static int write_report(struct interned *interned, struct session *session,
                        const struct qstr_options *options, struct output *output,
                        struct mph_err *err)
{
    if (options->has_strings) {
        int rc = interned_fetch_texts(interned, &session->target, err);

        if (rc < 0)
            return rc;
    }
    if (output->is_json)
        return write_json(interned, &session->target, options->has_strings, output, err);
    if (!options->has_strings) {
        write_tables(interned, output->text);
        return 0;
    }
    write_board_line(&interned->totals, output->text);
    return write_strings(interned, &session->target, output->text, err);
}

static int run_qstr(struct session *session, const void *raw_options, struct output *output,
                    struct mph_err *err)
{
    struct interned interned;
    int rc = session_load(session, false, err);

    if (rc < 0)
        return rc;
    rc = interned_init(&interned, session, &output->notes, err);
    if (rc == 0) {
        report_common_notes(session, output);
        rc = write_report(&interned, session, raw_options, output, err);
    }
    interned_deinit(&interned);
    return rc;
}

const struct report report_qstr = {
    .name = "qstr",
    .summary = "interned strings, their pools, and what they cost, as qstr_info() counts them",
    .help = "The pools of interned strings, newest first, and the chunks of the heap that their "
            "text is packed into, with what of both is not used; then the board's own totals. With "
            "--strings, exactly what micropython.qstr_info(1) prints: the totals, and each string "
            "of the pools on the heap, newest pool first.",
    .argp = &qstr_argp,
    .options_size = sizeof(struct qstr_options),
    .run = run_qstr,
};
