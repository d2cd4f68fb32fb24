// SPDX-License-Identifier: MIT
// What may be a frame in execution, by the words of a stack that lead to it. Which of
// them are is decided in trace.c.
#ifndef MPH_VM_CANDIDATES_H
#define MPH_VM_CANDIDATES_H

#include "vm/trace.h"

enum { CANDIDATES_MAX = 8192 };

struct candidate {
    struct frame frame;
    enum trace_place place;
    uint64_t at;   // of the innermost word that leads to it
    size_t buffer; // 1 + index of the exception buffer that confirms it; 0: none does
};

// Words to look at.
struct region {
    uint64_t start;
    const uint64_t *words;
    size_t count;
    enum trace_place place; // of frames that lie in it
};

// Add the candidates that a region leads to, each once. With a pystack among the
// regions nothing but it has frames, but for generators.
int candidates_find(const struct objects *objects, const struct region *region,
                    struct vec *candidates, struct mph_err *err);

// The frame of the generator that runs (or, up to v1.9.4, may run) at an address.
bool running_generator(const struct objects *objects, uint64_t address, uint64_t *ret_frame);

#endif
