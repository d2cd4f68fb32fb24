// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "report/diff.h"

// --- totals ---

static void write_total(const char *name, uint64_t before, uint64_t after, struct text *text)
{
    text_printf(text, "%-18s %10" PRIu64 " %10" PRIu64 " %+10" PRId64 "\n", name, before, after,
                (int64_t)(after - before));
}

static void write_totals(const struct inventory *before, const struct inventory *after,
                         struct text *text)
{
    double old = 100 * free_runs_fragmentation(&before->runs);
    double new = 100 * free_runs_fragmentation(&after->runs);

    text_printf(text, "%-18s %10s %10s %10s\n", "", "before", "after", "change");
    write_total("used bytes", before->numbers.used_bytes, after->numbers.used_bytes, text);
    write_total("free bytes", before->numbers.free_bytes, after->numbers.free_bytes, text);
    write_total("largest free run", before->runs.largest_bytes, after->runs.largest_bytes, text);
    write_total("free runs", before->runs.runs, after->runs.runs, text);
    text_printf(text, "%-18s %9.1f%% %9.1f%% %+9.1f%%\n", "fragmentation", old, new, new - old);
    write_total("objects", diff_object_count(before), diff_object_count(after), text);
}

// --- types ---

static void write_type(const struct diff_type *row, struct text *text)
{
    text_printf(text,
                "%8" PRIu64 " %+8" PRId64 " %7" PRIu64 " %6" PRIu64 " %6" PRIu64 " %6" PRIu64
                " %6" PRIu64 "  ",
                row->bytes[AFTER], diff_type_change(row), row->count[AFTER], row->new_count,
                row->gone_count, row->grown_count, row->shrunk_count);
    text_escaped(text, row->type->name, strlen(row->type->name));
    text_putc(text, '\n');
}

static void write_types(const struct diff *diff, struct text *text)
{
    int64_t loose =
        (int64_t)(diff->moments[AFTER]->loose_bytes - diff->moments[BEFORE]->loose_bytes);

    if (diff->types.len)
        text_puts(text, "\n   bytes   change   count    new   gone  grown shrunk  type\n");
    for (size_t i = 0; i < diff->types.len; i++)
        write_type(diff_type(diff, i), text);
    if (loose)
        text_printf(text, "%8" PRIu64 " %+8" PRId64 " %7s %6s %6s %6s %6s  %s\n",
                    diff->moments[AFTER]->loose_bytes, loose, "", "", "", "", "",
                    "(tails without a head)");
}

// --- growers ---

static void write_plain(const char *name, struct text *text)
{
    text_escaped(text, name, strlen(name));
}

static void write_nameless(const struct diff *diff, const struct diff_holder *holder,
                           struct text *text)
{
    if (holder->is_garbage)
        text_puts(text, "garbage: a collection would free it\n");
    else if (diff->moments[BEFORE]->has_garbage && diff->moments[AFTER]->has_garbage)
        text_puts(text, "what nothing with a name leads to: held elsewhere\n");
    else
        text_puts(text, "what nothing with a name leads to: held elsewhere, or garbage\n");
}

static void write_who(const struct diff_report *report, const struct diff_holder *holder,
                      struct text *text)
{
    const char *type = diff_holder_type(report->diff, holder);
    struct text name;

    if (!holder->address) {
        write_nameless(report->diff, holder, text);
        return;
    }
    text_init(&name, NULL);
    diff_holder_name(report, holder, &name);
    if (name.bytes)
        text_printf(text, "%s, ", name.bytes);
    text_deinit(&name);
    write_plain(type ? type : "module", text);
    text_printf(text, " at 0x%" PRIx64, holder->address);
    if (holder->is_outside)
        text_puts(text, ", outside the heap");
    else if (holder->thing[BEFORE] == DIFF_NONE)
        text_puts(text, ", new");
    else if (diff_holder_is_gone(holder))
        text_puts(text, ", gone");
    text_putc(text, '\n');
}

static const struct thing *thing_at(const struct diff *diff, const struct diff_holder *holder,
                                    int side)
{
    uint32_t place = holder->thing[side];

    return place == DIFF_NONE ? NULL : inventory_thing(diff->moments[side], place);
}

static void write_itself(const struct diff *diff, const struct diff_holder *holder,
                         struct text *text)
{
    const struct thing *old = thing_at(diff, holder, BEFORE), *new = thing_at(diff, holder, AFTER);

    if (!holder->own_change)
        return;
    text_printf(text, "%10sitself %+" PRId64 " bytes", "", holder->own_change);
    if (old && new && old->has_length &&new->has_length)
        text_printf(text, ", length %" PRIu64 " to %" PRIu64, old->length, new->length);
    text_putc(text, '\n');
}

static void write_new(const struct diff_holder *holder, struct text *text)
{
    uint64_t listed = 0;

    if (!holder->new_count && !holder->gone_count)
        return;
    text_printf(text, "%10s", "");
    for (size_t i = 0; i < DIFF_PARTS && holder->parts[i].count; i++) {
        const struct diff_part *part = &holder->parts[i];

        text_printf(text, "%s%" PRIu64 " ", i ? ", " : "", part->count);
        write_plain(part->type->name, text);
        text_printf(text, " %+" PRId64, (int64_t)part->bytes);
        listed += part->count;
    }
    if (holder->new_count > listed)
        text_printf(text, ", %" PRIu64 " more new", holder->new_count - listed);
    if (holder->gone_count)
        text_printf(text, "%s%" PRIu64 " gone %" PRId64, holder->new_count ? "; " : "",
                    holder->gone_count, -(int64_t)holder->gone_bytes);
    text_putc(text, '\n');
}

// One new thing that leads to most of the others says more than who leads to it.
static void write_branch(const struct diff_report *report, const struct diff_holder *holder,
                         struct text *text)
{
    const struct diff_branch *branch = &holder->branch;
    struct text name;

    if (!branch->count || 2 * branch->bytes < holder->new_bytes)
        return;
    text_init(&name, NULL);
    names_add_place(report->names, branch->name, &name);
    text_printf(text, "%10smost of it: %s at 0x%" PRIx64 ", %" PRIu64 " new %+" PRId64 "\n", "",
                name.bytes ? name.bytes : "",
                inventory_name(report->diff->moments[AFTER], branch->name)->address, branch->count,
                (int64_t)branch->bytes);
    text_deinit(&name);
}

static void write_rest(const struct diff *diff, size_t first, size_t last, const char *words,
                       struct text *text)
{
    if (first < last)
        text_printf(text, "%+8" PRId64 "  %zu %s\n", diff_holders_change(diff, first, last),
                    last - first, words);
}

static void write_holder(const struct diff_report *report, size_t index, struct text *text)
{
    const struct diff *diff = report->diff;
    const struct diff_holder *holder = diff_holder(diff, index);
    const char *why = diff_holder_why(report, index);

    text_printf(text, "%+8" PRId64 "  ", diff_holder_change(holder));
    write_who(report, holder, text);
    write_itself(diff, holder, text);
    write_new(holder, text);
    write_branch(report, holder, text);
    if (why)
        text_printf(text, "%10swhy: %s\n", "", why);
}

static void write_growers(const struct diff_report *report, struct text *text)
{
    if (!report->grown)
        return;
    text_puts(text, "\n  change  what grew, itself and by what it keeps\n");
    for (size_t i = 0; i < report->shown; i++)
        write_holder(report, i, text);
    write_rest(report->diff, report->shown, report->grown, "more that grew", text);
}

static void write_shrinkers(const struct diff_report *report, struct text *text)
{
    size_t count = report->diff->holders.len;

    if (report->grown == count)
        return;
    text_puts(text, "\n  change  what shrank, itself and by what it kept\n");
    for (size_t i = 1; i <= report->shrunk_shown; i++)
        write_holder(report, count - i, text);
    write_rest(report->diff, report->grown, count - report->shrunk_shown, "more that shrank", text);
}

// --- the whole ---

void diff_write(const struct diff_report *report, struct text *text)
{
    const struct diff *diff = report->diff;

    write_totals(diff->moments[BEFORE], diff->moments[AFTER], text);
    write_types(diff, text);
    write_growers(report, text);
    write_shrinkers(report, text);
    if (!diff->types.len && !diff->holders.len)
        text_puts(text, "\nno object is new, gone, or of another size\n");
}
