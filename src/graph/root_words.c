// SPDX-License-Identifier: MIT
#include "graph/root_words.h"

#include <string.h>

#include "graph/edges.h"
#include "graph/section.h"
#include "object/roots.h"
#include "vm/stack.h"
#include "vm/threads.h"

// --- bounds ---

static void add_doubt(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end)
{
    if (start < end)
        roots->doubts[roots->doubt_count++] = (struct root_doubt){set, start, end};
}

static void bound(struct root_words *roots, enum root_set set, uint64_t start, uint64_t end)
{
    struct roots *bounds = &roots->sets[set];

    bounds->found = ROOTS_READ;
    bounds->start = start;
    bounds->end = end;
    bounds->words = start < end ? (end - start) / roots->objects->word : 0;
}

static void find_state(struct root_words *roots)
{
    struct roots *bounds = &roots->sets[ROOTS_STATE];
    struct section section;

    if (!section_find(roots->objects, &section)) {
        bounds->found = ROOTS_MISSING;
        bounds->why = "where mp_state_ctx is, is not known";
        return;
    }
    bound(roots, ROOTS_STATE, section.start, section.end);
    add_doubt(roots, ROOTS_STATE, section.start_min, section.start);
    add_doubt(roots, ROOTS_STATE, section.end, section.end_max);
    if (section.start != section.start_min || !section.end_is_known) {
        bounds->found = ROOTS_PARTLY;
        bounds->why = "where roots begin or end is not known exactly";
    }
}

static void find_pystack(struct root_words *roots)
{
    uint64_t start, end;

    if (roots_find_pystack(roots->objects, &start, &end))
        bound(roots, ROOTS_PYSTACK, start, end);
}

// Where code is and where the stack is: not values of a program.
static bool is_place(const char *name)
{
    static const char *const names[] = {"pc", "sp", "msp", "psp", "rip", "rsp", "eip", "esp"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

// All of them, while the collector looks at those that a called function preserves: where
// it is called, the others' values are on the stack if they still matter.
static void find_registers(struct root_words *roots)
{
    const struct regs *regs = &roots->objects->target->regs;
    struct roots *bounds = &roots->sets[ROOTS_REGISTERS];

    for (size_t i = 0; i < regs->count; i++)
        bounds->words += !is_place(regs->list[i].name);
    bounds->found = bounds->words ? ROOTS_READ : ROOTS_MISSING;
    bounds->why = bounds->words ? NULL : "no registers are known";
}

// What lies below is not in use, or is by functions that the chain of exception
// buffers does not tell of.
static void doubt_below(struct root_words *roots, uint64_t start)
{
    const struct objects *objects = roots->objects;
    uint64_t top, limit;

    if (layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &top) &&
        layout_read_member(objects->layout, objects->target, MEMBER_STACK_LIMIT, &limit) &&
        limit < top && top - limit < start && limit <= 1 << 20)
        add_doubt(roots, ROOTS_STACK, (top - limit) / objects->word * objects->word, start);
}

static int find_stack(struct root_words *roots, struct mph_err *err)
{
    struct roots *bounds = &roots->sets[ROOTS_STACK];
    struct stack stack;
    int rc = stack_load(roots->objects, &stack, err);

    if (rc < 0)
        return rc;
    uint64_t start = stack.has_sp || !stack.buffers.len ? stack.start : stack_buffer(&stack, 0);
    bound(roots, ROOTS_STACK, start, stack.end);
    if (!stack.has_sp) {
        bounds->found = stack.start ? ROOTS_PARTLY : ROOTS_MISSING;
        bounds->why = stack.is_elsewhere ? "the stack pointer is on another stack"
                                         : "the stack pointer is not known";
    }
    if (bounds->found == ROOTS_PARTLY)
        doubt_below(roots, start);
    stack_deinit(&stack);
    return 0;
}

// shared/runtime/softtimer.c soft_timer_gc_mark_all: a heap of nodes that hold each other,
// from one pointer; py/pairheap.h.
static void find_timers(struct root_words *roots)
{
    const struct objects *objects = roots->objects;
    const struct symbol *queue =
        objects->symbols ? symbols_find(objects->symbols, "soft_timer_heap") : NULL;

    if (queue)
        bound(roots, ROOTS_TIMERS, queue->address, queue->address + objects->word);
    else
        roots->sets[ROOTS_TIMERS].found = objects->symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
}

static void find_threads(struct root_words *roots)
{
    const struct symbols *symbols = roots->objects->symbols;
    struct roots *bounds = &roots->sets[ROOTS_THREADS];
    unsigned others;

    bounds->found = symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
    if (!symbols || !symbols_find(symbols, "mp_thread_gc_others"))
        return;
    bool is_counted = threads_count_others(roots->objects, &others);
    if (is_counted && !others) {
        bounds->found = ROOTS_READ;
        return;
    }
    bounds->found = ROOTS_MISSING;
    bounds->why = is_counted ? "other threads run, whose stacks are not read"
                             : "this firmware has threads; how many run is not known";
}

int root_words_find(struct root_words *ret, const struct objects *objects, struct mph_err *err)
{
    *ret = (struct root_words){.objects = objects};
    find_state(ret);
    find_pystack(ret);
    find_registers(ret);
    find_timers(ret);
    find_threads(ret);
    return find_stack(ret, err);
}

// --- words ---

static void each_between(const struct objects *objects, uint64_t start, uint64_t end,
                         struct root_word *word, struct root_walk *walk)
{
    struct edges edges;
    struct edge edge;

    if (start >= end)
        return;
    target_fetch(objects->target, &(struct range){start, end - start}, 1, NULL);
    edges_init(&edges, objects);
    edges_begin(&edges, start, end - start);
    while (edges_next(&edges, &edge)) {
        word->at = edge.at;
        word->block = edge.block;
        walk->visit(walk->context, word);
    }
    if (edges.unread && !walk->unread)
        walk->unread_first = edges.unread_first;
    walk->unread += edges.unread;
}

static void each_register(const struct objects *objects, struct root_walk *walk)
{
    const struct regs *regs = &objects->target->regs;
    struct root_word word = {.set = ROOTS_REGISTERS};
    struct edges edges;

    edges_init(&edges, objects);
    for (size_t i = 0; i < regs->count; i++) {
        word.reg = regs->list[i].name;
        if (!is_place(word.reg) && edges_word(&edges, regs->list[i].value, &word.block))
            walk->visit(walk->context, &word);
    }
}

void root_words_each(const struct root_words *roots, enum root_set set, struct root_walk *walk)
{
    struct root_word word = {.set = set};

    if (set == ROOTS_REGISTERS)
        each_register(roots->objects, walk);
    else
        each_between(roots->objects, roots->sets[set].start, roots->sets[set].end, &word, walk);
}

void root_words_each_doubt(const struct root_words *roots, struct root_walk *walk)
{
    for (size_t i = 0; i < roots->doubt_count; i++) {
        const struct root_doubt *doubt = &roots->doubts[i];
        struct root_word word = {.set = doubt->set, .is_doubtful = true};

        each_between(roots->objects, doubt->start, doubt->end, &word, walk);
    }
}

const char *root_set_name(enum root_set set)
{
    static const char *const names[ROOTS_SETS] = {"mp_state_ctx", "pystack",     "registers",
                                                  "C stack",      "soft timers", "other threads"};

    return names[set];
}
