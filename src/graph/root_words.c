// SPDX-License-Identifier: MIT
#include "graph/root_words.h"

#include <string.h>

#include "graph/edges.h"
#include "graph/root_stacks.h"
#include "graph/section.h"
#include "object/roots.h"
#include "vm/threads.h"

// --- bounds ---

static void find_state(struct root_words *roots)
{
    struct roots *bounds = &roots->sets[ROOTS_STATE];
    struct section section;

    if (!section_find(roots->objects, &section)) {
        bounds->found = ROOTS_MISSING;
        bounds->why = "where mp_state_ctx is, is not known";
        return;
    }
    root_spans_bound(roots, ROOTS_STATE, section.start, section.end);
    root_spans_doubt(roots, ROOTS_STATE, section.start_min, section.start);
    root_spans_doubt(roots, ROOTS_STATE, section.end, section.end_max);
    if (section.start != section.start_min || !section.end_is_known) {
        bounds->found = ROOTS_PARTLY;
        bounds->why = "where roots begin or end is not known exactly";
    }
}

static void find_pystack(struct root_words *roots)
{
    uint64_t start, end;

    if (roots_find_pystack(roots->objects, &start, &end))
        root_spans_bound(roots, ROOTS_PYSTACK, start, end);
}

// All of them, while the collector looks at those that a called function preserves: where
// it is called, the others' values are on the stack if they still matter.
static void find_registers(struct root_words *roots)
{
    const struct regs *regs = &roots->objects->target->regs;
    struct roots *bounds = &roots->sets[ROOTS_REGISTERS];

    root_spans_add(roots, &(struct root_span){.set = ROOTS_REGISTERS, .regs = regs});
    bounds->found = bounds->words ? ROOTS_READ : ROOTS_MISSING;
    bounds->why = bounds->words ? NULL : "no registers are known";
}

// shared/runtime/softtimer.c soft_timer_gc_mark_all: a heap of nodes that hold each other,
// from one pointer; py/pairheap.h.
static void find_timers(struct root_words *roots)
{
    const struct objects *objects = roots->objects;
    const struct symbol *queue =
        objects->symbols ? symbols_find(objects->symbols, "soft_timer_heap") : NULL;

    if (queue)
        root_spans_bound(roots, ROOTS_TIMERS, queue->address, queue->address + objects->word);
    else
        roots->sets[ROOTS_TIMERS].found = objects->symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
}

static int find_all(struct root_words *roots, const struct threads *threads, struct mph_err *err)
{
    find_state(roots);
    find_pystack(roots);
    find_registers(roots);
    int rc = root_stacks_find_own(roots, threads, err);
    if (rc < 0)
        return rc;
    find_timers(roots);
    root_stacks_find_others(roots, threads);
    return roots->is_out_of_memory ? mph_fail_no_memory(err) : 0;
}

int root_words_find(struct root_words *ret, const struct objects *objects, struct mph_err *err)
{
    struct threads threads;

    *ret = (struct root_words){.objects = objects, .spans = VEC_OF(struct root_span)};
    int rc = threads_load(objects, &threads, err);
    if (rc < 0)
        return rc;
    rc = find_all(ret, &threads, err);
    threads_deinit(&threads);
    if (rc < 0)
        root_words_deinit(ret);
    return rc;
}

void root_words_deinit(struct root_words *roots)
{
    vec_deinit(&roots->spans);
    *roots = (struct root_words){0};
}

static const struct root_span *span_at(const struct root_words *roots, size_t index)
{
    return vec_at(&roots->spans, index);
}

bool root_words_have_doubt(const struct root_words *roots)
{
    for (size_t i = 0; i < roots->spans.len; i++)
        if (span_at(roots, i)->is_doubtful)
            return true;
    return false;
}

// --- spans ---

// Where code is and where the stack is: not values of a program.
static bool is_place(const char *name)
{
    static const char *const names[] = {"pc", "sp", "msp", "psp", "rip", "rsp", "eip", "esp"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static uint64_t count_words(const struct root_words *roots, const struct root_span *span)
{
    uint64_t count = 0;

    if (!span->regs)
        return (span->end - span->start) / roots->objects->word;
    for (size_t i = 0; i < span->regs->count; i++)
        count += !is_place(span->regs->list[i].name);
    return count;
}

void root_spans_add(struct root_words *roots, const struct root_span *span)
{
    if (!span->regs && span->start >= span->end)
        return;
    struct root_span *slot = vec_add(&roots->spans);
    if (slot)
        *slot = *span;
    else
        roots->is_out_of_memory = true;
    if (!span->is_doubtful)
        roots->sets[span->set].words += count_words(roots, span);
}

void root_spans_bound(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end)
{
    struct roots *bounds = &roots->sets[set];

    bounds->found = ROOTS_READ;
    bounds->start = start;
    bounds->end = end;
    root_spans_add(roots, &(struct root_span){.set = set, .start = start, .end = end});
}

void root_spans_doubt(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end)
{
    root_spans_add(
        roots, &(struct root_span){.set = set, .is_doubtful = true, .start = start, .end = end});
}

// --- words ---

static void each_between(const struct objects *objects, const struct root_span *span,
                         struct root_word *word, struct root_walk *walk)
{
    const struct range range = {span->start, span->end - span->start};
    struct edges edges;
    struct edge edge;

    target_fetch(objects->target, &range, 1, NULL);
    edges_init(&edges, objects);
    edges_begin(&edges, range.address, range.size);
    while (edges_next(&edges, &edge)) {
        word->at = edge.at;
        word->block = edge.block;
        walk->visit(walk->context, word);
    }
    if (edges.unread && !walk->unread)
        walk->unread_first = edges.unread_first;
    walk->unread += edges.unread;
}

static void each_register(const struct objects *objects, const struct regs *regs,
                          struct root_word *word, struct root_walk *walk)
{
    struct edges edges;

    edges_init(&edges, objects);
    for (size_t i = 0; i < regs->count; i++) {
        word->reg = regs->list[i].name;
        if (!is_place(word->reg) && edges_word(&edges, regs->list[i].value, &word->block))
            walk->visit(walk->context, word);
    }
}

static void each_of_span(const struct root_words *roots, const struct root_span *span,
                         struct root_walk *walk)
{
    struct root_word word = {
        .set = span->set, .is_doubtful = span->is_doubtful, .thread = span->thread};

    if (span->regs)
        each_register(roots->objects, span->regs, &word, walk);
    else
        each_between(roots->objects, span, &word, walk);
}

void root_words_each(const struct root_words *roots, enum root_set set, struct root_walk *walk)
{
    for (size_t i = 0; i < roots->spans.len; i++)
        if (span_at(roots, i)->set == set && !span_at(roots, i)->is_doubtful)
            each_of_span(roots, span_at(roots, i), walk);
}

void root_words_each_doubt(const struct root_words *roots, struct root_walk *walk)
{
    for (size_t i = 0; i < roots->spans.len; i++)
        if (span_at(roots, i)->is_doubtful)
            each_of_span(roots, span_at(roots, i), walk);
}

const char *root_set_name(enum root_set set)
{
    static const char *const names[ROOTS_SETS] = {"mp_state_ctx", "pystack",     "registers",
                                                  "C stack",      "soft timers", "other threads"};

    return names[set];
}
