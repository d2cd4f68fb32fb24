// SPDX-License-Identifier: MIT
// What a diagnosis says of the stack.
#include <inttypes.h>

#include "report/diagnosis.h"
#include "report/place.h"

struct extent {
    uint64_t sp, top, limit;
    bool has_sp, has_top, has_limit;
};

static void read_extent(const struct diagnosis *diagnosis, struct extent *ret)
{
    struct session *session = diagnosis->session;

    *ret = (struct extent){0};
    ret->has_sp = regs_sp(&session->target.regs, &ret->sp);
    if (!session->has_layout)
        return;
    ret->has_top =
        layout_read_member(&session->layout, &session->target, MEMBER_STACK_TOP, &ret->top) &&
        ret->top;
    ret->has_limit =
        layout_read_member(&session->layout, &session->target, MEMBER_STACK_LIMIT, &ret->limit) &&
        ret->limit;
}

static void add_extent(const struct diagnosis *diagnosis, json_t *finding,
                       const struct extent *extent)
{
    evidence_address(diagnosis, finding, "sp", extent->sp);
    if (extent->has_top)
        evidence_address(diagnosis, finding, "stack_top", extent->top);
    if (extent->has_limit)
        evidence_bytes(finding, "stack_limit", extent->limit);
}

// Whose state lies above the stack pointer, so that it is known whose stack this is.
static bool is_other_thread(const struct diagnosis *diagnosis)
{
    return diagnosis->has_trace && diagnosis->trace.is_other_thread;
}

// Ports with threads take the stacks of others from the heap: a block as large as one.
static bool is_thread_stack(const struct diagnosis *diagnosis, uint64_t sp)
{
    enum { STACK_BYTES_MIN = 1024 };
    const struct objects *objects = &diagnosis->session->objects;
    uint64_t block, offset;

    return diagnosis->has_objects && objects_find_head(objects, sp, &block, &offset) &&
           objects_block_bytes(objects, block) >= STACK_BYTES_MIN;
}

static bool find_in_heap(struct diagnosis *diagnosis, const struct extent *extent)
{
    struct session *session = diagnosis->session;
    const struct gc_area *area =
        session->has_heap ? heap_area_of(&session->heap, extent->sp) : NULL;

    if (!area)
        return false;
    bool is_other = is_thread_stack(diagnosis, extent->sp);
    json_t *finding =
        finding_add(diagnosis, is_other ? FINDING_FACT : FINDING_TROUBLE, "stack",
                    is_other ? "sp lies in a large block of the heap: the stack of another thread, "
                               "or the stack has grown into the heap"
                             : "sp lies in the heap: the stack has grown into it");
    add_extent(diagnosis, finding, extent);
    evidence_address(diagnosis, finding, "pool starts at", area->pool_start);
    evidence_address(diagnosis, finding, "pool ends at", area->pool_end);
    return true;
}

// A variable that sp lies in, but in which stack_top does not: the stack is not that one.
static bool find_in_data(struct diagnosis *diagnosis, const struct extent *extent)
{
    struct place place;

    if (!extent->has_top || extent->sp >= extent->top ||
        !place_find(diagnosis->session, extent->sp, &place) || !place.size ||
        (extent->top > place.start && extent->top <= place.start + place.size))
        return false;
    json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "stack",
                                  "sp lies in a variable: the stack has grown into .bss or .data");
    add_extent(diagnosis, finding, extent);
    return true;
}

// By how much the stack is over its limit, or within it.
static bool find_depth(const struct extent *extent, uint64_t *ret_used, bool *ret_is_over)
{
    if (!extent->has_sp || !extent->has_top || extent->sp > extent->top)
        return false;
    *ret_used = extent->top - extent->sp;
    *ret_is_over = extent->has_limit && *ret_used > extent->limit;
    return true;
}

static void find_overflow(struct diagnosis *diagnosis, const struct extent *extent)
{
    uint64_t used;
    bool is_over;

    if (!find_depth(extent, &used, &is_over) || !is_over ||
        (diagnosis->has_trace && diagnosis->trace.stack.is_elsewhere))
        return;
    json_t *finding =
        finding_add(diagnosis, FINDING_TROUBLE, "stack",
                    "the stack is %" PRIu64 " bytes over its limit", used - extent->limit);
    add_extent(diagnosis, finding, extent);
}

void diagnose_stack(struct diagnosis *diagnosis)
{
    struct extent extent;

    read_extent(diagnosis, &extent);
    if (!extent.has_sp)
        finding_add(diagnosis, FINDING_UNKNOWN, "stack",
                    "the stack: no stack pointer is known (--reg sp=VALUE)");
    else if (!is_other_thread(diagnosis) && !find_in_heap(diagnosis, &extent) &&
             !find_in_data(diagnosis, &extent))
        find_overflow(diagnosis, &extent);
    if (diagnosis->has_trace && diagnosis->trace.stack.is_chain_cut) {
        json_t *finding = finding_add(diagnosis, FINDING_TROUBLE, "stack",
                                      "the chain of exception buffers on the stack is damaged");
        evidence_count(finding, "buffers before that", (int64_t)diagnosis->trace.stack.buffers.len);
    }
}

void diagnose_stack_use(struct diagnosis *diagnosis)
{
    struct extent extent;
    uint64_t used;
    bool is_over;

    read_extent(diagnosis, &extent);
    if (!find_depth(&extent, &used, &is_over) || is_over ||
        (diagnosis->has_trace && diagnosis->trace.stack.is_elsewhere))
        return;
    json_t *finding =
        finding_add(diagnosis, FINDING_FACT, "stack", "the stack is %" PRIu64 " bytes deep", used);
    add_extent(diagnosis, finding, &extent);
}
