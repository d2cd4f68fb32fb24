// SPDX-License-Identifier: MIT
// The numbers of mem_info(), the areas, the state, and how each was learned.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gc/letters.h"
#include "gc/numbers.h"
#include "graph/mark.h"
#include "layout/members.h"
#include "report/provenance.h"
#include "report/report.h"
#include "report/room.h"

struct info_options {
    bool is_verbose;
    bool wants_reachable;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct info_options *options = state->input;

    (void)argument;
    if (key == 'v')
        options->is_verbose = true;
    else if (key == 'r')
        options->wants_reachable = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option option_table[] = {
    {"verbose", 'v', NULL, 0, "Say how each value was learned", 0},
    {"reachable", 'r', NULL, 0,
     "Also of a live target, say how much of what is used a collection would keep (over a link it "
     "reads all of the heap in use)",
     0},
    {0}};

static const struct argp info_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- what there is to say ---

struct info {
    struct vec areas;          // of struct gc_numbers, one an area
    struct gc_numbers numbers; // of all areas
    struct gc_state state;
    bool has_stack_top;
    uint64_t stack_top;
    bool has_stack_limit; // firmware without MICROPY_STACK_CHECK has none
    uint64_t stack_limit;
    bool has_stack_use; // the stack pointer is known too
    uint64_t stack_use;
    bool has_reachable; // the heap was marked
    bool is_certain;    // every root is known; else more may be reachable
    uint64_t reachable_bytes;
};

static void gather_stack(struct session *session, struct info *info)
{
    const struct layout *layout = &session->layout;
    uint64_t sp;

    info->has_stack_top =
        layout_read_member(layout, &session->target, MEMBER_STACK_TOP, &info->stack_top);
    info->has_stack_limit =
        layout_read_member(layout, &session->target, MEMBER_STACK_LIMIT, &info->stack_limit);
    if (!info->has_stack_top || !regs_sp(&session->target.regs, &sp) || sp > info->stack_top)
        return;
    info->has_stack_use = true;
    info->stack_use = info->stack_top - sp;
}

static int gather(struct session *session, struct info *info, struct mph_err *err)
{
    const struct heap *heap = &session->heap;

    *info = (struct info){.areas = VEC_OF(struct gc_numbers)};
    for (size_t i = 0; i < heap_area_count(heap); i++) {
        struct gc_numbers *area = vec_add(&info->areas);

        if (!area)
            return mph_fail_no_memory(err);
        gc_area_numbers(heap, heap_area(heap, i), area);
        gc_numbers_add(&info->numbers, area);
    }
    gc_state(heap, &session->target, &info->numbers, &info->state);
    gather_stack(session, info);
    return 0;
}

// All else that is used is garbage, and tails without a head, which a sweep has left.
static void keep_reachable(const struct mark *mark, struct info *info)
{
    for (int set = 0; set < ROOTS_SETS; set++)
        info->reachable_bytes += mark->reached[set].bytes;
    info->has_reachable = true;
    info->is_certain = mark->is_certain;
}

// Unasked, it is said of dumps, which cost nothing to read, but not where next to all would
// count as garbage, and without a word on roots that are missing.
static int gather_reachable(struct session *session, struct info *info, bool is_asked,
                            struct output *output, struct mph_err *err)
{
    struct mark mark;

    if (!is_asked && session->target.state != RUN_DUMP)
        return 0;
    int rc = session_open_objects(session, err);
    if (rc == 0)
        rc = mark_init(&mark, &session->objects, err);
    if (rc < 0)
        return rc;
    if (is_asked || mark.roots[ROOTS_STATE].found != ROOTS_MISSING)
        keep_reachable(&mark, info);
    if (is_asked)
        room_notes(&mark, output);
    mark_deinit(&mark);
    return 0;
}

static const char *state_words(const struct session *session)
{
    switch (session->target.state) {
    case RUN_DUMP:
        return "dump";
    case RUN_HALTED:
        return session->target.was_running ? "halted for this read" : "halted";
    case RUN_RUNNING:
        return "running";
    default:
        return "not known";
    }
}

static void add_notes(struct session *session, const struct info *info, struct output *output)
{
    report_common_notes(session, output);
    if (info->numbers.marked)
        notes_add(&output->notes, "heap: %" PRIu64 " heads are marked: halted inside a collection",
                  info->numbers.marked);
    if (info->numbers.orphan_runs)
        notes_add(&output->notes,
                  "heap: %" PRIu64 " runs of tails follow no head, the first at 0x%" PRIx64
                  ": halted inside the allocator or a sweep, or a damaged table",
                  info->numbers.orphan_runs, info->numbers.first_orphan);
    // An application always has something on its heap; a link that answers zeros
    // for memory it cannot read shows just this.
    if (!info->numbers.heads)
        notes_add(&output->notes,
                  "heap: every block is free, which is not plausible once Python has started");
}

// --- text ---

static void write_firmware(const struct session *session, struct text *text)
{
    const struct layout *layout = &session->layout;

    text_puts(text, "firmware: MicroPython ");
    if (*layout->version)
        text_escaped(text, layout->version, strlen(layout->version));
    else
        text_puts(text, "of unknown version");
    text_printf(text, ", structures of %s, by %s\n", layout->era_text, tier_name(layout->tier));
}

static void write_state(const struct session *session, const struct info *info, struct text *text)
{
    text_printf(text, "target: %s", state_words(session));
    if (session->target.state == RUN_RUNNING && !session->heap.is_torn)
        text_printf(text, ", tables read until two reads agreed (%u changed)",
                    session->heap.rereads);
    else if (session->target.state == RUN_RUNNING)
        text_printf(text, ", tables changed under every read");
    text_printf(text, "\ncollector: %s", info->state.is_collecting ? "collecting" : "idle");
    if (!info->state.has_lock_depth)
        text_puts(text, ", lock not known");
    else if (info->state.lock_depth)
        text_printf(text, ", heap locked (depth %" PRIu64 ")", info->state.lock_depth);
    else
        text_puts(text, ", heap not locked");
    if (info->state.has_overflowed)
        text_puts(text, ", mark stack overflowed");
    text_putc(text, '\n');
}

// As py/modmicropython.c mem_info prints them.
static void write_board_lines(const struct info *info, struct text *text)
{
    const struct gc_numbers *numbers = &info->numbers;

    text_puts(text, "stack: ");
    if (info->has_stack_use)
        text_printf(text, "%" PRIu64, info->stack_use);
    else
        text_puts(text, "not known");
    if (info->has_stack_limit)
        text_printf(text, " out of %" PRIu64, info->stack_limit);
    text_putc(text, '\n');
    text_printf(text, "GC: total: %" PRIu64 ", used: %" PRIu64 ", free: %" PRIu64 "\n",
                numbers->total_bytes, numbers->used_bytes, numbers->free_bytes);
    text_printf(text,
                " No. of 1-blocks: %" PRIu64 ", 2-blocks: %" PRIu64 ", max blk sz: %" PRIu64
                ", max free sz: %" PRIu64 "\n",
                numbers->one_blocks, numbers->two_blocks, numbers->max_block, numbers->max_free);
    if (info->has_reachable)
        text_printf(
            text, "used %" PRIu64 " = reachable %" PRIu64 "%s + garbage %" PRIu64 "%s\n",
            numbers->used_bytes, info->reachable_bytes, info->is_certain ? "" : " (at least)",
            numbers->used_bytes - info->reachable_bytes, info->is_certain ? "" : " (at most)");
}

static void write_areas(const struct session *session, const struct info *info, struct text *text)
{
    const struct heap *heap = &session->heap;

    text_printf(text, "%-5s %-18s %-18s %-18s %10s %10s %10s %9s\n", "area", "table", "pool_start",
                "pool_end", "blocks", "used_bytes", "free_bytes", "max_free");
    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);
        const struct gc_numbers *numbers = vec_at(&info->areas, i);

        text_printf(text,
                    "%-5zu 0x%-16" PRIx64 " 0x%-16" PRIx64 " 0x%-16" PRIx64 " %10" PRIu64
                    " %10" PRIu64 " %10" PRIu64 " %9" PRIu64 "\n",
                    i, area->table, area->pool_start, area->pool_end, area->block_count,
                    numbers->used_bytes, numbers->free_bytes, numbers->max_free);
    }
    text_printf(text, "a block has %u bytes; max_free is in blocks\n", heap->layout->block_bytes);
}

static void write_text(const struct session *session, const struct info *info, struct text *text)
{
    write_firmware(session, text);
    write_state(session, info, text);
    write_board_lines(info, text);
    write_areas(session, info, text);
}

// --- JSON ---

// Which of them is which only debug info knows: a lone one may be either.
static json_t *bit_tables_json(const struct gc_area *area)
{
    json_t *tables = json_array();

    if (area->finalisers)
        json_array_append_new(tables,
                              json_pack("{s:o}", "start_address", json_address(area->finalisers)));
    if (area->weakrefs)
        json_array_append_new(tables,
                              json_pack("{s:o}", "start_address", json_address(area->weakrefs)));
    return tables;
}

static json_t *area_json(const struct gc_area *area, const struct gc_numbers *numbers)
{
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "area_address",
                     json_address(area->address), "table_address", json_address(area->table),
                     "table_bytes", (json_int_t)area->table_bytes, "bit_tables",
                     bit_tables_json(area), "pool_start_address", json_address(area->pool_start),
                     "pool_end_address", json_address(area->pool_end), "block_count",
                     (json_int_t)area->block_count, "used_bytes", (json_int_t)numbers->used_bytes,
                     "free_bytes", (json_int_t)numbers->free_bytes, "max_free_blocks",
                     (json_int_t)numbers->max_free);
}

static json_t *areas_json(const struct heap *heap, const struct info *info)
{
    json_t *areas = json_array();

    for (size_t i = 0; i < heap_area_count(heap); i++)
        json_array_append_new(areas, area_json(heap_area(heap, i), vec_at(&info->areas, i)));
    return areas;
}

static json_t *stack_json(const struct info *info)
{
    json_t *stack = json_object();

    if (info->has_stack_top)
        json_object_set_new(stack, "top_address", json_address(info->stack_top));
    if (info->has_stack_limit)
        json_object_set_new(stack, "limit_bytes", json_integer((json_int_t)info->stack_limit));
    if (info->has_stack_use)
        json_object_set_new(stack, "used_bytes", json_integer((json_int_t)info->stack_use));
    return stack;
}

static json_t *numbers_json(const struct session *session, const struct info *info)
{
    const struct gc_numbers *numbers = &info->numbers;

    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "total_bytes",
        (json_int_t)numbers->total_bytes, "used_bytes", (json_int_t)numbers->used_bytes,
        "free_bytes", (json_int_t)numbers->free_bytes, "one_block_count",
        (json_int_t)numbers->one_blocks, "two_block_count", (json_int_t)numbers->two_blocks,
        "max_block_blocks", (json_int_t)numbers->max_block, "max_free_blocks",
        (json_int_t)numbers->max_free, "block_bytes", (json_int_t)session->layout.block_bytes,
        "areas", areas_json(&session->heap, info));
}

static json_t *state_json(const struct session *session, const struct info *info)
{
    json_t *state = json_pack(
        "{s:s, s:b, s:I, s:b, s:I}", "target", state_words(session), "is_torn",
        session->heap.is_torn, "reread_count", (json_int_t)session->heap.rereads, "is_collecting",
        info->state.is_collecting, "marked_count", (json_int_t)info->numbers.marked);

    if (info->state.has_lock_depth)
        json_object_set_new(state, "lock_depth", json_integer((json_int_t)info->state.lock_depth));
    if (info->state.has_overflow)
        json_object_set_new(state, "has_overflowed", json_boolean(info->state.has_overflowed));
    return state;
}

static json_t *reachable_json(const struct info *info)
{
    return json_pack("{s:I, s:I, s:b}", "reachable_bytes", (json_int_t)info->reachable_bytes,
                     "garbage_bytes",
                     (json_int_t)(info->numbers.used_bytes - info->reachable_bytes), "certain",
                     info->is_certain);
}

static json_t *info_json(struct session *session, const struct info *info,
                         const struct info_options *options)
{
    const struct layout *layout = &session->layout;
    json_t *document =
        json_pack("{s:{s:s%, s:s, s:s}, s:o, s:o, s:o}", "firmware", "version", layout->version,
                  strlen(layout->version), "structures", layout->era_text, "tier",
                  tier_name(layout->tier), "state", state_json(session, info), "stack",
                  stack_json(info), "heap", numbers_json(session, info));

    if (document && info->has_reachable)
        json_object_set_new(document, "reachable", reachable_json(info));
    if (document && options->is_verbose)
        json_object_set_new(document, "provenance", provenance_json(session));
    return document;
}

static int write_report(struct session *session, const struct info *info,
                        const struct info_options *options, struct output *output,
                        struct mph_err *err)
{
    if (output->is_json)
        return output_json(output, info_json(session, info, options), err);
    write_text(session, info, output->text);
    if (options->is_verbose)
        provenance_text(session, output->text);
    return 0;
}

static int run_info(struct session *session, const void *raw_options, struct output *output,
                    struct mph_err *err)
{
    const struct info_options *options = raw_options;
    struct info info;
    int rc = session_load(session, true, err);

    if (rc == 0 && options->is_verbose)
        rc = layout_learn_objects(&session->layout, &session->target, err);
    if (rc == 0 && options->is_verbose)
        rc = letters_learn(&session->heap, &session->layout, &session->target, err);
    if (rc < 0)
        return rc;
    members_find_lock(&session->layout, &session->target);
    rc = gather(session, &info, err);
    if (rc == 0) {
        add_notes(session, &info, output);
        rc = gather_reachable(session, &info, options->wants_reachable, output, err);
    }
    if (rc == 0)
        rc = write_report(session, &info, options, output, err);
    vec_deinit(&info.areas);
    return rc;
}

const struct report report_info = {
    .name = "info",
    .summary = "the numbers of mem_info(), the areas, the state, and how each was learned",
    .help = "Stack use and limit, total, used, free, the largest blocks and runs, each heap area, "
            "the firmware's version, whether it runs and whether the collector is at work. Of a "
            "core or an image also what a collection would keep, and how much is garbage.",
    .argp = &info_argp,
    .options_size = sizeof(struct info_options),
    .run = run_info,
};
