// SPDX-License-Identifier: MIT
// How long the shortest paths of a heap that is all in use take, by its size and shape.
//
//     paths graph|list|chain|tree POOL_BYTES
//
// Prints "BLOCKS HEADS REACHED SECONDS ANONYMOUS_BYTES WALK_SECONDS LENGTH": what the search and
// the longest path themselves allocated at most, what a plain walk over the heap takes, and the
// length of that path.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "filled.h"
#include "graph/path.h"

static int measure(struct filled *filled, struct mph_err *err)
{
    struct path_search search = {.target = BLOCK_NOBODY};
    struct paths paths;
    struct path path;
    uint64_t before = bytes_used();
    double start = seconds_used();
    int rc = paths_init(&paths, &filled->objects, &search, err);

    if (rc < 0)
        return rc;
    rc = path_trace(&paths, paths.count - 1, &path, err);
    double seconds = seconds_used() - start;
    if (rc == 0) {
        printf("%" PRIu64 " %" PRIu64 " %zu %f %" PRIu64 " %f %zu\n", filled->blocks, filled->heads,
               paths.count, seconds, bytes_used() - before, walk_seconds(filled), path.count);
        path_deinit(&path);
    }
    paths_deinit(&paths);
    return rc;
}

int main(int argc, char **argv)
{
    return filled_main(argc, argv, measure);
}
