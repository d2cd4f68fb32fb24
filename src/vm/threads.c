// SPDX-License-Identifier: MIT
#include "vm/threads.h"

#include <inttypes.h>

#include "vm/thread_nodes.h"
#include "vm/thread_posix.h"
#include "vm/thread_state.h"

// --- which port ---

static bool find_symbol(const struct objects *objects, const char *name, uint64_t *ret)
{
    const struct symbol *symbol = objects->symbols ? symbols_find(objects->symbols, name) : NULL;

    if (symbol)
        *ret = symbol->address;
    return symbol;
}

// The word that a symbol is the name of.
static bool read_symbol(const struct objects *objects, const char *name, uint64_t *ret)
{
    uint64_t address;

    return find_symbol(objects, name, &address) && objects_word(objects, address, ret);
}

// The port, and the word that leads to the first entry of its list.
static enum thread_port find_port(const struct objects *objects, uint64_t *ret_cell)
{
    uint64_t symbol, first;

    if (read_symbol(objects, "core1_entry", &first))
        return THREADS_CORES;
    if (find_symbol(objects, "pyb_thread_all", ret_cell))
        return THREADS_PYB;
    if (!find_symbol(objects, "thread", ret_cell) ||
        !find_symbol(objects, "mp_thread_create", &symbol)) // another's variable
        return THREADS_NONE;
    return find_symbol(objects, "thread_entry0", &symbol) ? THREADS_TASKS : THREADS_UNIX;
}

// --- the current one ---

static bool holds_sp(const struct thread *thread, uint64_t sp)
{
    return thread->stack && sp >= thread->stack && sp < thread->stack_end;
}

// The thread whose stack a stack pointer is on: where stacks are given as larger than they
// are, the one that begins nearest below.
static struct thread *thread_of_sp(const struct threads *threads, uint64_t sp)
{
    struct thread *found = NULL;

    for (size_t i = 0; i < threads->list.len; i++) {
        struct thread *thread = vec_at(&threads->list, i);

        if (holds_sp(thread, sp) && (!found || thread->stack > found->stack))
            found = thread;
    }
    return found;
}

static struct thread *thread_of_id(const struct threads *threads, uint64_t id)
{
    for (size_t i = 0; i < threads->list.len; i++)
        if (threads_at(threads, i)->id == id)
            return vec_at(&threads->list, i);
    return NULL;
}

// ports/stm32/pybthread.c pyb_thread_cur; FreeRTOS's tasks.c pxCurrentTCB, with an entry a
// core in ESP-IDF, which calls it pxCurrentTCBs since v5.2. One core executes Python.
static struct thread *current_by_symbol(const struct objects *objects,
                                        const struct threads *threads)
{
    static const char *const names[] = {"pyb_thread_cur", "pxCurrentTCB", "pxCurrentTCBs"};
    enum { CORES = 2 };
    uint64_t address, id;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!find_symbol(objects, names[i], &address))
            continue;
        uint64_t size = symbols_find(objects->symbols, names[i])->size;
        for (uint64_t core = 0; core < CORES && (!core || size > core * objects->word); core++) {
            struct thread *found = objects_word(objects, address + core * objects->word, &id) && id
                                       ? thread_of_id(threads, id)
                                       : NULL;

            if (found)
                return found;
        }
    }
    return NULL;
}

static void find_current(const struct objects *objects, struct threads *threads)
{
    struct thread *current = NULL;
    uint64_t sp = 0;

    if (regs_sp(&objects->target->regs, &sp))
        current = thread_of_sp(threads, sp);
    if (!current)
        current = current_by_symbol(objects, threads);
    if (!current)
        return;
    current->is_current = true;
    current->sp = holds_sp(current, sp) ? sp : 0;
    current->regs = current->sp ? &objects->target->regs : NULL;
}

// Of the other cores, or of tasks that a debugger knows.
static void find_registers(const struct objects *objects, const struct threads *threads)
{
    const struct vec *known = &objects->target->threads;
    uint64_t sp;

    for (size_t i = 0; i < known->len; i++) {
        const struct regs *regs = vec_at(known, i);
        struct thread *thread = regs_sp(regs, &sp) ? thread_of_sp(threads, sp) : NULL;

        if (!thread || thread->is_current)
            continue;
        thread->sp = sp;
        thread->regs = regs;
    }
}

// --- loading ---

static int load_list(const struct objects *objects, uint64_t cell, struct threads *threads,
                     struct mph_err *err)
{
    switch (threads->port) {
    case THREADS_PYB:
        return thread_nodes_pyb(objects, cell, threads, err);
    case THREADS_TASKS:
        return thread_nodes_tasks(objects, cell, threads, err);
    case THREADS_UNIX:
        return thread_nodes_unix(objects, cell, threads, err);
    case THREADS_CORES:
        return thread_nodes_cores(objects, threads, err);
    default:
        return 0;
    }
}

int threads_load(const struct objects *objects, struct threads *ret, struct mph_err *err)
{
    uint64_t cell = 0;

    *ret = (struct threads){.list = VEC_OF(struct thread)};
    ret->port = find_port(objects, &cell);
    int rc = load_list(objects, cell, ret, err);
    if (rc < 0) {
        threads_deinit(ret);
        return rc;
    }
    if (ret->port == THREADS_UNIX) {
        thread_posix_find_stacks(objects, ret);
    } else {
        find_current(objects, ret);
        find_registers(objects, ret);
    }
    return 0;
}

void threads_deinit(struct threads *threads)
{
    vec_deinit(&threads->list);
    *threads = (struct threads){0};
}

// --- answers ---

const struct thread *threads_current(const struct threads *threads)
{
    for (size_t i = 0; i < threads->list.len; i++)
        if (threads_at(threads, i)->is_current)
            return threads_at(threads, i);
    return NULL;
}

const struct thread *threads_main(const struct threads *threads)
{
    for (size_t i = 0; i < threads->list.len; i++)
        if (threads_at(threads, i)->is_main)
            return threads_at(threads, i);
    return NULL;
}

void thread_add_name(const struct thread *thread, struct text *text)
{
    enum { ADDRESS_MIN = 4096 };

    if (thread->is_main)
        text_puts(text, "the main thread");
    else if (thread->id < ADDRESS_MIN)
        text_printf(text, "thread %" PRIu64, thread->id);
    else
        text_printf(text, "thread 0x%" PRIx64, thread->id);
}

// With all that lies below `sp` out of use.
static bool find_state(const struct objects *objects, const struct thread *thread, uint64_t sp,
                       struct stack_bounds *ret)
{
    if (thread->is_main)
        return thread_state_main(objects, sp, ret);
    if (thread->state)
        return thread_state_at(objects, sp, thread->state, ret);
    return thread_state_search(objects, sp, thread->stack_end, ret);
}

bool thread_find_stack(const struct objects *objects, const struct thread *thread,
                       struct stack_bounds *ret)
{
    enum { MARGIN_WORDS = 64 }; // of the C function that the innermost buffer is a local of
    uint64_t margin = MARGIN_WORDS * objects->word;

    if (thread->sp)
        return find_state(objects, thread, thread->sp, ret);
    if ((!thread->stack && !thread->is_main) || !find_state(objects, thread, thread->stack, ret) ||
        !ret->innermost)
        return false;
    if (ret->innermost - ret->sp > margin)
        ret->sp = ret->innermost - margin;
    return true;
}

bool threads_count_others(const struct objects *objects, unsigned *ret)
{
    struct threads threads;

    if (threads_load(objects, &threads, NULL) < 0)
        return false;
    bool is_whole = threads.is_whole;
    if (is_whole)
        *ret = (unsigned)threads.list.len - 1;
    threads_deinit(&threads);
    return is_whole;
}
