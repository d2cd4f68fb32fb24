// SPDX-License-Identifier: MIT
// The lists of threads, as ports/PORT/mpthreadport.c of v1.9.3 to v1.28 have them.
#include "vm/thread_nodes.h"

enum { THREADS_MAX = 256 };

// --- any list ---

static bool is_listed(const struct threads *threads, uint64_t node)
{
    for (size_t i = 0; i < threads->list.len; i++)
        if (threads_at(threads, i)->node == node)
            return true;
    return false;
}

// Entries whose members `next` are so many words into them, up to where it breaks off.
static int add_nodes(const struct objects *objects, uint64_t cell, unsigned next,
                     struct threads *threads, struct mph_err *err)
{
    uint64_t node = 0, following;

    threads->is_whole = false;
    threads->problem = NULL;
    for (; objects_word(objects, cell, &node) && node; cell = node + next * objects->word) {
        if (node % objects->word || is_listed(threads, node) || threads->list.len == THREADS_MAX ||
            !objects_word(objects, node + next * objects->word, &following)) {
            threads->problem = "the list of threads is damaged";
            return 0;
        }
        struct thread *thread = vec_add(&threads->list);
        if (!thread)
            return mph_fail_no_memory(err);
        *thread = (struct thread){.node = node, .cell = cell};
    }
    threads->is_whole = threads->list.len > 0;
    if (!threads->is_whole)
        threads->problem = "the list of threads is empty, or cannot be read";
    return 0;
}

static uint64_t word_of(const struct objects *objects, const struct thread *thread, unsigned index)
{
    uint64_t value;

    return objects_word(objects, thread->node + index * objects->word, &value) ? value : 0;
}

static uint64_t uint_at(const struct objects *objects, uint64_t address)
{
    uint64_t value;

    return objects_uint(objects, address, sizeof(uint32_t), &value) ? value : 0;
}

// Which the collector looks at, as many words as the entry says.
static void set_stack(const struct objects *objects, struct threads *threads, struct thread *thread,
                      uint64_t stack, uint64_t words)
{
    enum { WORDS_MAX = 1 << 22 };
    uint64_t block;

    if (!stack && !words)
        return;
    if (!stack || stack % objects->word || !words || words > WORDS_MAX ||
        stack > UINT64_MAX - words * objects->word || !objects_word(objects, stack, &block)) {
        threads->problem = "the stack of a thread makes no sense";
        return;
    }
    thread->stack = stack;
    thread->stack_end = stack + words * objects->word;
}

// All of them have the main thread's first, and put others before it.
static void find_main(struct threads *threads)
{
    if (threads->is_whole)
        ((struct thread *)vec_at(&threads->list, threads->list.len - 1))->is_main = true;
}

// --- stm32 and renesas-ra ---

// pybthread.h pyb_thread_t, the same in all releases. A thread that is over leaves the
// list before it lets go of its stack, whose length it keeps.
int thread_nodes_pyb(const struct objects *objects, uint64_t cell, struct threads *threads,
                     struct mph_err *err)
{
    enum { SP, STATE, ARGUMENT, STACK, STACK_WORDS, NEXT = 6 };
    int rc = add_nodes(objects, cell, NEXT, threads, err);

    if (rc < 0)
        return rc;
    find_main(threads);
    for (size_t i = 0; i < threads->list.len; i++) {
        struct thread *thread = vec_at(&threads->list, i);

        thread->id = thread->node;
        thread->sp = word_of(objects, thread, SP);
        thread->state = word_of(objects, thread, STATE);
        thread->argument = thread->node + ARGUMENT * objects->word;
        thread->holder = thread->node + STACK * objects->word;
        thread->is_running = true;
        set_stack(objects, threads, thread, word_of(objects, thread, STACK),
                  word_of(objects, thread, STACK_WORDS));
        if (thread->sp < thread->stack || thread->sp >= thread->stack_end)
            thread->sp = 0;
    }
    return 0;
}

// --- esp32, cc3200 and zephyr ---

// The main thread's entry, which is the last, has the name thread_entry0, so that `next`
// is where all lead to it. FreeRTOS's: {id, ready or run_state, arg, stack, stack_len, next},
// up to v1.9.4 of esp32 with another word behind `stack`. Zephyr's has the kernel's
// structure behind `id`, and {status, two halves, arg, stack, stack_len, next} at its end.
enum { NEXT_FREERTOS = 5, NEXT_OLD_FREERTOS, NEXT_MAX = 128 };

static int add_tasks(const struct objects *objects, uint64_t cell, struct threads *threads,
                     unsigned *ret_next, struct mph_err *err)
{
    uint64_t entry0 = symbols_find(objects->symbols, "thread_entry0")->address;

    for (unsigned next = NEXT_FREERTOS; next < NEXT_MAX; next++) {
        int rc = add_nodes(objects, cell, next, threads, err);

        if (rc < 0)
            return rc;
        if (threads->is_whole && threads_at(threads, threads->list.len - 1)->node == entry0) {
            *ret_next = next;
            return 0;
        }
        threads->list.len = 0;
    }
    threads->is_whole = false;
    threads->problem = "the list of threads is damaged";
    return 0;
}

// Both count from a thread that waits for its start over one that runs to one that is over.
enum { STATUS_RUNNING = 1, STATUS_ENDED };

static void read_task(const struct objects *objects, struct threads *threads, struct thread *thread,
                      unsigned next)
{
    bool is_freertos = next <= NEXT_OLD_FREERTOS;
    unsigned argument = is_freertos ? 2 : next - 3;
    uint64_t address = thread->node + argument * objects->word;
    uint64_t status = uint_at(objects, is_freertos ? thread->node + objects->word
                                                   : address - 2 * sizeof(uint32_t));

    thread->id = word_of(objects, thread, 0);
    thread->argument = address;
    thread->is_running = status == STATUS_RUNNING;
    thread->is_ended = !is_freertos && status == STATUS_ENDED;
    set_stack(objects, threads, thread, word_of(objects, thread, argument + 1),
              word_of(objects, thread, next - 1));
    // FreeRTOS tasks.c TCB_t begins with pxTopOfStack.
    if (is_freertos && thread->stack && objects_word(objects, thread->id, &thread->sp) &&
        (thread->sp < thread->stack || thread->sp >= thread->stack_end ||
         thread->sp % objects->word))
        thread->sp = 0;
}

int thread_nodes_tasks(const struct objects *objects, uint64_t cell, struct threads *threads,
                       struct mph_err *err)
{
    unsigned next = 0;
    int rc = add_tasks(objects, cell, threads, &next, err);

    if (rc < 0 || !threads->is_whole)
        return rc;
    find_main(threads);
    // Alone, the main thread's entry says nothing of its layout, and nothing is asked of it.
    for (size_t i = 0; threads->list.len > 1 && i < threads->list.len; i++)
        read_task(objects, threads, vec_at(&threads->list, i), next);
    return 0;
}

// --- unix ---

// {id, ready, arg, next}, the same in all releases. Stacks are not in it.
int thread_nodes_unix(const struct objects *objects, uint64_t cell, struct threads *threads,
                      struct mph_err *err)
{
    enum { ID, READY, ARGUMENT, NEXT };
    int rc = add_nodes(objects, cell, NEXT, threads, err);

    if (rc < 0)
        return rc;
    find_main(threads);
    for (size_t i = 0; i < threads->list.len; i++) {
        struct thread *thread = vec_at(&threads->list, i);

        thread->id = word_of(objects, thread, ID);
        thread->is_running = uint_at(objects, thread->node + READY * objects->word);
        thread->argument = thread->node + ARGUMENT * objects->word;
    }
    return 0;
}

// --- rp2 ---

static uint64_t address_of(const struct objects *objects, const char *name)
{
    const struct symbol *symbol = symbols_find(objects->symbols, name);

    return symbol ? symbol->address : 0;
}

static void read_core1(const struct objects *objects, struct threads *threads,
                       struct thread *thread)
{
    uint64_t states = address_of(objects, "core_state"), stack = 0, words = 0;

    thread->argument = address_of(objects, "core1_arg");
    thread->holder = address_of(objects, "core1_stack");
    if (!thread->holder || !objects_word(objects, thread->holder, &stack) ||
        !objects_word(objects, address_of(objects, "core1_stack_num_words"), &words) || !stack)
        threads->problem = "the stack of the second core is not known";
    else
        set_stack(objects, threads, thread, stack, words);
    if (states && !objects_word(objects, states + objects->word, &thread->state))
        thread->state = 0;
}

// Python runs on the second core for as long as core1_entry is not null; v1.14 and later.
int thread_nodes_cores(const struct objects *objects, struct threads *threads, struct mph_err *err)
{
    enum { ID_CORE0 = 1, ID_CORE1 };
    uint64_t entry = 0;

    objects_word(objects, address_of(objects, "core1_entry"), &entry);
    if (entry) {
        struct thread *core1 = vec_add(&threads->list);

        if (!core1)
            return mph_fail_no_memory(err);
        *core1 = (struct thread){.id = ID_CORE1, .is_running = true};
        read_core1(objects, threads, core1);
    }
    struct thread *core0 = vec_add(&threads->list);
    if (!core0)
        return mph_fail_no_memory(err);
    *core0 = (struct thread){.id = ID_CORE0,
                             .stack = address_of(objects, "__StackBottom"),
                             .stack_end = address_of(objects, "__StackTop"),
                             .is_running = true,
                             .is_main = true};
    threads->is_whole = true;
    return 0;
}
