// SPDX-License-Identifier: MIT
#include "report/room.h"

#include <inttypes.h>

// --- free memory ---

static void write_line(const char *name, uint64_t now, const uint64_t *after, struct text *text)
{
    text_printf(text, "%-20s %12" PRIu64, name, now);
    if (after)
        text_printf(text, " %12" PRIu64, *after);
    text_putc(text, '\n');
}

// "1 block", "2 to 3 blocks", ...
static void write_power(size_t power, const struct free_runs *now, const struct free_runs *after,
                        struct text *text)
{
    uint64_t first = (uint64_t)1 << power;
    char name[64];

    if (!now->by_power[power] && !(after && after->by_power[power]))
        return;
    if (power == 0)
        snprintf(name, sizeof name, "of 1 block");
    else
        snprintf(name, sizeof name, "of %" PRIu64 " to %" PRIu64, first, 2 * first - 1);
    write_line(name, now->by_power[power], after ? &after->by_power[power] : NULL, text);
}

void room_write(const struct free_runs *now, const struct free_runs *after, struct text *text)
{
    text_printf(text, "%-20s %12s%s\n", "", "now", after ? " after a collection" : "");
    write_line("free bytes", now->free_bytes, after ? &after->free_bytes : NULL, text);
    write_line("largest free run", now->largest_bytes, after ? &after->largest_bytes : NULL, text);
    text_printf(text, "%-20s %11.1f%%", "fragmentation", 100 * free_runs_fragmentation(now));
    if (after)
        text_printf(text, " %11.1f%%", 100 * free_runs_fragmentation(after));
    text_putc(text, '\n');
    write_line("free runs", now->runs, after ? &after->runs : NULL, text);
    for (size_t power = 0; power < RUN_POWERS; power++)
        write_power(power, now, after, text);
}

static json_t *powers_json(const struct free_runs *runs)
{
    json_t *list = json_array();

    for (size_t power = 0; power < RUN_POWERS; power++)
        if (runs->by_power[power])
            json_array_append_new(list,
                                  json_pack("{s:I, s:I}", "from_blocks", (json_int_t)1 << power,
                                            "count", (json_int_t)runs->by_power[power]));
    return list;
}

json_t *room_json(const struct free_runs *runs)
{
    json_t *document = json_pack(
        "{s:I, s:I, s:I, s:f, s:o}", "free_bytes", (json_int_t)runs->free_bytes, "runs",
        (json_int_t)runs->runs, "largest_run_bytes", (json_int_t)runs->largest_bytes,
        "fragmentation", free_runs_fragmentation(runs), "runs_by_blocks", powers_json(runs));

    if (document && runs->runs)
        json_object_set_new(document, "largest_run_address", json_address(runs->largest_address));
    return document;
}

// --- roots ---

static const char *found_name(enum roots_found found)
{
    static const char *const names[] = {[ROOTS_ABSENT] = "none",
                                        [ROOTS_READ] = "read",
                                        [ROOTS_PARTLY] = "partly",
                                        [ROOTS_MISSING] = "missing",
                                        [ROOTS_UNKNOWN] = "unknown"};

    return names[found];
}

static void write_roots(const struct mark *mark, enum root_set set, struct text *text)
{
    const struct roots *roots = &mark->roots[set];
    const struct reached *reached = &mark->reached[set];

    text_printf(text, "%-14s %-8s %6" PRIu64 " %8" PRIu64 " %10" PRIu64, root_set_name(set),
                found_name(roots->found), roots->words, reached->heads, reached->bytes);
    if (roots->start < roots->end)
        text_printf(text, "  0x%08" PRIx64 " to 0x%08" PRIx64, roots->start, roots->end);
    text_putc(text, '\n');
}

void room_write_roots(const struct mark *mark, struct text *text)
{
    text_puts(text, "roots          found     words   blocks      bytes  where\n");
    for (int set = 0; set < ROOTS_SETS; set++)
        if (mark->roots[set].found != ROOTS_ABSENT)
            write_roots(mark, set, text);
}

static json_t *roots_json(const struct mark *mark, enum root_set set)
{
    const struct roots *roots = &mark->roots[set];
    const struct reached *reached = &mark->reached[set];
    json_t *document =
        json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", root_set_name(set), "found",
                  found_name(roots->found), "words", (json_int_t)roots->words, "count",
                  (json_int_t)reached->heads, "reached_bytes", (json_int_t)reached->bytes);

    if (document && roots->start < roots->end) {
        json_object_set_new(document, "start_address", json_address(roots->start));
        json_object_set_new(document, "end_address", json_address(roots->end));
    }
    if (document && roots->why)
        json_object_set_new(document, "why", json_string(roots->why));
    return document;
}

json_t *room_roots_json(const struct mark *mark)
{
    json_t *list = json_array();

    for (int set = 0; set < ROOTS_SETS; set++)
        json_array_append_new(list, roots_json(mark, set));
    return list;
}

// --- doubt ---

void room_notes(const struct mark *mark, struct output *output)
{
    for (int set = 0; set < ROOTS_SETS; set++) {
        const struct roots *roots = &mark->roots[set];

        if (roots->why)
            notes_add(&output->notes, "roots: %s: %s: what only they hold counts as garbage",
                      root_set_name(set), roots->why);
    }
    if (mark->unread)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " bytes could not be read, the first at 0x%" PRIx64
                  ": what only they hold counts as garbage",
                  mark->unread, mark->unread_first);
}
