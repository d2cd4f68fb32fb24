// SPDX-License-Identifier: MIT
#include "report/watch_loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "report/page.h"
#include "report/snapshot.h"
#include "report/watch_parts.h"
#include "target/stream.h"

// From one look at whether the target runs to the next.
static const double LOOK_SECONDS = 1;

static double unix_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// The user's wish to end it is no error, and leaves no text of one.
int watch_stop(struct watch *watch)
{
    watch->is_stopped = true;
    return MPH_ERR_INTERRUPTED;
}

int watch_let_pass(struct watch *watch, double seconds)
{
    const struct watch_view *view = watch->view;
    int rc = view ? view->pause(view->context, seconds, NULL) : stream_pause(seconds, NULL);

    return rc < 0 ? watch_stop(watch) : 0;
}

// --- telling ---

static int tell_event(struct watch *watch, const struct watch_event *event, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < watch->file_count; i++)
        rc = watch_file_event(&watch->files[i], event, err);
    if (rc == 0 && watch->options->html)
        rc = watch_record_event(&watch->record, event, err);
    if (watch->view)
        watch->view->event(watch->view->context, event);
    return rc;
}

int watch_tell(struct watch *watch, enum watch_kind kind, struct mph_err *err, const char *format,
               ...)
{
    struct watch_event event = {
        .kind = kind, .seconds = stream_now() - watch->start, .unix_seconds = unix_now()};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(event.text, sizeof event.text, format, arguments);
    va_end(arguments);
    return tell_event(watch, &event, err);
}

static int tell_point(struct watch *watch, const struct watch_point *point, struct mph_err *err)
{
    const struct watch_view *view = watch->view;
    struct watch_scene scene = {point, &watch->follower.totals, &watch->sampler,
                                watch->options->alarm_bytes};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < watch->file_count; i++)
        rc = watch_file_point(&watch->files[i], point, err);
    if (rc == 0 && watch->options->html)
        rc = watch_record_point(&watch->record, point, err);
    if (rc == 0 && view)
        view->show(view->context, &scene);
    return rc;
}

// --- what an alarm is for ---

static int keep_core(struct watch *watch, struct mph_err *err)
{
    struct vec parts = VEC_OF(struct snapshot_part);
    struct mph_err why = {0};
    time_t now = time(NULL);
    struct tm when;
    char path[1024];

    watch->has_snapshot = true;
    localtime_r(&now, &when);
    if (!strftime(path, sizeof path, watch->options->snapshot, &when))
        return watch_tell(watch, WATCH_SNAPSHOT, err,
                          "no core: --snapshot is no name, or too long");
    target_forget_all(&watch->session->target);
    int rc = snapshot_take(watch->session, path, &parts, watch->output, &why);
    target_forget_all(&watch->session->target);
    vec_deinit(&parts);
    if (rc == MPH_ERR_INTERRUPTED)
        return watch_stop(watch);
    return rc < 0 ? watch_tell(watch, WATCH_SNAPSHOT, err, "no core: %s", why.text)
                  : watch_tell(watch, WATCH_SNAPSHOT, err, "a core of the board is in %s", path);
}

static int raise_alarm(struct watch *watch, struct mph_err *err)
{
    const struct watch_options *options = watch->options;

    watch->has_alarm_ended = !options->seconds && !options->count;
    return options->snapshots && !watch->has_snapshot ? keep_core(watch, err) : 0;
}

// --- a sample ---

static int tell_events(struct watch *watch, const struct vec *events, struct mph_err *err)
{
    bool has_alarm = false;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < events->len; i++) {
        const struct watch_event *event = vec_at(events, i);

        has_alarm |= event->kind == WATCH_ALARM;
        rc = tell_event(watch, event, err);
    }
    return rc == 0 && has_alarm ? raise_alarm(watch, err) : rc;
}

static int add_sample(struct watch *watch, const struct sample *sample, struct mph_err *err)
{
    struct watch_point point = {.number = watch->follower.totals.samples + 1,
                                .seconds = stream_now() - watch->start,
                                .unix_seconds = unix_now(),
                                .sample = *sample};
    struct vec events = VEC_OF(struct watch_event);
    int rc =
        follower_add(&watch->follower, &point, watch->session->layout.block_bytes, &events, err);

    if (rc == 0)
        rc = tell_point(watch, &point, err);
    if (rc == 0)
        rc = tell_events(watch, &events, err);
    vec_deinit(&events);
    return rc;
}

static void remember_place(struct watch *watch)
{
    const struct layout *layout = &watch->session->layout;
    uint64_t offset = (uint64_t)layout->members[MEMBER_AREA_TABLE].offset;

    watch->place =
        (struct watch_place){layout->area + offset, layout->word_bytes, layout->big_endian};
}

// The heap as it was opened is a sample: all of it was read for that.
int watch_add_first(struct watch *watch, struct mph_err *err)
{
    struct session *session = watch->session;
    struct sample sample;
    int rc = sampler_init(&watch->sampler, &session->target, &session->heap, session->tries,
                          watch->options->verifies, err);

    if (rc < 0)
        return rc;
    watch->has_sampler = true;
    remember_place(watch);
    sampler_first(&watch->sampler, &session->heap, &sample);
    sample.link_bytes -= watch->paid_bytes;
    sample.link_seconds -= watch->paid_seconds;
    rc = add_sample(watch, &sample, err);
    if (rc == 0 && !watch_is_moving(watch))
        rc = watch_tell(watch, WATCH_STATE, err,
                        session->target.state == RUN_DUMP
                            ? "a dump does not move: one sample is all"
                            : "the target does not run: one sample is all");
    return rc;
}

// --- from the first to the last ---

// A target that somebody halts gives one sample like the other, as one does that only waits.
// Asked now and then, the link tells them apart; where it cannot, the next sample says why.
static int look_at_state(struct watch *watch)
{
    const struct link *link = &watch->session->target.link;
    enum run_state state = RUN_UNKNOWN;
    double now = stream_now();
    int rc = 0;

    if (link->ops->state && now >= watch->next_look) {
        rc = link->ops->state(link->context, &state, NULL);
        watch->next_look = now + LOOK_SECONDS;
    }
    if (rc == MPH_ERR_INTERRUPTED)
        return watch_stop(watch);
    return rc < 0 ? RUN_UNKNOWN : (int)state;
}

static int tell_state(struct watch *watch, struct mph_err *err)
{
    int state = look_at_state(watch);

    if (state < 0 || state != (watch->is_halted ? RUN_RUNNING : RUN_HALTED))
        return state < 0 ? state : 0;
    watch->is_halted = state == RUN_HALTED;
    return watch_tell(watch, WATCH_STATE, err, "%s",
                      watch->is_halted ? "the target was halted: until it runs, nothing changes"
                                       : "the target runs again");
}

static int take(struct watch *watch, struct mph_err *err)
{
    struct mph_err why = {0};
    struct sample sample;
    int rc = tell_state(watch, err);

    if (rc < 0)
        return rc;
    rc = sampler_take(&watch->sampler, &sample, &why);
    watch->lost = (struct mph_err){0};
    if (rc == MPH_ERR_INTERRUPTED)
        return watch_stop(watch);
    if (rc < 0)
        return watch_lose(watch, &why, err);
    if (sample.change != LANDMARKS_SAME)
        return watch_change(watch, sample.change, err);
    return add_sample(watch, &sample, err);
}

static bool is_done(const struct watch *watch)
{
    const struct watch_options *options = watch->options;

    return watch->is_lost || watch->has_alarm_ended || !watch_is_moving(watch) ||
           (options->count && watch->follower.totals.samples >= options->count) ||
           watch_is_time_over(watch, watch->next);
}

// A sample that took longer than the interval moves all that follow.
static void plan_next(struct watch *watch)
{
    double now = stream_now();

    watch->next += watch->options->interval;
    if (watch->next < now)
        watch->next = now;
}

static int follow(struct watch *watch, struct mph_err *err)
{
    int rc = watch_add_first(watch, err);

    for (plan_next(watch); rc == 0 && !is_done(watch); plan_next(watch)) {
        double left = watch->next - stream_now();

        if (watch_let_pass(watch, left > 0 ? left : 0) < 0)
            return MPH_ERR_INTERRUPTED;
        rc = take(watch, err);
    }
    return rc;
}

static int open_files(struct watch *watch, struct mph_err *err)
{
    const struct watch_options *options = watch->options;
    int rc = watch_file_adopt(&watch->files[watch->file_count++], watch->output,
                              watch->view              ? &watch_silent
                              : watch->output->is_json ? &watch_json
                                                       : &watch_lines,
                              err);

    if (rc == 0 && options->csv)
        rc = watch_file_open(&watch->files[watch->file_count++], options->csv, &watch_csv, err);
    if (rc == 0 && options->jsonl)
        rc = watch_file_open(&watch->files[watch->file_count++], options->jsonl, &watch_json, err);
    if (rc == 0 && options->html)
        rc = page_check(options->html, err);
    return rc;
}

// What ended it, `rc`, counts for more than what fails now.
static int end_files(struct watch *watch, int rc, struct mph_err *err)
{
    const struct watch_options *options = watch->options;
    const struct watch_totals *totals = &watch->follower.totals;
    int ended = 0;

    if (options->html && totals->samples)
        ended = watch_record_write(&watch->record, options->html, options->interval, totals, err);
    for (size_t i = 0; i < watch->file_count; i++) {
        int closed = watch_file_end(&watch->files[i], totals, err);

        ended = ended < 0 ? ended : closed;
    }
    return rc < 0 || ended == 0 ? rc : ended;
}

// What was lost and did not come back is a failure, whoever ended it.
static int result(const struct watch *watch, int rc, struct mph_err *err)
{
    if (rc == MPH_ERR_INTERRUPTED && watch->is_stopped)
        rc = 0;
    if (rc == 0 && watch->is_lost)
        return mph_fail_again(err, &watch->lost);
    return rc < 0 ? rc : watch->follower.totals.alarms > 0;
}

static int watch_all(struct watch *watch, struct mph_err *err)
{
    int rc;

    if (watch->output->view && watch_is_moving(watch) &&
        watch->output->view->begin(watch->output->view->context))
        watch->view = watch->output->view;
    rc = open_files(watch, err);
    if (rc == 0)
        rc = follow(watch, err);
    if (watch->view)
        watch->view->end(watch->view->context);
    return rc;
}

// Who waits for a report to end cannot end it.
static int check_end(const struct watch *watch, struct mph_err *err)
{
    if (!watch_is_moving(watch) || watch->session->opener || watch->options->seconds ||
        watch->options->count)
        return 0;
    return mph_fail(err, MPH_ERR_USAGE,
                    "usage: OpenOCD waits until its command ends: --for or --count, or watch from "
                    "a shell (mpheap watch --openocd)");
}

int watch_run(struct session *session, const struct watch_options *options, struct output *output,
              struct mph_err *err)
{
    struct watch watch = {.session = session,
                          .options = options,
                          .output = output,
                          .follower = {.alarm_bytes = options->alarm_bytes}};
    int rc = watch_load(session, err);

    watch_record_init(&watch.record);
    if (rc == 0)
        rc = check_end(&watch, err);
    if (rc == 0) {
        watch.start = watch.next = stream_now();
        rc = watch_all(&watch, err);
        rc = result(&watch, rc, err);
        session->heap.is_torn = false; // each sample says that of itself
        report_common_notes(session, output);
    }
    rc = end_files(&watch, rc, err);
    watch_record_deinit(&watch.record);
    if (watch.has_sampler)
        sampler_deinit(&watch.sampler);
    return rc;
}
