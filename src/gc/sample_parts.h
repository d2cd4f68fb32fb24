// SPDX-License-Identifier: MIT
// What the files that make a sample share; for others there is sample.h.
#ifndef MPH_GC_SAMPLE_PARTS_H
#define MPH_GC_SAMPLE_PARTS_H

#include "gc/sample.h"

// Bytes of an area's table that are read.
static inline uint64_t sampler_table_bytes(const struct gc_area *area)
{
    return (area->block_count + 3) / 4;
}

static inline void sampler_swap(uint8_t **a, uint8_t **b)
{
    uint8_t *kept = *a;

    *a = *b;
    *b = kept;
}

// Fill sampler->tables, and say in `sample` how often that took, and whether it is torn.
int sampler_read_steady(struct sampler *sampler, struct sample *sample, struct mph_err *err);

// Append what it takes to look at the landmarks to the request.
int sampler_add_landmarks(struct sampler *sampler, struct mph_err *err);

// Make the reads of the request, if there are any.
int sampler_make_reads(struct sampler *sampler, struct mph_err *err);

#endif
