// SPDX-License-Identifier: MIT
// A diagnosis under construction: findings, each with what it is believed for.
#ifndef MPH_REPORT_DIAGNOSIS_H
#define MPH_REPORT_DIAGNOSIS_H

#include "graph/check.h"
#include "report/report.h"
#include "vm/trace.h"

enum finding_level {
    FINDING_TROUBLE, // something is wrong
    FINDING_FACT,    // how things stand
    FINDING_UNKNOWN, // what could not be looked at, and why
    FINDING_LEVELS
};

struct diagnosis {
    struct session *session;
    struct output *output;
    json_t *findings[FINDING_LEVELS]; // arrays, each in the order in which it was added
    bool has_objects;                 // the heap is loaded, and its blocks have names
    struct mph_err heap_error;        // why not
    struct check check;               // where the heap is: what contradicts itself, and its mark
    bool has_trace;
    struct trace trace;
};

// Words for people; also in JSON.
const char *finding_level_name(enum finding_level level);

// Add a finding: a topic of one word, and a sentence without a full stop. What is
// returned takes evidence; it belongs to the diagnosis.
json_t *finding_add(struct diagnosis *diagnosis, enum finding_level level, const char *topic,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

// What speaks for a finding: a name, and an address, a number of bytes, a count or words.
// An address in code or data that a symbol names has that with it.
void evidence_address(const struct diagnosis *diagnosis, json_t *finding, const char *name,
                      uint64_t address);
void evidence_bytes(json_t *finding, const char *name, uint64_t bytes);
void evidence_count(json_t *finding, const char *name, int64_t count);
void evidence_text(json_t *finding, const char *name, const char *text);

// --- those who look, each at its part; nothing found is no error ---

// What needs no heap: the processor's fault, what it does, and where the stack is.
void diagnose_fault(struct diagnosis *diagnosis);
void diagnose_processor(struct diagnosis *diagnosis);
void diagnose_stack(struct diagnosis *diagnosis);
void diagnose_stack_use(struct diagnosis *diagnosis); // how deep it is, where that is sound

// Whether the heap contradicts itself.
void diagnose_damage(struct diagnosis *diagnosis);
// An allocation that failed: what was asked for, and whether it would fit.
int diagnose_memory_error(struct diagnosis *diagnosis, struct mph_err *err);
// Where Python stands, and what waits for it: exceptions, callbacks.
void diagnose_python(struct diagnosis *diagnosis);
// asyncio's tasks.
int diagnose_tasks(struct diagnosis *diagnosis, struct mph_err *err);
// The heap: whether it is locked, what the collector is at, how full it is.
int diagnose_heap(struct diagnosis *diagnosis, struct mph_err *err);

#endif
