// SPDX-License-Identifier: MIT
#include "target/probe.h"

#include <string.h>

#include "target/devices.h"

enum {
    PAGE = 1024,   // RAM comes in no smaller steps
    STEPS = 32,    // pages asked for at once
    WORD = 4,      // bytes read of each
    SAMPLES = 128, // places compared with where a mirror would have them
    SAMPLE_BYTES = 16,
    SAMPLE_STEP = 32, // between those that are close together
    TELLING_MIN = 8,  // of them must hold something
};

// --- outwards ---

static bool is_readable(struct target *target, uint64_t address)
{
    uint8_t word[WORD];

    return target_read(target, address, word, sizeof word, NULL) == 0;
}

// The pages, `step` bytes apart from `page` on, before the first that is a device's.
static uint64_t count_harmless(struct target *target, uint64_t page, int64_t step, uint64_t count)
{
    uint64_t harmless = 0;

    while (harmless < count && !devices_contain(target, page + harmless * (uint64_t)step))
        harmless++;
    return harmless;
}

// Declare the first words of the `count` pages from `page` on.
static int fetch_pages(struct target *target, uint64_t page, uint64_t count, struct mph_err *err)
{
    struct range ranges[STEPS];

    for (uint64_t i = 0; i < count; i++)
        ranges[i] = (struct range){page + i * PAGE, WORD};
    return target_fetch(target, ranges, (size_t)count, err);
}

static uint64_t steps_of(uint64_t pages)
{
    return pages < STEPS ? pages : STEPS;
}

// The last address of the pages that follow `page`, which is readable, up to `last`.
static int walk_up(struct target *target, uint64_t page, uint64_t last, uint64_t *ret,
                   struct mph_err *err)
{
    for (;;) {
        uint64_t count =
            count_harmless(target, page + PAGE, PAGE, steps_of((last - page - (PAGE - 1)) / PAGE));
        int rc = count ? fetch_pages(target, page + PAGE, count, err) : 0;

        *ret = page + (PAGE - 1);
        if (rc < 0 || !count)
            return rc;
        for (uint64_t i = 0; i < count; i++, page += PAGE, *ret = page + (PAGE - 1))
            if (!is_readable(target, page + PAGE))
                return 0;
    }
}

// The first address of the pages before `page`, down to `first`.
static int walk_down(struct target *target, uint64_t page, uint64_t first, uint64_t *ret,
                     struct mph_err *err)
{
    for (;;) {
        uint64_t count =
            count_harmless(target, page - PAGE, -PAGE, steps_of((page - first) / PAGE));
        int rc = count ? fetch_pages(target, page - count * PAGE, count, err) : 0;

        *ret = page;
        if (rc < 0 || !count)
            return rc;
        for (uint64_t i = 0; i < count; i++, page -= PAGE, *ret = page)
            if (!is_readable(target, page - PAGE))
                return 0;
    }
}

// --- mirrors ---

// Words that are all the same are found everywhere in RAM that nothing has used.
static bool is_telling(const uint8_t *bytes)
{
    return memcmp(bytes, bytes + WORD, SAMPLE_BYTES - WORD) != 0;
}

struct comparison {
    unsigned telling; // samples that hold something
    unsigned equal;   // of them, those that are the same one period on
};

// Where sample `index` is: half of them all over what was found, half close together about the
// address that is known to be used, since most of RAM may be empty.
static uint64_t sample_at(const struct probe *probe, uint64_t anchor, uint64_t period,
                          unsigned index)
{
    uint64_t room = extent_bytes(probe->found) - period;
    uint64_t step = room / (SAMPLES / 2) & ~(uint64_t)(SAMPLE_BYTES - 1);
    uint64_t at = index < SAMPLES / 2 ? index * step
                                      : (anchor - probe->found.first) % period +
                                            (index - SAMPLES / 2) * (uint64_t)SAMPLE_STEP;

    return probe->found.first + (at <= room - SAMPLE_BYTES ? at : room - SAMPLE_BYTES);
}

static int compare(struct target *target, const struct probe *probe, uint64_t anchor,
                   uint64_t period, struct comparison *ret, struct mph_err *err)
{
    struct range ranges[2 * SAMPLES];

    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t address = sample_at(probe, anchor, period, i);

        ranges[2 * i] = (struct range){address, SAMPLE_BYTES};
        ranges[2 * i + 1] = (struct range){address + period, SAMPLE_BYTES};
    }
    *ret = (struct comparison){0};
    int rc = target_fetch(target, ranges, 2 * SAMPLES, err);
    for (unsigned i = 0; rc == 0 && i < SAMPLES; i++) {
        uint8_t here[SAMPLE_BYTES], there[SAMPLE_BYTES];

        if (target_read(target, ranges[2 * i].address, here, sizeof here, NULL) < 0 ||
            target_read(target, ranges[2 * i + 1].address, there, sizeof there, NULL) < 0 ||
            (!is_telling(here) && !is_telling(there)))
            continue;
        ret->telling++;
        ret->equal += !memcmp(here, there, sizeof here);
    }
    return rc;
}

// A board that runs changes some words between the two reads of them.
static int find_period(struct target *target, struct probe *probe, uint64_t anchor,
                       struct mph_err *err)
{
    uint64_t size = extent_bytes(probe->found);
    struct comparison seen = {0};

    for (uint64_t period = PAGE; period <= size / 2; period *= 2) {
        int rc = compare(target, probe, anchor, period, &seen, err);

        if (rc < 0)
            return rc;
        if (seen.telling < TELLING_MIN)
            probe->is_plain = true;
        else if (seen.equal >= seen.telling - seen.telling / 8) {
            probe->period = period;
            probe->is_plain = false;
            return 0;
        }
    }
    return 0;
}

// --- all of it ---

// The part of the window that is in reach of a page, in whole pages.
static struct extent reach_of(uint64_t page, struct extent window)
{
    struct extent reach = {page > PROBE_REACH ? page - PROBE_REACH : 0,
                           page < UINT64_MAX - PROBE_REACH ? page + PROBE_REACH - 1 : UINT64_MAX};

    extent_common(reach, window, &reach);
    return reach;
}

int probe_ram(struct target *target, uint64_t address, struct extent window, struct probe *ret,
              struct mph_err *err)
{
    uint64_t page = address & ~(uint64_t)(PAGE - 1);
    struct probe probe = {0};

    if (page < window.first || window.last - page < PAGE - 1 || page > window.last ||
        devices_contain(target, page) || !is_readable(target, page))
        return 0;
    struct extent reach = reach_of(page, window);
    int rc = walk_down(target, page, reach.first, &probe.found.first, err);
    if (rc == 0)
        rc = walk_up(target, page, reach.last, &probe.found.last, err);
    if (rc == 0)
        rc = find_period(target, &probe, address, err);
    if (rc < 0)
        return rc;
    probe.is_cut = window.last - probe.found.last < PAGE;
    probe.is_endless = extent_bytes(probe.found) >= PROBE_REACH;
    *ret = probe;
    return 1;
}
