// SPDX-License-Identifier: MIT
// What RAM the chip has: by --ram, by --chip, by its own word, by probing.
#include <inttypes.h>
#include <stdio.h>

#include "report/bounds.h"
#include "target/chip.h"
#include "target/probe.h"

// Where RAM lies on microcontrollers, and no device does (ARM DDI 0403, B3.1: SRAM).
static const struct extent default_window = {0x20000000, 0x3fffffff};

static int add_bank(struct bounds *bounds, struct extent extent, enum ram_source source,
                    struct mph_err *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static int add_bank(struct bounds *bounds, struct extent extent, enum ram_source source,
                    struct mph_err *err, const char *format, ...)
{
    struct bounds_bank *bank = vec_add(&bounds->banks);
    va_list arguments;

    if (!bank)
        return mph_fail_no_memory(err);
    bank->extent = extent;
    bank->source = source;
    va_start(arguments, format);
    vsnprintf(bank->name, sizeof bank->name, format, arguments);
    va_end(arguments);
    return 0;
}

static int add_banks(struct bounds *bounds, const struct chip_bank *banks, enum ram_source source,
                     const char *who, struct mph_err *err)
{
    struct extent extent;
    int rc = 0;

    for (const struct chip_bank *bank = banks; rc == 0 && bank->name; bank++)
        if (extent_set(&extent, bank->address, bank->size))
            rc = add_bank(bounds, extent, source, err, "%s of %s", bank->name, who);
    return rc;
}

static int add_given(struct bounds *bounds, const struct session *session, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < session->ram.len; i++) {
        const struct range *range = vec_at(&session->ram, i);
        struct extent extent;

        if (extent_set(&extent, range->address, range->size))
            rc = add_bank(bounds, extent, RAM_GIVEN, err, "--ram");
    }
    return rc;
}

static int add_named(struct bounds *bounds, const char *name, struct mph_err *err)
{
    const struct chip *chip = name ? chip_find(name) : NULL;
    char who[BOUNDS_NAME_MAX];

    if (!chip)
        return 0;
    snprintf(who, sizeof who, "%.40s (--chip)", chip->title);
    snprintf(bounds->chip, sizeof bounds->chip, "%s", chip->title);
    return add_banks(bounds, chip->banks, RAM_NAMED, who, err);
}

static int add_identified(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    struct chip_identity identity;
    char who[BOUNDS_NAME_MAX];
    int rc = chip_identify(&session->target, &identity, err);

    if (rc < 0 || !identity.reg)
        return rc;
    if (!identity.chip) {
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "%s at 0x%08" PRIX64 " is 0x%" PRIx64 ", of no chip in the table (--chip)",
                    identity.reg, identity.address, identity.value);
        return 0;
    }
    snprintf(who, sizeof who, "%.40s (%s)", identity.chip->title, identity.reg);
    if (!bounds->chip[0])
        snprintf(bounds->chip, sizeof bounds->chip, "%.40s (%s 0x%08" PRIx64 ")",
                 identity.chip->title, identity.reg, identity.value);
    bounds->flash_bytes = identity.flash_bytes;
    if (identity.doubt)
        verdict_add(bounds, VERDICT_UNSURE, 0, "%s: %s", identity.chip->title, identity.doubt);
    return add_banks(bounds, identity.banks, RAM_IDENTIFIED, who, err);
}

// --- probing ---

// An address that is known to be in RAM: the heap, else the stack, else a variable.
static bool find_anchor(const struct bounds *bounds, struct extent window, uint64_t *ret)
{
    struct extent heap;
    uint64_t candidates[3] = {0};

    if (bounds_heap(bounds, &heap))
        candidates[0] = heap.first;
    if (bounds->live_stack.has_sp && bounds->live_stack.sp)
        candidates[1] = bounds->live_stack.sp - 1;
    if (bounds->sections.len)
        candidates[2] = ((const struct named_extent *)vec_at(&bounds->sections, 0))->extent.first;
    for (size_t i = 0; i < 3; i++)
        if (candidates[i] && extent_has(window, candidates[i])) {
            *ret = candidates[i];
            return true;
        }
    *ret = window.first;
    return bounds->areas.len == 0; // a blank board: RAM begins where the window does
}

// Of RAM that repeats itself, the one with the address in it that is known to be used.
static struct extent pick_mirror(const struct probe *probe, uint64_t anchor)
{
    uint64_t skipped = (anchor - probe->found.first) / probe->period * probe->period;

    return (struct extent){probe->found.first + skipped,
                           probe->found.first + skipped + (probe->period - 1)};
}

// Whether what could be read says where RAM ends. With a range of the user's, it may go on.
static bool shows_end(const struct probe *probe, const struct bounds_options *options)
{
    return probe->period || (!probe->is_endless && !(options->has_probe_range && probe->is_cut));
}

static int add_probed(struct bounds *bounds, const struct probe *probe,
                      const struct bounds_options *options, uint64_t anchor, struct mph_err *err)
{
    struct extent extent = probe->found;

    if (!shows_end(probe, options)) {
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: all that was probed from 0x%08" PRIX64 " on can be read: where "
                    "RAM ends does not show",
                    extent.first);
        return 0;
    }
    if (probe->period) {
        extent = pick_mirror(probe, anchor);
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "RAM at 0x%08" PRIX64 " repeats itself every %" PRIu64 " bytes: %" PRIu64
                    " bytes that can be read are mirrors",
                    extent.first, probe->period, extent_bytes(probe->found) - probe->period);
    }
    if (probe->is_plain)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: RAM at 0x%08" PRIX64 " holds too little that differs to tell "
                    "mirrors from more of it: it may be smaller",
                    extent.first);
    return add_bank(bounds, extent, RAM_PROBED, err, "what can be read (--probe-ram)");
}

static int probe(struct bounds *bounds, const struct bounds_options *options,
                 struct session *session, struct mph_err *err)
{
    struct extent window = default_window;
    struct probe found;
    uint64_t anchor;

    if (options->has_probe_range)
        window = (struct extent){options->probe_first, options->probe_last};
    int rc = find_anchor(bounds, window, &anchor)
                 ? probe_ram(&session->target, anchor, window, &found, err)
                 : 0;
    if (rc == 0)
        verdict_add(bounds, VERDICT_UNSURE, 0,
                    "--probe-ram: nothing that is known to be RAM can be read in 0x%08" PRIX64
                    "..0x%08" PRIX64 " (--probe-range)",
                    window.first, window.last);
    return rc == 1 ? add_probed(bounds, &found, options, anchor, err) : rc;
}

int bounds_gather_chip(struct bounds *bounds, const struct bounds_options *options,
                       struct session *session, struct mph_err *err)
{
    int rc = add_given(bounds, session, err);

    if (rc == 0)
        rc = add_named(bounds, options->chip, err);
    if (rc == 0 && !options->is_offline)
        rc = add_identified(bounds, session, err);
    if (rc == 0 && options->wants_probe && !options->is_offline)
        rc = probe(bounds, options, session, err);
    return rc;
}
