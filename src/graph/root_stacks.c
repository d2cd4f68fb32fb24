// SPDX-License-Identifier: MIT
#include "graph/root_stacks.h"

#include <elf.h>

#include "vm/stack.h"

// --- the one that would collect ---

static const struct thread *collector_of(const struct threads *threads)
{
    const struct thread *current = threads_current(threads);

    return current ? current : threads_main(threads);
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
        root_spans_doubt(roots, ROOTS_STACK, (top - limit) / objects->word * objects->word, start);
}

// The main thread is the current one, or nothing is known of others.
static int find_main_stack(struct root_words *roots, struct mph_err *err)
{
    struct roots *bounds = &roots->sets[ROOTS_STACK];
    struct stack stack;
    int rc = stack_load(roots->objects, &stack, err);

    if (rc < 0)
        return rc;
    uint64_t start = stack.has_sp || !stack.buffers.len ? stack.start : stack_buffer(&stack, 0);
    root_spans_bound(roots, ROOTS_STACK, start, stack.end);
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

// The main thread was left, and where is known.
static bool find_left_main_stack(struct root_words *roots, const struct thread *thread)
{
    const struct objects *objects = roots->objects;
    uint64_t top;

    if (!thread->is_main || thread->is_current || !thread->sp ||
        !layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &top) ||
        thread->sp >= top)
        return false;
    root_spans_bound(roots, ROOTS_STACK, thread->sp, top / objects->word * objects->word);
    return true;
}

// Another thread's, by its state; without that, the words above its stack pointer.
static void find_thread_stack(struct root_words *roots, const struct thread *thread)
{
    struct roots *bounds = &roots->sets[ROOTS_STACK];
    struct stack_bounds stack;

    if (thread->sp && thread_find_stack(roots->objects, thread, &stack)) {
        root_spans_bound(roots, ROOTS_STACK, stack.sp, stack.end);
        return;
    }
    bounds->found = ROOTS_PARTLY;
    bounds->why = thread->sp ? "where the thread's stack ends is not known exactly"
                             : "the stack pointer is not known";
    root_spans_doubt(roots, ROOTS_STACK, thread->sp ? thread->sp : thread->stack,
                     thread->stack_end);
}

int root_stacks_find_own(struct root_words *roots, const struct threads *threads,
                         struct mph_err *err)
{
    const struct thread *thread = collector_of(threads);

    if (thread && !thread->is_main && thread->stack)
        find_thread_stack(roots, thread);
    else if (!thread || !find_left_main_stack(roots, thread))
        return find_main_stack(roots, err);
    return 0;
}

// --- the others ---

static void add_between(struct root_words *roots, const struct thread *thread, uint64_t start,
                        uint64_t end)
{
    root_spans_add(roots,
                   &(struct root_span){
                       .set = ROOTS_THREADS, .start = start, .end = end, .thread = thread->id});
}

static void add_word(struct root_words *roots, const struct thread *thread, uint64_t address)
{
    if (address)
        add_between(roots, thread, address, address + roots->objects->word);
}

// All ports collect the words that lead to each entry, which are on the heap in most, and
// what its thread was started with; POSIX's entries are not on the heap.
static void add_entry(struct root_words *roots, const struct threads *threads,
                      const struct thread *thread)
{
    if (threads->port != THREADS_UNIX)
        add_word(roots, thread, thread->cell);
    add_word(roots, thread, thread->argument);
    add_word(roots, thread, thread->holder);
}

// Whole, with what is left over from functions that have returned.
static void add_stack(struct root_words *roots, const struct thread *thread)
{
    add_between(roots, thread, thread->stack, thread->stack_end);
}

// ports/unix/mpthreadport.c mp_thread_gc: the thread does it itself, in a signal's handler,
// below whose frame are the registers and on x86-64 the red zone.
enum { RED_ZONE_BYTES = 128 };

static void add_interrupted(struct root_words *roots, const struct thread *thread)
{
    uint64_t red_zone = roots->objects->target->machine == EM_X86_64 ? RED_ZONE_BYTES : 0;

    root_spans_add(roots, &(struct root_span){
                              .set = ROOTS_THREADS, .regs = thread->regs, .thread = thread->id});
    add_between(roots, thread, thread->stack - red_zone, thread->stack_end);
}

static bool has_version_below(const struct root_words *roots, int version)
{
    int known = roots->objects->layout->version_number;

    return known && known < version;
}

// ports/rp2/mpthreadport.c: the second core's stack by the block that it is, and before
// v1.19 by its words alone; the first one's whenever the second one collects.
static void add_core(struct root_words *roots, const struct thread *thread, bool is_collector)
{
    bool is_old = has_version_below(roots, 11900);

    if (!thread->is_main && !is_old)
        return; // its entry is all
    if (!is_collector)
        add_stack(roots, thread);
}

static void add_thread(struct root_words *roots, const struct threads *threads,
                       const struct thread *thread, bool is_collector)
{
    if (threads->port != THREADS_CORES || !has_version_below(roots, 11900))
        add_entry(roots, threads, thread);
    if (threads->port == THREADS_CORES)
        add_core(roots, thread, is_collector);
    else if (is_collector || !thread->is_running)
        return;
    else if (threads->port == THREADS_UNIX && thread->regs)
        add_interrupted(roots, thread);
    else
        add_stack(roots, thread);
}

// Why not all words of the others are known.
static const char *what_is_missing(const struct threads *threads)
{
    const struct thread *collector = collector_of(threads);

    for (size_t i = 0; i < threads->list.len && !threads->problem; i++) {
        const struct thread *thread = threads_at(threads, i);

        if (thread != collector && thread->is_running && !thread->stack)
            return threads->port == THREADS_UNIX
                       ? "the registers of a thread are not known, nor where its stack is"
                       : "the stack of a thread is not known";
    }
    return threads->problem;
}

static bool is_any_ended(const struct threads *threads)
{
    for (size_t i = 0; i < threads->list.len; i++)
        if (threads_at(threads, i)->is_ended)
            return true;
    return false;
}

void root_stacks_find_others(struct root_words *roots, const struct threads *threads)
{
    const struct symbols *symbols = roots->objects->symbols;
    struct roots *bounds = &roots->sets[ROOTS_THREADS];
    const struct thread *collector = collector_of(threads);

    if (threads->port == THREADS_NONE) {
        bool has_threads = symbols && symbols_find(symbols, "mp_thread_gc_others");

        bounds->found = has_threads ? ROOTS_MISSING : symbols ? ROOTS_ABSENT : ROOTS_UNKNOWN;
        bounds->why = has_threads ? "this firmware has threads; how many run is not known" : NULL;
        return;
    }
    for (size_t i = 0; i < threads->list.len; i++)
        add_thread(roots, threads, threads_at(threads, i), threads_at(threads, i) == collector);
    bounds->why = what_is_missing(threads);
    bounds->found = bounds->why ? ROOTS_MISSING : ROOTS_READ;
    if (!bounds->why && is_any_ended(threads)) {
        bounds->found = ROOTS_PARTLY;
        bounds->why = "a thread has ended, whose entry a collection may drop";
    }
}
