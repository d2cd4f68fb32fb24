// SPDX-License-Identifier: MIT
// What RAM can be read: outwards from all that is known to lie in some, bank by bank.
#include <inttypes.h>

#include "report/bounds.h"
#include "target/probe.h"

enum { PROBES_MAX = 8 }; // banks; each has PROBE_REACH each way at most

// Where RAM lies on microcontrollers, and of Cortex-M no device does (ARM DDI 0403, B3.1: SRAM).
static const struct extent default_window = {0x20000000, 0x3fffffff};

struct search {
    struct bounds *bounds;
    struct session *session;
    struct extent window;
    bool is_window_given;            // by the user: RAM may go on behind it
    struct extent found[PROBES_MAX]; // with mirrors
    struct extent banks[PROBES_MAX]; // without
    size_t count;
    bool has_open_end; // one of them goes on further than was looked
};

// --- one bank ---

// Of RAM that repeats itself, the one with the address in it that is known to be used.
static struct extent pick_mirror(const struct probe *probe, uint64_t anchor)
{
    uint64_t skipped = (anchor - probe->found.first) / probe->period * probe->period;

    return (struct extent){probe->found.first + skipped,
                           probe->found.first + skipped + (probe->period - 1)};
}

static void say_plain(struct bounds *bounds, const struct probe *probe)
{
    if (probe->is_plain && !probe->period)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: RAM at 0x%08" PRIX64 " holds too little that differs to tell "
                    "mirrors from more of it: it may be smaller",
                    probe->found.first);
}

static void add_found(struct search *search, const struct probe *probe, uint64_t anchor)
{
    struct extent bank = probe->period ? pick_mirror(probe, anchor) : probe->found;

    search->found[search->count] = probe->found;
    search->banks[search->count++] = bank;
    if (probe->period) {
        verdict_add(search->bounds, VERDICT_UNSURE, 0,
                    "RAM at 0x%08" PRIX64 " repeats itself every %" PRIu64 " bytes: %" PRIu64
                    " bytes that can be read are mirrors",
                    bank.first, probe->period, extent_bytes(probe->found) - probe->period);
    } else if (probe->is_endless || (search->is_window_given && probe->is_cut)) {
        search->has_open_end = true;
        verdict_add(search->bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: all that was probed from 0x%08" PRIX64 " on can be read: where "
                    "RAM ends does not show",
                    bank.first);
    }
    say_plain(search->bounds, probe);
}

static bool is_found(const struct search *search, uint64_t address)
{
    for (size_t i = 0; i < search->count; i++)
        if (extent_has(search->found[i], address))
            return true;
    return false;
}

static int look_around(struct search *search, uint64_t anchor, struct mph_err *err)
{
    struct probe probe;

    if (!extent_has(search->window, anchor) || is_found(search, anchor) ||
        search->count == PROBES_MAX)
        return 0;
    int rc = probe_ram(&search->session->target, anchor, search->window, &probe, err);
    if (rc == 1)
        add_found(search, &probe, anchor);
    return rc < 0 ? rc : 0;
}

// --- all that is known to lie in RAM ---

static int look_around_heap(struct search *search, struct mph_err *err)
{
    const struct bounds *bounds = search->bounds;
    struct extent heap;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < bounds->areas.len; i++) {
        const struct bounds_area *area = vec_at(&bounds->areas, i);

        rc = look_around(search, area->whole.first, err);
    }
    if (!bounds->areas.len && bounds_heap(bounds, &heap))
        rc = look_around(search, heap.first, err);
    return rc;
}

static int look_around_stack(struct search *search, struct mph_err *err)
{
    const struct bounds_stack *live = &search->bounds->live_stack;
    struct extent stack;
    int rc = live->has_sp && live->sp ? look_around(search, live->sp - 1, err) : 0;

    return rc == 0 && bounds_stack(search->bounds, &stack) ? look_around(search, stack.last, err)
                                                           : rc;
}

static int look_around_sections(struct search *search, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < search->bounds->sections.len; i++) {
        const struct named_extent *section = vec_at(&search->bounds->sections, i);

        rc = look_around(search, section->extent.first, err);
    }
    return rc;
}

static int look_everywhere(struct search *search, struct mph_err *err)
{
    int rc = look_around_heap(search, err);

    if (rc == 0)
        rc = look_around_stack(search, err);
    if (rc == 0)
        rc = look_around_sections(search, err);
    // A blank board: RAM begins where the window does.
    if (rc == 0 && !search->count && !search->bounds->areas.len)
        rc = look_around(search, search->window.first, err);
    return rc;
}

// --- what comes of it ---

// As long as the end of one bank is not known, none of them says what lies outside of RAM.
static int add_banks(const struct search *search, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && !search->has_open_end && i < search->count; i++)
        rc = bounds_add_bank(search->bounds, search->banks[i], RAM_PROBED, err,
                             "what can be read (--probe-ram)");
    return rc;
}

int bounds_probe(struct bounds *bounds, const struct bounds_options *options,
                 struct session *session, struct mph_err *err)
{
    struct search search = {.bounds = bounds,
                            .session = session,
                            .window = default_window,
                            .is_window_given = options->has_probe_range};

    if (options->has_probe_range)
        search.window = (struct extent){options->probe_first, options->probe_last};
    bounds->probed = search.window;
    int rc = look_everywhere(&search, err);
    if (rc == 0 && !search.count)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: nothing that is known to be RAM can be read in 0x%08" PRIX64
                    "..0x%08" PRIX64 " (--probe-range)",
                    search.window.first, search.window.last);
    return rc == 0 ? add_banks(&search, err) : rc;
}
