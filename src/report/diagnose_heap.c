// SPDX-License-Identifier: MIT
// What a diagnosis says of the heap and its collector.
#include <inttypes.h>
#include <string.h>

#include "cpu/isa.h"
#include "gc/numbers.h"
#include "layout/members.h"
#include "object/histogram.h"
#include "report/diagnosis.h"
#include "report/place.h"

static void add_pc(const struct diagnosis *diagnosis, json_t *finding)
{
    uint64_t pc;

    if (isa_pc(&diagnosis->session->target, &pc))
        evidence_address(diagnosis, finding, "pc", pc);
}

// --- the collector and the allocator ---

static void find_collector(struct diagnosis *diagnosis, const struct gc_state *state,
                           const struct gc_numbers *numbers)
{
    if (state->is_collecting) {
        json_t *finding =
            finding_add(diagnosis, FINDING_FACT, "collector", "halted inside a collection%s",
                        state->has_overflowed ? ", whose mark stack overflowed: it "
                                                "goes through the whole heap again"
                                              : "");

        evidence_count(finding, "marked blocks", (int64_t)numbers->marked);
        if (state->has_lock_depth)
            evidence_count(finding, "gc_lock_depth", (int64_t)state->lock_depth);
        add_pc(diagnosis, finding);
    } else if (state->has_lock_depth && state->lock_depth) {
        json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "heap",
                                      "the heap is locked: whatever allocates raises MemoryError");

        evidence_count(finding, "gc_lock_depth", (int64_t)state->lock_depth);
        add_pc(diagnosis, finding);
    }
}

static bool is_of_allocator(const char *function)
{
    static const char *const names[] = {"gc_alloc",   "gc_free",          "gc_realloc",
                                        "gc_collect", "gc_collect_start", "gc_collect_end",
                                        "gc_sweep",   "gc_sweep_all",     "gc_collect_root",
                                        "m_malloc",   "m_realloc",        "m_free"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(function, names[i]))
            return true;
    return false;
}

static void find_allocator(struct diagnosis *diagnosis, const struct gc_numbers *numbers)
{
    struct place place;
    uint64_t pc;
    bool is_there = isa_pc(&diagnosis->session->target, &pc) &&
                    place_find(diagnosis->session, pc, &place) && is_of_allocator(place.name);

    if (!is_there && !numbers->orphan_runs)
        return;
    json_t *finding =
        finding_add(diagnosis, FINDING_FACT, "heap",
                    is_there ? "halted inside the allocator"
                             : "halted, it seems, while a block is freed or shrunk: the allocation "
                               "table has tails without a head");
    add_pc(diagnosis, finding);
    if (numbers->orphan_runs) {
        evidence_count(finding, "runs of such tails", (int64_t)numbers->orphan_runs);
        evidence_address(diagnosis, finding, "the first at", numbers->first_orphan);
    }
}

// --- damage ---

static void add_damage(json_t *finding, const struct check *check)
{
    enum { SHOWN_MAX = 4 };
    int shown = 0;

    for (size_t i = 0; i < check->findings.len && shown < SHOWN_MAX; i++) {
        const struct finding *one = vec_at(&check->findings, i);
        struct text text;

        if (one->is_unsettled)
            continue;
        text_init(&text, NULL);
        text_printf(&text, "0x%08" PRIx64 " %s", one->address, one->text);
        evidence_text(finding, damage_name(one->kind), text.bytes);
        text_deinit(&text);
        shown++;
    }
}

void diagnose_damage(struct diagnosis *diagnosis)
{
    const struct vec *problems = &diagnosis->session->heap.problems;
    const struct check *check = &diagnosis->check;

    if (check->damages) {
        json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "heap",
                                      "the heap is damaged, in %" PRIu64 " place%s (see check)",
                                      check->damages, check->damages == 1 ? "" : "s");

        add_damage(finding, check);
    } else if (problems->len) {
        json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "heap",
                                      "the heap's areas contradict themselves");

        for (size_t i = 0; i < problems->len; i++)
            evidence_text(finding, "because", notes_text(problems, i));
    }
}

// --- how full it is ---

// What takes most of it.
static int add_largest_type(const struct diagnosis *diagnosis, json_t *finding, struct mph_err *err)
{
    struct histogram histogram;
    struct text text;

    histogram_init(&histogram, &diagnosis->session->objects);
    int rc = histogram_count(&histogram, err);
    if (rc == 0 && histogram.rows.len) {
        histogram_sort(&histogram);
        const struct histogram_row *row = histogram_at(&histogram, 0);

        text_init(&text, NULL);
        text_escaped(&text, row->name, strlen(row->name));
        text_printf(&text, " (%" PRIu64 "), %" PRIu64 " bytes", row->count, histogram_bytes(row));
        evidence_text(finding, "most (see types)", text.bytes);
        text_deinit(&text);
    }
    histogram_deinit(&histogram);
    return rc;
}

static int find_use(struct diagnosis *diagnosis, const struct gc_numbers *numbers,
                    struct mph_err *err)
{
    const struct heap *heap = &diagnosis->session->heap;
    uint64_t percent = numbers->total_bytes ? numbers->used_bytes * 100 / numbers->total_bytes : 0;
    json_t *finding = finding_add(diagnosis, FINDING_FACT, "heap",
                                  "%" PRIu64 " %% of the heap is in use", percent);

    evidence_bytes(finding, "used", numbers->used_bytes);
    evidence_bytes(finding, "free", numbers->free_bytes);
    evidence_bytes(finding, "largest free run", numbers->max_free * heap->layout->block_bytes);
    evidence_address(diagnosis, finding, "pool", heap_area(heap, 0)->pool_start);
    return add_largest_type(diagnosis, finding, err);
}

int diagnose_heap(struct diagnosis *diagnosis, struct mph_err *err)
{
    struct session *session = diagnosis->session;
    struct gc_numbers numbers;
    struct gc_state state;

    members_find_lock(&session->layout, &session->target);
    gc_numbers(&session->heap, &numbers);
    gc_state(&session->heap, &session->target, &numbers, &state);
    find_collector(diagnosis, &state, &numbers);
    find_allocator(diagnosis, &numbers);
    return find_use(diagnosis, &numbers, err);
}
