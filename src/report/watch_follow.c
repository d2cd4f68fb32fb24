// SPDX-License-Identifier: MIT
// What samples say together: collections, how fast used grows, marks and alarms.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "report/watch.h"

const char *watch_kind_name(enum watch_kind kind)
{
    static const char *const names[] = {
        [WATCH_COLLECTION] = "collection",
        [WATCH_HIGH_WATER] = "high_water",
        [WATCH_ALARM] = "alarm",
        [WATCH_SNAPSHOT] = "snapshot",
        [WATCH_RESET] = "reset",
        [WATCH_AREAS] = "areas",
        [WATCH_LINK] = "link",
        [WATCH_STATE] = "state",
    };

    return names[kind];
}

// What is being put together.
struct adding {
    struct follower *follower;
    struct watch_point *point;
    struct vec *events;
    int rc;
};

static void __attribute__((format(printf, 3, 4)))
add_event(struct adding *adding, enum watch_kind kind, const char *format, ...)
{
    struct watch_event *event = vec_add(adding->events);
    va_list arguments;

    if (!event) {
        adding->rc = MPH_ERR_NO_MEMORY;
        return;
    }
    event->kind = kind;
    event->seconds = adding->point->seconds;
    event->unix_seconds = adding->point->unix_seconds;
    event->is_uncertain = adding->point->sample.is_torn;
    va_start(arguments, format);
    vsnprintf(event->text, sizeof event->text, format, arguments);
    va_end(arguments);
}

// --- collections ---

static bool has_collected(const struct follower *follower, const struct sample *sample)
{
    if (!follower->has_previous || follower->was_collecting)
        return false;
    return sample->state.is_collecting || sample->gone_heads >= COLLECTED_HEADS;
}

static void add_collection(struct adding *adding)
{
    const struct sample *sample = &adding->point->sample;
    uint64_t used = sample->numbers.used_bytes, before = adding->follower->previous_used;

    adding->follower->totals.collections++;
    if (sample->state.is_collecting)
        add_event(adding, WATCH_COLLECTION, "a collection is in progress");
    else if (used < before && !adding->follower->was_torn)
        add_event(adding, WATCH_COLLECTION,
                  "collection: %" PRIu64 " objects went, used fell by %" PRIu64 " to %" PRIu64
                  " bytes",
                  sample->gone_heads, before - used, used);
    else
        add_event(adding, WATCH_COLLECTION, "collection: %" PRIu64 " objects went",
                  sample->gone_heads);
}

// Used grows from one collection to the next; what falls in between was given back. Where
// that began with a torn sample, one that is not is a better beginning.
static void measure_rate(struct follower *follower, struct watch_point *point, bool is_new_run)
{
    uint64_t used = point->sample.numbers.used_bytes;
    double seconds = point->seconds - follower->run_seconds;

    if (!follower->has_previous || is_new_run || point->sample.state.is_collecting ||
        (follower->is_run_torn && !point->sample.is_torn)) {
        follower->is_run_torn = point->sample.is_torn;
        follower->run_used = used;
        follower->run_seconds = point->seconds;
        return;
    }
    point->has_rate = seconds > 0;
    if (point->has_rate)
        point->rate = used > follower->run_used ? (double)(used - follower->run_used) / seconds : 0;
}

// --- marks ---

static void add_high_water(struct adding *adding)
{
    struct watch_totals *totals = &adding->follower->totals;
    uint64_t used = adding->point->sample.numbers.used_bytes;
    bool is_higher = used > totals->high_water_bytes;

    if (is_higher && adding->follower->has_previous && !adding->follower->is_rising)
        add_event(adding, WATCH_HIGH_WATER,
                  "high-water mark: %" PRIu64 " bytes in use, more than the %s%" PRIu64 " before",
                  used, totals->is_high_uncertain ? "~" : "", totals->high_water_bytes);
    if (is_higher) {
        totals->high_water_bytes = used;
        totals->is_high_uncertain = adding->point->sample.is_torn;
    }
    adding->follower->is_rising =
        is_higher || (adding->follower->is_rising && used >= adding->follower->previous_used);
}

static void note_least_run(struct watch_totals *totals, const struct watch_point *point)
{
    if (totals->samples > 1 && point->largest_run_bytes >= totals->least_run_bytes)
        return;
    totals->least_run_bytes = point->largest_run_bytes;
    totals->is_least_uncertain = point->sample.is_torn;
}

// One torn sample alone raises no alarm: its runs may be of several moments.
static void judge_alarm(struct adding *adding)
{
    struct follower *follower = adding->follower;
    bool is_short = adding->point->largest_run_bytes < follower->alarm_bytes;

    if (!is_short) {
        follower->is_alarmed = false;
        follower->doubts = 0;
        return;
    }
    if (follower->is_alarmed || (adding->point->sample.is_torn && !follower->doubts++))
        return;
    follower->is_alarmed = true;
    follower->totals.alarms++;
    add_event(adding, WATCH_ALARM,
              "alarm: the largest free run has %" PRIu64 " bytes, fewer than %" PRIu64,
              adding->point->largest_run_bytes, follower->alarm_bytes);
}

// --- all of it ---

static void add_totals(struct watch_totals *totals, const struct watch_point *point)
{
    totals->seconds = point->seconds;
    totals->samples++;
    totals->torn += point->sample.is_torn;
    totals->retaken += point->sample.retaken;
    totals->link_bytes += point->sample.link_bytes;
    totals->link_seconds += point->sample.link_seconds;
}

static void measure_runs(struct watch_point *point, uint64_t block_bytes)
{
    const struct gc_numbers *numbers = &point->sample.numbers;

    point->largest_run_bytes = numbers->max_free * block_bytes;
    point->fragmentation = numbers->free_bytes
                               ? 1 - (double)point->largest_run_bytes / (double)numbers->free_bytes
                               : 0;
}

int follower_add(struct follower *follower, struct watch_point *point, uint64_t block_bytes,
                 struct vec *events, struct mph_err *err)
{
    struct adding adding = {follower, point, events, 0};
    bool is_new_run = has_collected(follower, &point->sample);

    add_totals(&follower->totals, point);
    measure_runs(point, block_bytes);
    if (is_new_run)
        add_collection(&adding);
    measure_rate(follower, point, is_new_run || follower->was_collecting);
    add_high_water(&adding);
    note_least_run(&follower->totals, point);
    judge_alarm(&adding);
    point->collections = follower->totals.collections;
    follower->has_previous = true;
    follower->was_collecting = point->sample.state.is_collecting;
    follower->was_torn = point->sample.is_torn;
    follower->previous_used = point->sample.numbers.used_bytes;
    return adding.rc < 0 ? mph_fail_no_memory(err) : 0;
}

void follower_restart(struct follower *follower)
{
    follower->has_previous = follower->was_collecting = follower->is_rising = false;
}
