// SPDX-License-Identifier: MIT
#include "vm/thread_posix.h"

#include "vm/thread_state.h"

static void set_stack(struct thread *thread, const struct regs *regs, uint64_t sp, uint64_t end)
{
    thread->regs = regs;
    thread->sp = thread->stack = sp;
    thread->stack_end = end;
}

// Linux lets the first thread's stack grow by as much, unless it is told otherwise.
enum { MAIN_BYTES_MAX = 8 << 20 };

static bool is_below_main(const struct objects *objects, uint64_t sp, uint64_t *ret_top)
{
    uint64_t top;

    if (!layout_read_member(objects->layout, objects->target, MEMBER_STACK_TOP, &top))
        return false;
    *ret_top = top / objects->word * objects->word;
    return sp < top && top - sp <= MAIN_BYTES_MAX;
}

// glibc and musl keep the structure whose address is a pthread_t at the top of the thread's
// stack, with thread-local variables between the two. Where none is near, nothing is searched: a
// process may have many threads that execute no Python.
enum { ABOVE_MAX = 2 << 20 };

static struct thread *thread_above(const struct threads *threads, uint64_t sp)
{
    struct thread *found = NULL;

    for (size_t i = 0; i < threads->list.len; i++) {
        struct thread *thread = vec_at(&threads->list, i);

        if (!thread->is_main && thread->id >= sp && thread->id - sp <= ABOVE_MAX &&
            (!found || thread->id < found->id))
            found = thread;
    }
    return found;
}

// The thread that registers belong to; NULL: one that executes no Python, or is not in the list.
static struct thread *match(const struct objects *objects, const struct threads *threads,
                            const struct regs *regs)
{
    struct stack_bounds bounds;
    uint64_t sp, end;

    if (!regs_sp(regs, &sp) || sp % objects->word)
        return NULL;
    struct thread *thread = thread_above(threads, sp);
    if (thread && thread_state_search(objects, sp, thread->id, &bounds))
        end = bounds.end;
    else
        thread = is_below_main(objects, sp, &end) ? (struct thread *)threads_main(threads) : NULL;
    if (thread && !thread->regs)
        set_stack(thread, regs, sp, end);
    return thread;
}

void thread_posix_find_stacks(const struct objects *objects, struct threads *threads)
{
    const struct vec *others = &objects->target->threads;
    struct thread *current = match(objects, threads, &objects->target->regs);

    if (current)
        current->is_current = true;
    for (size_t i = 0; i < others->len; i++)
        match(objects, threads, vec_at(others, i));
}
