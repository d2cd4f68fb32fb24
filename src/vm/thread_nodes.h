// SPDX-License-Identifier: MIT
// For threads.c: the entries of each port's list. They add to threads->list, without
// what decides about the current thread, and say what is wrong with the list.
#ifndef MPH_VM_THREAD_NODES_H
#define MPH_VM_THREAD_NODES_H

#include "vm/threads.h"

// `cell` is the address of the word that leads to the first entry.
int thread_nodes_pyb(const struct objects *objects, uint64_t cell, struct threads *threads,
                     struct mph_err *err);
int thread_nodes_tasks(const struct objects *objects, uint64_t cell, struct threads *threads,
                       struct mph_err *err);
int thread_nodes_unix(const struct objects *objects, uint64_t cell, struct threads *threads,
                      struct mph_err *err);
int thread_nodes_cores(const struct objects *objects, struct threads *threads, struct mph_err *err);

#endif
