// SPDX-License-Identifier: MIT
// Python threads, as the port that a firmware was built for keeps them: in a list that
// symbols lead to (ports/stm32, renesas-ra, esp32, cc3200, zephyr, unix), or one for each
// core (ports/rp2). Other ports have none.
#ifndef MPH_VM_THREADS_H
#define MPH_VM_THREADS_H

#include "base/text.h"
#include "vm/stack.h"

enum thread_port {
    THREADS_NONE,  // no list is known, be it that there are no threads
    THREADS_PYB,   // pyb_thread_t of stm32 and renesas-ra
    THREADS_TASKS, // of FreeRTOS, in esp32 and cc3200, or of Zephyr
    THREADS_CORES, // one a core: rp2
    THREADS_UNIX,  // of POSIX
};

struct thread {
    uint64_t id;       // what _thread.get_ident() says there
    uint64_t node;     // its entry in the list; 0: there is none
    uint64_t cell;     // of the word that leads to the entry; 0: there is none
    uint64_t argument; // of the word that holds what it was started with; 0: there is none
    uint64_t holder;   // of a word that holds the stack's address; 0: there is none
    // Memory of its stack as the port knows it: of FreeRTOS before v1.13, more than it is;
    // of POSIX, the part in use. Both are 0 where that is not known.
    uint64_t stack, stack_end;
    uint64_t state;          // its mp_state_thread_t, where the port says; 0: it does not
    uint64_t sp;             // in use from there on; 0: not known
    const struct regs *regs; // of the target's; NULL: not known, or on its stack
    bool is_main, is_current;
    bool is_running; // it has begun, and not ended
    bool is_ended;   // and may be on its way out of the list
};

struct threads {
    enum thread_port port;
    struct vec list;     // of struct thread, newest first, the main one last
    bool is_whole;       // none is missing
    const char *problem; // why one or its stack may be missing; NULL: nothing is
};

// Read the list. Damage is never an error: what makes sense of it is there.
int threads_load(const struct objects *objects, struct threads *ret, struct mph_err *err);
void threads_deinit(struct threads *threads);

static inline const struct thread *threads_at(const struct threads *threads, size_t index)
{
    return vec_at(&threads->list, index);
}

// The one that the processor is in; NULL: none of them, or not known.
const struct thread *threads_current(const struct threads *threads);

// The main one; NULL: not known.
const struct thread *threads_main(const struct threads *threads);

// "the main thread", "thread 0x20001230", "thread 2": as _thread.get_ident() has it.
void thread_add_name(const struct thread *thread, struct text *text);

// The part of a thread's stack that is in use, without what is left over below it; without
// a stack pointer, from about the innermost exception buffer on. False where that is not known.
bool thread_find_stack(const struct objects *objects, const struct thread *thread,
                       struct stack_bounds *ret);

// How many other threads there are. False when it cannot be told: no symbols, a port that
// keeps its threads elsewhere, or a list that makes no sense.
bool threads_count_others(const struct objects *objects, unsigned *ret);

#endif
