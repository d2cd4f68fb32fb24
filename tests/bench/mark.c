// SPDX-License-Identifier: MIT
// How long the collector's mark takes from outside, by the size of a heap that is all in use.
//
//     mark POOL_BYTES
//
// Prints "BLOCKS HEADS REACHED SECONDS ANONYMOUS_BYTES WALK_SECONDS"; the last but one is what the
// mark itself allocated at most, the last what a plain walk over the heap takes.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "filled.h"
#include "graph/mark.h"

static int measure(struct filled *filled, struct mph_err *err)
{
    struct mark mark;
    uint64_t before = bytes_used(), reached = 0;
    double start = seconds_used();
    int rc = mark_init(&mark, &filled->objects, err);
    double seconds = seconds_used() - start;

    if (rc < 0)
        return rc;
    for (uint64_t block = 0; block < filled->blocks; block++)
        reached += mark_keeps(&mark, block);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %f %" PRIu64 " %f\n", filled->blocks, filled->heads,
           reached, seconds, bytes_used() - before, walk_seconds(filled));
    mark_deinit(&mark);
    return 0;
}

int main(int argc, char **argv)
{
    static struct filled filled;
    struct mph_err err = {0};

    if (argc != 2)
        return 2;
    int rc = filled_init(&filled, SHAPE_GRAPH, strtoull(argv[1], NULL, 0), &err);
    if (rc == 0)
        rc = measure(&filled, &err);
    if (rc < 0)
        fprintf(stderr, "mark: %s\n", err.text);
    return rc < 0;
}
