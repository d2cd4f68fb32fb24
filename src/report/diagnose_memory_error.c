// SPDX-License-Identifier: MIT
// What a diagnosis says of allocations that failed.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu/isa.h"
#include "graph/fit.h"
#include "object/value.h"
#include "report/diagnosis.h"
#include "report/frame_words.h"
#include "report/place.h"
#include "vm/raised.h"

struct failure {
    bool has_size;
    uint64_t bytes; // that were asked for
};

// What the heap has room for.
struct room {
    uint64_t now, after; // bytes of the largest free run at this moment and after a collection
    bool is_certain;     // `after` is
};

static bool is_memory_error(const struct objects *objects, uint64_t address)
{
    struct object object;

    return objects_get(objects, address, &object) && object.type &&
           !strcmp(object.type->name, "MemoryError");
}

// py/runtime.c m_malloc_fail: "memory allocation failed, allocating %u bytes". Text that the
// firmware keeps compressed says nothing, and a locked heap no size.
static void read_message(const char *message, struct failure *failure)
{
    const char *number = strstr(message, "allocating ");

    failure->has_size =
        number && sscanf(number, "allocating %" SCNu64 " bytes", &failure->bytes) == 1;
}

// --- how it would do now ---

static struct room measure(const struct diagnosis *diagnosis)
{
    const struct objects *objects = &diagnosis->session->objects;
    const struct mark *mark = &diagnosis->check.mark;
    struct free_runs now, after;

    free_runs_measure(objects, NULL, MOMENT_NOW, &now);
    free_runs_measure(objects, mark, MOMENT_AFTER, &after);
    return (struct room){now.largest_bytes, after.largest_bytes, mark->is_certain};
}

static const char *fit_name(const struct failure *failure, const struct room *room)
{
    if (failure->bytes <= room->now)
        return "now";
    return failure->bytes <= room->after ? "after a collection" : "not even after a collection";
}

static void add_room(json_t *finding, const struct failure *failure, const struct room *room)
{
    if (failure->has_size) {
        evidence_bytes(finding, "asked for", failure->bytes);
        evidence_text(finding, "would fit", fit_name(failure, room));
    }
    evidence_bytes(finding, "largest free run now", room->now);
    evidence_bytes(finding, room->is_certain ? "after a collection" : "after a collection, at most",
                   room->after);
}

// --- in the middle of failing ---

static bool first_argument(const struct diagnosis *diagnosis, uint64_t *ret)
{
    static const char *const names[] = {"r0", "a0", "rdi", "x0"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (regs_get(&diagnosis->session->target.regs, names[i], ret))
            return true;
    return false;
}

// Halted at the start of m_malloc_fail, whose first argument is the size.
static bool is_failing(const struct diagnosis *diagnosis, struct failure *ret)
{
    struct place place;
    uint64_t pc;

    if (!isa_pc(&diagnosis->session->target, &pc) || !place_find(diagnosis->session, pc, &place) ||
        strcmp(place.name, "m_malloc_fail") != 0)
        return false;
    *ret = (struct failure){0};
    ret->has_size = pc == place.start && first_argument(diagnosis, &ret->bytes);
    return true;
}

// --- exceptions ---

static void add_place(const struct diagnosis *diagnosis, const struct raised *raised,
                      struct text *text)
{
    static const char *const places[] = {
        [RAISED_IN_FRAME] = "in ",
        [RAISED_IN_BUFFER] = "the last exception that a frame caught",
        [RAISED_ON_STACK] = "on the C stack, or left there",
        [RAISED_EMERGENCY] = "the emergency exception, which stays after it was used",
    };

    text_puts(text, places[raised->where]);
    if (raised->where == RAISED_IN_FRAME) {
        const struct trace_frame *at = vec_at(&diagnosis->trace.frames, raised->frame);

        frame_add_position(&diagnosis->session->objects, &at->frame, text);
    }
}

static void add_raised(struct diagnosis *diagnosis, const struct raised *raised,
                       const struct room *room)
{
    struct failure failure;
    struct text value, place;

    text_init(&value, NULL);
    text_init(&place, NULL);
    value_add_object(&diagnosis->session->objects, raised->object, &value_short, &value);
    read_message(value.bytes ? value.bytes : "", &failure);
    bool is_at_hand = raised->where != RAISED_EMERGENCY;
    json_t *finding = finding_add(diagnosis, is_at_hand ? FINDING_TROUBLE : FINDING_FACT, "memory",
                                  "memory ran out%s: %s", is_at_hand ? "" : " earlier",
                                  value.bytes ? value.bytes : "MemoryError");
    evidence_address(diagnosis, finding, "exception", raised->object);
    add_place(diagnosis, raised, &place);
    evidence_text(finding, "where", place.bytes ? place.bytes : "");
    if (raised->at != raised->object)
        evidence_address(diagnosis, finding, "held by the word at", raised->at);
    add_room(finding, &failure, room);
    text_deinit(&place);
    text_deinit(&value);
}

// Exceptions that nothing at hand leads to: raised earlier, and not yet collected.
struct earlier {
    const struct objects *objects;
    const struct vec *raised;
    size_t count;
    uint64_t first;
};

static int count_earlier(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct earlier *earlier = context;

    (void)block, (void)bytes;
    for (size_t i = 0; i < earlier->raised->len; i++)
        if (raised_at(earlier->raised, i)->object == address)
            return 0;
    if (is_memory_error(earlier->objects, address) && !earlier->count++)
        earlier->first = address;
    return 0;
}

static void find_earlier(struct diagnosis *diagnosis, const struct vec *raised)
{
    const struct objects *objects = &diagnosis->session->objects;
    struct earlier earlier = {.objects = objects, .raised = raised};
    struct text value;

    objects_each_head(objects, &(struct head_walk){count_earlier, &earlier});
    if (!earlier.count)
        return;
    text_init(&value, NULL);
    value_add_object(objects, earlier.first, &value_short, &value);
    json_t *finding = finding_add(diagnosis, FINDING_FACT, "memory",
                                  "memory ran out earlier: %s lies on the heap",
                                  value.bytes ? value.bytes : "MemoryError");
    text_deinit(&value);
    evidence_address(diagnosis, finding, "exception", earlier.first);
    evidence_count(finding, "of them", (int64_t)earlier.count);
}

static void find_failing(struct diagnosis *diagnosis, const struct room *room)
{
    struct failure failure;

    if (is_failing(diagnosis, &failure))
        add_room(
            finding_add(diagnosis, FINDING_TROUBLE, "memory", "an allocation fails at this moment"),
            &failure, room);
}

int diagnose_memory_error(struct diagnosis *diagnosis, struct mph_err *err)
{
    const struct objects *objects = &diagnosis->session->objects;
    struct room room = measure(diagnosis);
    struct vec raised;
    int rc = raised_find(objects, diagnosis->has_trace ? &diagnosis->trace : NULL, &raised, err);

    if (rc < 0)
        return rc;
    find_failing(diagnosis, &room);
    for (size_t i = 0; i < raised.len; i++)
        if (is_memory_error(objects, raised_at(&raised, i)->object))
            add_raised(diagnosis, raised_at(&raised, i), &room);
    find_earlier(diagnosis, &raised);
    vec_deinit(&raised);
    return 0;
}
