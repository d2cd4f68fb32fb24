// SPDX-License-Identifier: MIT
// For threads.c: which registers and stack belong to each thread of the unix port, whose
// list has neither.
#ifndef MPH_VM_THREAD_POSIX_H
#define MPH_VM_THREAD_POSIX_H

#include "vm/threads.h"

// Sets stack, sp, regs and is_current of the threads in the list, by the registers of the
// target's threads.
void thread_posix_find_stacks(const struct objects *objects, struct threads *threads);

#endif
