// SPDX-License-Identifier: MIT
// Whether an allocation would succeed: now, and after a collection.
#include <inttypes.h>

#include "base/parse.h"
#include "gc/numbers.h"
#include "graph/fit.h"
#include "report/before.h"
#include "report/fit_between.h"
#include "report/room.h"

struct fit_options {
    const char *problem;
    uint64_t bytes;
    bool has_bytes;
    bool after_collect;
    bool between;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct fit_options *options = state->input;

    if (key == 'c') {
        options->after_collect = true;
        return 0;
    }
    if (key == 'b') {
        options->between = true;
        return 0;
    }
    if (key != ARGP_KEY_ARG || options->has_bytes)
        return ARGP_ERR_UNKNOWN;
    options->has_bytes = true;
    if (!parse_size(argument, &options->bytes) || !options->bytes)
        options->problem = "N is not a size";
    return 0;
}

static const char *check_options(const void *raw_options)
{
    const struct fit_options *options = raw_options;

    return options->has_bytes ? options->problem : "N is missing";
}

static const struct argp_option option_table[] = {
    {"after-collect", 'c', NULL, 0,
     "Say what a collection would change even if N fits now (over a link it reads all of the "
     "heap in use)",
     0},
    {"between", 'b', NULL, 0,
     "That, and which allocations keep the two largest free runs apart after a collection, and "
     "what keeps those (over a link it reads all of the heap in use, up to three times)",
     0},
    {0}};

static const struct argp fit_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- the answer ---

enum answer { ANSWER_NO, ANSWER_MAYBE, ANSWER_YES };

struct fit {
    const struct session *session;
    uint64_t bytes, blocks;
    struct gc_state state;
    bool never_collects; // gc.disable()
    bool may_grow;       // the port may add an area
    bool is_auto;        // it does so by itself

    struct free_runs now, after;
    struct place_found place_now, place_after;
    bool fits_now;
    bool has_after; // the heap was marked
    bool is_certain;
    enum answer fits_after;
    json_t *between; // what keeps the two largest runs apart; NULL: not asked for
};

// gc_alloc gives nothing while the heap is locked, or a collection is at work, which
// holds the same lock.
static bool is_locked(const struct fit *fit)
{
    return fit->state.is_collecting || (fit->state.has_lock_depth && fit->state.lock_depth);
}

// py/gc.c gc_try_add_heap: MICROPY_GC_SPLIT_HEAP_AUTO, v1.21 and later. Its one need of
// the port is the function of that name.
static void see_growth(struct fit *fit)
{
    const struct session *session = fit->session;
    bool is_split = session->layout.members[MEMBER_AREA_NEXT].how != HOW_UNKNOWN;

    fit->is_auto =
        session->has_firmware && symbols_find(&session->firmware.symbols, "gc_get_max_new_split");
    fit->may_grow =
        is_split && session->layout.era >= ERA_1_21 && (fit->is_auto || !session->has_firmware);
}

static void look_now(struct fit *fit)
{
    const struct objects *objects = &fit->session->objects;
    struct gc_numbers numbers;
    uint64_t enabled;

    gc_numbers(objects->heap, &numbers);
    gc_state(objects->heap, objects->target, &numbers, &fit->state);
    fit->never_collects =
        layout_read_member(objects->layout, objects->target, MEMBER_AUTO_COLLECT, &enabled) &&
        !enabled;
    see_growth(fit);
    free_runs_measure(objects, NULL, MOMENT_NOW, &fit->now);
    fit->fits_now = free_runs_find(objects, NULL, MOMENT_NOW, fit->blocks, &fit->place_now);
}

// `names` may be NULL: nobody asks what is between the largest runs.
static int look_after(struct fit *fit, const struct names *names, struct output *output,
                      struct mph_err *err)
{
    const struct objects *objects = &fit->session->objects;
    struct place_found least;
    struct mark mark;
    int rc = mark_init(&mark, objects, err);

    if (rc < 0)
        return rc;
    fit->has_after = true;
    fit->is_certain = mark.is_certain;
    free_runs_measure(objects, &mark, MOMENT_AFTER, &fit->after);
    bool fits = free_runs_find(objects, &mark, MOMENT_AFTER, fit->blocks, &fit->place_after);
    bool fits_least =
        mark.has_least && free_runs_find(objects, &mark, MOMENT_AFTER_LEAST, fit->blocks, &least);
    // Free runs stay: what fits now fits then, whatever is kept.
    if (!fits)
        fit->fits_after = ANSWER_NO;
    else
        fit->fits_after =
            mark.is_certain || fits_least || fit->fits_now ? ANSWER_YES : ANSWER_MAYBE;
    room_notes(&mark, output);
    if (names)
        rc = fit_between(fit->session, names, &mark, &fit->between, err);
    mark_deinit(&mark);
    return rc;
}

static void note_state(const struct fit *fit, struct output *output)
{
    if (!fit->fits_now && fit->now.largest_bytes / fit->session->layout.block_bytes >= fit->blocks)
        notes_add(&output->notes,
                  "heap: free runs lie in front of where the next search begins "
                  "(gc_last_free_atb_index): they are not looked at before a collection");
    if (fit->never_collects)
        notes_add(&output->notes, "gc: gc.disable() is in effect: an allocation that does not fit "
                                  "fails without a collection");
    if (fit->may_grow && !fit->fits_now)
        notes_add(&output->notes, fit->is_auto
                                      ? "heap: this port adds an area where nothing fits, if the "
                                        "system has memory left"
                                      : "heap: a port with MICROPY_GC_SPLIT_HEAP_AUTO (ESP32) adds "
                                        "an area where nothing fits, if the system has memory "
                                        "left; whether this is one is not known without an ELF");
    if (fit->may_grow && fit->has_after && fit->after.empty_areas > fit->now.empty_areas)
        notes_add(&output->notes,
                  "heap: a collection empties %" PRIu64 " areas of %" PRIu64
                  " bytes, which such a port then gives back to the system",
                  fit->after.empty_areas, fit->after.empty_bytes);
}

// --- writing ---

static void write_place(const struct place_found *place, struct text *text)
{
    text_printf(text, "at 0x%08" PRIx64 ", the first of %" PRIu64 " free run%s long enough\n",
                place->address, place->runs, place->runs == 1 ? "" : "s");
}

static void write_after(const struct fit *fit, struct text *text)
{
    static const char *const words[] = {[ANSWER_NO] = "no: the largest free run has ",
                                        [ANSWER_MAYBE] = "perhaps, ",
                                        [ANSWER_YES] = "yes, "};

    text_printf(text, "after a collection:  %s", words[fit->fits_after]);
    if (fit->fits_after == ANSWER_NO)
        text_printf(text, "%" PRIu64 " bytes\n", fit->after.largest_bytes);
    else
        write_place(&fit->place_after, text);
}

static void write_text(const struct fit *fit, struct text *text)
{
    text_printf(text, "%" PRIu64 " bytes, %" PRIu64 " block%s of %u\n", fit->bytes, fit->blocks,
                fit->blocks == 1 ? "" : "s", (unsigned)fit->session->layout.block_bytes);
    if (is_locked(fit))
        text_printf(text, "the heap is locked%s: every allocation fails until it is unlocked\n",
                    fit->state.is_collecting ? " by a collection in progress" : "");
    text_puts(text, "now:                 ");
    if (fit->fits_now) {
        text_puts(text, "yes, ");
        write_place(&fit->place_now, text);
    } else {
        text_printf(text, "no: the largest free run has %" PRIu64 " bytes\n",
                    fit->now.largest_bytes);
    }
    if (fit->has_after)
        write_after(fit, text);
    text_putc(text, '\n');
    room_write(&fit->now, fit->has_after ? &fit->after : NULL, text);
    if (fit->between) {
        text_putc(text, '\n');
        fit_between_write(fit->between, text);
    }
}

static json_t *answer_json(enum answer answer)
{
    return answer == ANSWER_MAYBE ? json_null() : json_boolean(answer == ANSWER_YES);
}

static json_t *moment_json(enum answer answer, const struct place_found *place,
                           const struct free_runs *runs)
{
    json_t *document = room_json(runs);

    if (!document)
        return NULL;
    json_object_set_new(document, "fits", answer_json(answer));
    json_object_set_new(document, "fitting_runs", json_integer((json_int_t)place->runs));
    if (answer != ANSWER_NO)
        json_object_set_new(document, "address", json_address(place->address));
    return document;
}

static int write_json(const struct fit *fit, struct output *output, struct mph_err *err)
{
    json_t *now = moment_json(fit->fits_now ? ANSWER_YES : ANSWER_NO, &fit->place_now, &fit->now);
    json_t *after =
        fit->has_after ? moment_json(fit->fits_after, &fit->place_after, &fit->after) : json_null();
    json_t *document =
        json_pack("{s:I, s:I, s:b, s:b, s:b, s:o, s:o}", "bytes", (json_int_t)fit->bytes, "blocks",
                  (json_int_t)fit->blocks, "is_locked", is_locked(fit), "collects_by_itself",
                  !fit->never_collects, "may_grow", fit->may_grow, "now", now, "after", after);

    if (document && fit->has_after)
        json_object_set_new(document, "certain", json_boolean(fit->is_certain));
    if (document && fit->between)
        json_object_set(document, "between", fit->between);
    return output_json(output, document, err);
}

static int answer(struct fit *fit, const struct fit_options *options, const struct names *names,
                  struct output *output, struct mph_err *err)
{
    uint64_t size = fit->session->layout.block_bytes;
    int rc = 0;

    fit->blocks = options->bytes / size + (options->bytes % size != 0);
    report_common_notes(fit->session, output);
    look_now(fit);
    if (!fit->fits_now || options->after_collect || names)
        rc = look_after(fit, names, output, err);
    if (rc < 0)
        return rc;
    note_state(fit, output);
    if (output->is_json)
        rc = write_json(fit, output, err);
    else
        write_text(fit, output->text);
    if (rc < 0)
        return rc;
    return is_locked(fit) || (!fit->fits_now && fit->fits_after == ANSWER_NO);
}

static int run_fit(struct session *session, const void *raw_options, struct output *output,
                   struct mph_err *err)
{
    const struct fit_options *options = raw_options;
    struct fit fit = {.session = session, .bytes = options->bytes};
    struct names names;
    int rc = options->between ? session_load_names(session, &names, err)
                              : session_open_objects(session, err);

    if (rc < 0)
        return rc;
    rc = answer(&fit, options, options->between ? &names : NULL, output, err);
    json_decref(fit.between);
    if (options->between)
        names_deinit(&names);
    return rc;
}

const struct report report_fit = {
    .name = "fit",
    .arguments = "N",
    .summary = "whether an allocation of N bytes would succeed",
    .help = "Whether N bytes (4096, 4K, 0x1000) fit in one piece: now, and if not, after a "
            "collection; where they would go; and how the free blocks are cut up. Exit status 1: "
            "they fit neither now nor after a collection, or the heap is locked.",
    .argp = &fit_argp,
    .options_size = sizeof(struct fit_options),
    .check = check_options,
    .run = run_fit,
};
