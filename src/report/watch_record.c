// SPDX-License-Identifier: MIT
#include "report/watch_record.h"

#include <inttypes.h>

#include "base/version.h"
#include "report/page.h"
#include "report/table.h"

void watch_record_init(struct watch_record *record)
{
    *record = (struct watch_record){
        .points = VEC_OF(struct watch_point), .events = VEC_OF(struct watch_event), .stride = 1};
}

void watch_record_deinit(struct watch_record *record)
{
    vec_deinit(&record->points);
    vec_deinit(&record->events);
}

// --- keeping ---

static void drop_every_other(struct watch_record *record)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->points.len; i += 2, kept++)
        *(struct watch_point *)vec_at(&record->points, kept) =
            *(struct watch_point *)vec_at(&record->points, i);
    record->points.len = kept;
    record->stride *= 2;
}

int watch_record_point(struct watch_record *record, const struct watch_point *point,
                       struct mph_err *err)
{
    if (record->seen++ % record->stride)
        return 0;
    struct watch_point *kept = vec_add(&record->points);
    if (!kept)
        return mph_fail_no_memory(err);
    *kept = *point;
    if (record->points.len == RECORD_POINTS)
        drop_every_other(record);
    return 0;
}

int watch_record_event(struct watch_record *record, const struct watch_event *event,
                       struct mph_err *err)
{
    if (record->events.len == RECORD_EVENTS) {
        record->left_events++;
        return 0;
    }
    struct watch_event *kept = vec_add(&record->events);
    if (!kept)
        return mph_fail_no_memory(err);
    *kept = *event;
    return 0;
}

// --- the document, which docs/page.md describes ---

enum column { SECONDS, USED, FREE, LARGEST, TORN, COLUMNS };

static json_t *samples_json(const struct watch_record *record)
{
    static const char *const names[COLUMNS] = {"seconds", "used_bytes", "free_bytes",
                                               "largest_free_bytes", "torn"};
    size_t columns[COLUMNS];
    struct table table;

    table_init(&table);
    for (enum column i = 0; i < COLUMNS; i++)
        columns[i] = table_add_column(&table, names[i], TABLE_NUMBERS);
    for (size_t i = 0; i < record->points.len; i++) {
        const struct watch_point *point = vec_at(&record->points, i);
        const struct gc_numbers *numbers = &point->sample.numbers;

        table_set_decimal(&table, columns[SECONDS], point->seconds);
        table_set_number(&table, columns[USED], (int64_t)numbers->used_bytes);
        table_set_number(&table, columns[FREE], (int64_t)numbers->free_bytes);
        table_set_number(&table, columns[LARGEST], (int64_t)point->largest_run_bytes);
        table_set_number(&table, columns[TORN], point->sample.is_torn);
        table_end_row(&table);
    }
    json_t *document = table_take_json(&table);
    table_deinit(&table);
    return document;
}

static json_t *events_json(const struct watch_record *record)
{
    json_t *list = json_array();

    for (size_t i = 0; i < record->events.len; i++) {
        const struct watch_event *event = vec_at(&record->events, i);

        json_array_append_new(list, json_pack("{s:f, s:s, s:b, s:o}", "seconds", event->seconds,
                                              "kind", watch_kind_name(event->kind), "torn",
                                              event->is_uncertain, "text", json_text(event->text)));
    }
    return list;
}

static json_t *input_json(const struct watch_record *record, const struct watch_totals *totals)
{
    struct text text;

    text_init(&text, NULL);
    text_printf(&text,
                "A heap that was watched for %.1f s: %" PRIu64 " samples, %" PRIu64
                " of them torn, %" PRIu64 " collections seen.",
                totals->seconds, totals->samples, totals->torn, totals->collections);
    if (record->stride > 1)
        text_printf(&text, " One sample of %" PRIu64 " is shown.", record->stride);
    if (record->left_events)
        text_printf(&text, " The last %" PRIu64 " events are left out.", record->left_events);
    json_t *input = json_text(text.bytes ? text.bytes : "");
    text_deinit(&text);
    return input;
}

static uint64_t total_bytes(const struct watch_record *record)
{
    const struct watch_point *last =
        record->points.len ? vec_at(&record->points, record->points.len - 1) : NULL;

    return last ? last->sample.numbers.total_bytes : 0;
}

int watch_record_write(const struct watch_record *record, const char *path, double interval,
                       const struct watch_totals *totals, struct mph_err *err)
{
    json_t *document =
        json_pack("{s:s, s:o, s:[], s:{s:I, s:I, s:o, s:o}}", "mpheap", MPHEAP_VERSION, "input",
                  input_json(record, totals), "moments", "watch", "interval_ms",
                  (json_int_t)(interval * 1e3 * (double)record->stride + 0.5), "total_bytes",
                  (json_int_t)total_bytes(record), "samples", samples_json(record), "events",
                  events_json(record));

    if (!document)
        return mph_fail_no_memory(err);
    int rc = page_write(path, document, err);
    json_decref(document);
    return rc;
}
