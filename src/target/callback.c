// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "target/links.h"
#include "target/stream.h"

// A debugger that lends its memory asks its own far end for each read, so a few
// hundred bytes too many cost less than another question.
enum { GAP_BYTES = 256 };

struct callback {
    struct link_stats stats;
    callback_read_fn *read;
    void *context;
    enum run_state state;
};

static int callback_read(void *link, struct link_read *reads, size_t count, struct mph_err *err)
{
    struct callback *callback = link;
    double start = stream_now();
    int rc = 0;

    for (size_t i = 0; i < count && rc != -2; i++) {
        struct link_read *read = &reads[i];

        rc = callback->read(callback->context, read->address, read->bytes, read->size);
        read->status = rc == 0 ? 0 : MPH_ERR_READ;
        callback->stats.requests++;
        if (rc == 0) {
            callback->stats.pieces++;
            callback->stats.bytes += read->size;
        }
    }
    callback->stats.seconds += stream_now() - start;
    return rc == -2 ? mph_fail(err, MPH_ERR_INTERRUPTED, "memory: interrupted") : 0;
}

static int callback_state(void *link, enum run_state *ret, struct mph_err *err)
{
    const struct callback *callback = link;

    (void)err;
    *ret = callback->state;
    return 0;
}

static const struct link_ops CALLBACK_OPS = {
    .name = "callback",
    .read = callback_read,
    .state = callback_state,
    .close = free,
};

int callback_open(callback_read_fn *read, void *context, enum run_state state, struct link *ret,
                  struct mph_err *err)
{
    struct callback *callback = calloc(1, sizeof *callback);

    if (!callback)
        return mph_fail_no_memory(err);
    *callback = (struct callback){.read = read, .context = context, .state = state};
    *ret = (struct link){.ops = &CALLBACK_OPS,
                         .context = callback,
                         .stats = &callback->stats,
                         .gap_bytes = GAP_BYTES};
    return 0;
}
