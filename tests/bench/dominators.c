// SPDX-License-Identifier: MIT
// How long the dominators of a heap that is all in use take, by its size and shape.
//
//     dominators graph|list|chain|tree POOL_BYTES
//
// Prints "BLOCKS HEADS REACHED SECONDS ANONYMOUS_BYTES WALK_SECONDS"; the last but one is what the
// dominators themselves allocated at most, the last what a plain walk over the heap takes.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "filled.h"
#include "graph/dominators.h"

static int measure(struct filled *filled, struct mph_err *err)
{
    struct dominators tree;
    struct root_words roots;
    uint64_t before = bytes_used();
    double start = seconds_used();
    int rc = root_words_find(&roots, &filled->objects, err);

    if (rc == 0) {
        rc = dominators_init(&tree, &roots, err);
        root_words_deinit(&roots);
    }
    double seconds = seconds_used() - start;
    if (rc < 0)
        return rc;
    printf("%" PRIu64 " %" PRIu64 " %" PRIu32 " %f %" PRIu64 " %f\n", filled->blocks, filled->heads,
           dominators_count(&tree, 0), seconds, bytes_used() - before, walk_seconds(filled));
    dominators_deinit(&tree);
    return 0;
}

int main(int argc, char **argv)
{
    return filled_main(argc, argv, measure);
}
