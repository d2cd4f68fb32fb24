// SPDX-License-Identifier: MIT
#include "graph/mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "graph/edges.h"
#include "graph/section.h"
#include "object/roots.h"
#include "vm/stack.h"

// --- the mark ---

// Heads wait on a stack until their words are looked at; each is put there once, when
// it is marked.
struct marker {
    struct mark *mark;
    uint8_t *bits;
    struct edges edges;
    struct vec waiting; // of uint32_t
    struct roots *from; // whose words are looked at
    bool is_out_of_memory;
};

static void reach(struct marker *marker, uint64_t block)
{
    uint8_t bit = (uint8_t)(1 << block % 8);

    if (marker->bits[block / 8] & bit)
        return;
    marker->bits[block / 8] |= bit;
    uint32_t *slot = vec_add(&marker->waiting);
    if (slot)
        *slot = (uint32_t)block;
    else
        marker->is_out_of_memory = true;
    if (marker->from) {
        marker->from->heads++;
        marker->from->bytes += objects_block_bytes(marker->mark->objects, block);
    }
}

static void drain(struct marker *marker)
{
    struct edge edge;

    while (marker->waiting.len) {
        edges_begin_block(&marker->edges,
                          *(uint32_t *)vec_at(&marker->waiting, --marker->waiting.len));
        while (edges_next(&marker->edges, &edge))
            reach(marker, edge.block);
    }
}

static void mark_word(struct marker *marker, uint64_t word)
{
    uint64_t block;

    if (edges_word(&marker->edges, word, &block)) {
        reach(marker, block);
        drain(marker);
    }
}

static void mark_words(struct marker *marker, uint64_t start, uint64_t end)
{
    const struct objects *objects = marker->mark->objects;
    struct edge edge;
    struct edges words;

    if (start >= end)
        return;
    target_fetch(objects->target, &(struct range){start, end - start}, 1, NULL);
    edges_init(&words, objects);
    edges_begin(&words, start, end - start);
    while (edges_next(&words, &edge)) {
        reach(marker, edge.block);
        drain(marker);
    }
    if (words.unread && !marker->edges.unread)
        marker->edges.unread_first = words.unread_first;
    marker->edges.unread += words.unread;
    if (marker->from)
        marker->from->words += (end - start) / objects->word;
}

// --- roots ---

// Words that may be roots: of no use to what is kept for certain.
struct doubt {
    uint64_t start, end;
};

struct doubts {
    struct doubt list[4];
    size_t count;
};

static void add_doubt(struct doubts *doubts, uint64_t start, uint64_t end)
{
    if (start < end)
        doubts->list[doubts->count++] = (struct doubt){start, end};
}

static void mark_set(struct marker *marker, uint64_t start, uint64_t end)
{
    marker->from->start = start;
    marker->from->end = end;
    mark_words(marker, start, end);
}

static void mark_state(struct marker *marker, struct doubts *doubts)
{
    struct section section;

    if (!section_find(marker->mark->objects, &section)) {
        marker->from->found = ROOTS_MISSING;
        marker->from->why = "where mp_state_ctx is, is not known";
        return;
    }
    mark_set(marker, section.start, section.end);
    add_doubt(doubts, section.start_min, section.start);
    add_doubt(doubts, section.end, section.end_max);
    bool is_exact = section.start == section.start_min && section.end_is_known;
    marker->from->found = is_exact ? ROOTS_READ : ROOTS_PARTLY;
    marker->from->why = is_exact ? NULL : "where roots begin or end is not known exactly";
}

static void mark_pystack(struct marker *marker)
{
    uint64_t start, end;

    if (!roots_find_pystack(marker->mark->objects, &start, &end))
        return;
    marker->from->found = ROOTS_READ;
    mark_set(marker, start, end);
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
static void mark_registers(struct marker *marker)
{
    const struct regs *regs = &marker->mark->objects->target->regs;

    for (size_t i = 0; i < regs->count; i++)
        if (!is_place(regs->list[i].name)) {
            mark_word(marker, regs->list[i].value);
            marker->from->words++;
        }
    marker->from->found = marker->from->words ? ROOTS_READ : ROOTS_MISSING;
    marker->from->why = marker->from->words ? NULL : "no registers are known";
}

// What lies below is not in use, or is by functions that the chain of exception
// buffers does not tell of.
static void doubt_below(const struct objects *objects, uint64_t start, struct doubts *doubts)
{
    uint64_t top, limit;

    if (layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &top) &&
        layout_read_member(objects->layout, objects->target, MEMBER_STACK_LIMIT, &limit) &&
        limit < top && top - limit < start && limit <= 1 << 20)
        add_doubt(doubts, (top - limit) / objects->word * objects->word, start);
}

static int mark_stack(struct marker *marker, struct doubts *doubts, struct mph_err *err)
{
    const struct objects *objects = marker->mark->objects;
    struct stack stack;
    int rc = stack_load(objects, &stack, err);

    if (rc < 0)
        return rc;
    marker->from->found = ROOTS_READ;
    if (!stack.has_sp) {
        marker->from->found = stack.start ? ROOTS_PARTLY : ROOTS_MISSING;
        marker->from->why = stack.is_elsewhere ? "the stack pointer is on another stack"
                                               : "the stack pointer is not known";
    }
    uint64_t start = stack.has_sp || !stack.buffers.len ? stack.start : stack_buffer(&stack, 0);
    mark_set(marker, start, stack.end);
    if (marker->from->found == ROOTS_PARTLY)
        doubt_below(objects, start, doubts);
    stack_deinit(&stack);
    return 0;
}

// shared/runtime/softtimer.c soft_timer_gc_mark_all: a heap of nodes that hold each other,
// from one pointer; py/pairheap.h.
static void mark_timers(struct marker *marker)
{
    const struct objects *objects = marker->mark->objects;
    const struct symbol *queue =
        objects->symbols ? symbols_find(objects->symbols, "soft_timer_heap") : NULL;

    marker->from->found = objects->symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
    if (!queue)
        return;
    marker->from->found = ROOTS_READ;
    mark_set(marker, queue->address, queue->address + objects->word);
}

static void mark_threads(struct marker *marker)
{
    const struct symbols *symbols = marker->mark->objects->symbols;

    marker->from->found = symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
    if (symbols && symbols_find(symbols, "mp_thread_gc_others")) {
        marker->from->found = ROOTS_MISSING;
        marker->from->why = "this firmware has threads, whose stacks are not read";
    }
}

static int mark_roots(struct marker *marker, struct doubts *doubts, struct mph_err *err)
{
    int rc = 0;

    for (int set = 0; rc == 0 && set < ROOTS_SETS; set++) {
        marker->from = &marker->mark->roots[set];
        if (set == ROOTS_STATE)
            mark_state(marker, doubts);
        else if (set == ROOTS_PYSTACK)
            mark_pystack(marker);
        else if (set == ROOTS_REGISTERS)
            mark_registers(marker);
        else if (set == ROOTS_STACK)
            rc = mark_stack(marker, doubts, err);
        else if (set == ROOTS_TIMERS)
            mark_timers(marker);
        else
            mark_threads(marker);
    }
    marker->from = NULL;
    return rc;
}

// --- all of it ---

// What else would be kept, beside what is kept for certain.
static int mark_doubts(struct marker *marker, const struct doubts *doubts, struct mph_err *err)
{
    struct mark *mark = marker->mark;
    size_t bytes = (size_t)(mark->objects->block_count / 8 + 1);

    mark->maybe = mark->kept;
    if (!doubts->count)
        return 0;
    mark->maybe = malloc(bytes);
    if (!mark->maybe)
        return mph_fail_no_memory(err);
    memcpy(mark->maybe, mark->kept, bytes);
    marker->bits = mark->maybe;
    for (size_t i = 0; i < doubts->count; i++)
        mark_words(marker, doubts->list[i].start, doubts->list[i].end);
    return 0;
}

static void judge(struct mark *mark, const struct edges *edges)
{
    mark->unread = edges->unread;
    mark->unread_first = edges->unread_first;
    mark->is_certain = mark->has_least = !edges->unread;
    for (int set = 0; set < ROOTS_SETS; set++) {
        enum roots_found found = mark->roots[set].found;

        mark->is_certain &= found != ROOTS_PARTLY && found != ROOTS_MISSING;
        mark->has_least &= found != ROOTS_MISSING;
    }
}

static int mark_all(struct marker *marker, struct mph_err *err)
{
    struct doubts doubts = {.count = 0};
    int rc = edges_declare(marker->mark->objects, err);

    if (rc == 0)
        rc = mark_roots(marker, &doubts, err);
    if (rc == 0)
        rc = mark_doubts(marker, &doubts, err);
    if (rc == 0 && marker->is_out_of_memory)
        rc = mph_fail_no_memory(err);
    return rc;
}

int mark_init(struct mark *mark, const struct objects *objects, struct mph_err *err)
{
    struct marker *marker = calloc(1, sizeof *marker);
    int rc;

    *mark = (struct mark){.objects = objects,
                          .kept = calloc((size_t)(objects->block_count / 8 + 1), 1)};
    if (!marker || !mark->kept) {
        rc = mph_fail_no_memory(err);
    } else {
        *marker = (struct marker){.mark = mark, .bits = mark->kept, .waiting = VEC_OF(uint32_t)};
        edges_init(&marker->edges, objects);
        rc = mark_all(marker, err);
        judge(mark, &marker->edges);
        vec_deinit(&marker->waiting);
    }
    free(marker);
    if (rc < 0)
        mark_deinit(mark);
    return rc;
}

void mark_deinit(struct mark *mark)
{
    if (mark->maybe != mark->kept)
        free(mark->maybe);
    free(mark->kept);
    *mark = (struct mark){0};
}

const char *root_set_name(enum root_set set)
{
    static const char *const names[ROOTS_SETS] = {"mp_state_ctx", "pystack",     "registers",
                                                  "C stack",      "soft timers", "other threads"};

    return names[set];
}
