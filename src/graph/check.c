// SPDX-License-Identifier: MIT
#include "graph/check_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gc/numbers.h"

const char *damage_name(enum damage kind)
{
    static const char *const names[DAMAGE_KINDS] = {"area", "table",   "bits",      "header",
                                                    "size", "content", "reference", "qstr"};

    return names[kind];
}

// --- findings ---

static struct finding *finding_slot(struct check *check)
{
    struct finding *kept = check->findings.len < check->most ? vec_add(&check->findings) : NULL;

    return kept ? kept : &check->worker->spare;
}

struct finding *damage_add(struct check *check, enum damage kind, bool is_unsettled,
                           uint64_t address, const char *format, ...)
{
    struct finding *finding = finding_slot(check);
    va_list args;

    // A running target changes while it is read.
    is_unsettled |= check->objects->target->state == RUN_RUNNING || check->objects->heap->is_torn;
    if (is_unsettled)
        check->unsettled++;
    else
        check->damages++;
    *finding = (struct finding){.kind = kind,
                                .is_unsettled = is_unsettled,
                                .address = address,
                                .block = CHECK_NO_BLOCK,
                                .from = CHECK_NO_BLOCK,
                                .below = CHECK_NO_BLOCK};
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
    return finding;
}

void finding_explain(struct finding *finding, const char *format, ...)
{
    va_list args;

    if (*finding->why)
        return;
    va_start(args, format);
    vsnprintf(finding->why, sizeof finding->why, format, args);
    va_end(args);
}

// Damage further behind the beginning of an allocation than this is hardly what a write past
// the end of another one did.
enum { OVERRUN_BYTES = 64 };

void damage_about(struct check *check, struct finding *finding, uint64_t block)
{
    const struct objects *objects = check->objects;
    uint64_t damaged, below, offset;

    finding->block = block;
    if (objects_find_head(objects, finding->address, &damaged, &offset) && offset < OVERRUN_BYTES &&
        objects_find_head(objects, finding->address - offset - 1, &below, &offset))
        finding->below = below;
}

// --- where an address lies ---

static bool is_in_tables(const struct gc_area *area, uint64_t address)
{
    return address >= area->table && address < area->pool_start &&
           area->pool_start - area->table < area->pool_end - area->pool_start;
}

enum spot spot_of(const struct check *check, uint64_t address, uint64_t *ret_block)
{
    const struct objects *objects = check->objects;
    uint64_t offset;

    *ret_block = CHECK_NO_BLOCK;
    if (objects_find_head(objects, address, ret_block, &offset))
        return offset ? SPOT_TAIL : SPOT_HEAD;
    *ret_block = CHECK_NO_BLOCK;
    for (size_t i = 0; i < objects->area_count; i++) {
        const struct gc_area *area = objects->areas[i].area;

        if (address >= area->pool_start && address - area->pool_start < objects->areas[i].size)
            return SPOT_FREE;
        if (is_in_tables(area, address))
            return SPOT_TABLES;
    }
    return SPOT_OUTSIDE;
}

// --- all of it ---

static void check_all(struct check *check)
{
    struct gc_numbers numbers;
    struct gc_state state;

    gc_numbers(check->objects->heap, &numbers);
    gc_state(check->objects->heap, check->objects->target, &numbers, &state);
    check->is_collecting = state.is_collecting;
    check_areas(check);
    check_tables(check);
    check_objects(check);
    check_qstrs(check);
}

int check_init(struct check *check, const struct objects *objects, size_t most, struct mph_err *err)
{
    *check = (struct check){.objects = objects, .findings = VEC_OF(struct finding), .most = most};
    int rc = mark_init(&check->mark, objects, err);

    if (rc < 0)
        return rc;
    rc = worker_init(check, err);
    if (rc == 0)
        check_all(check);
    worker_deinit(check);
    if (rc < 0)
        check_deinit(check);
    return rc;
}

void check_deinit(struct check *check)
{
    mark_deinit(&check->mark);
    vec_deinit(&check->findings);
}
