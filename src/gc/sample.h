// SPDX-License-Identifier: MIT
// The allocation tables of a running target, again and again, with no halt.
//
// A sample is one request: the allocator's words that move with allocations, the tables,
// and those words again. A second request reads the lines of the tables that are not as in
// the sample before. Where a word or a line has moved in between, all is read again, and at
// the last try the sample is torn: it may mix blocks of several moments.
//
// What that proves: no line that a sample shows as changed was seen in motion. A block that
// changed behind the read, in a line that shows no change, goes unnoticed where the allocator
// has no word that tells. With `verifies` the tables are read twice as a whole: where both
// agree, there was a moment at which they were just so.
#ifndef MPH_GC_SAMPLE_H
#define MPH_GC_SAMPLE_H

#include "gc/landmarks.h"
#include "gc/numbers.h"

struct sample {
    struct gc_numbers numbers;
    struct gc_state state; // without the mark stack's overflow
    bool is_torn;
    unsigned retaken;             // times it was taken again
    uint64_t gone_heads;          // objects of the sample before that are no more
    enum landmarks_change change; // not LANDMARKS_SAME: the heap must be opened again
    uint64_t link_bytes;
    double link_seconds;
};

// Samples until the landmarks have their turn, at the latest.
enum { LANDMARKS_TURN = 64 };

struct sampler {
    struct target *target;
    struct heap now;        // as it was opened, with the tables of the latest sample
    struct vec reads;       // of struct link_read: a request
    struct vec witnesses;   // of struct range: words that move with allocations
    struct range lock_word; // of size 0 where it is not known
    uint8_t lock[8];
    struct landmarks landmarks;
    uint64_t savings; // towards the landmarks, in LANDMARKS_TURN-ths of a byte
    uint64_t witness_bytes, table_bytes;
    uint8_t *witness[2]; // before and behind the tables
    uint8_t *tables;     // of the latest sample, one area behind the other
    uint8_t *before;     // of the sample before
    uint64_t used_bytes; // in the latest sample
    uint8_t *try;        // of the latest try that was thrown away
    uint8_t *again;      // what was read for the second time
    bool verifies;
    bool has_looked; // at the landmarks, in this sample
    bool was_torn;
    unsigned tries; // reads of a sample before giving up; >= 1
};

// The heap, which was loaded from this target over its link, is the first sample; its
// layout must outlive the sampler.
int sampler_init(struct sampler *sampler, struct target *target, const struct heap *heap,
                 unsigned tries, bool verifies, struct mph_err *err);
void sampler_deinit(struct sampler *sampler);

// Beyond the tables a sample reads a twentieth of their length at most, on average, and what
// it takes to be sure: lines that changed, landmarks where much has gone, other tries.
int sampler_take(struct sampler *sampler, struct sample *ret, struct mph_err *err);

// The same of the heap as it was opened, at no cost.
void sampler_first(const struct sampler *sampler, const struct heap *heap, struct sample *ret);

// Whether any of `count` blocks from `first` on has changed since the sample before.
bool sampler_has_changed(const struct sampler *sampler, size_t area, uint64_t first,
                         uint64_t count);

#endif
