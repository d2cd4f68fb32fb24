// SPDX-License-Identifier: MIT
// How deep the stack has been: from its lowest address up, all words are what RAM was filled
// with, until the deepest one that was ever written.
#include "base/bytes.h"
#include "report/bounds.h"

enum {
    WORD = 4,
    CHUNK = 1024,          // bytes read at once: what was used is not read
    FILLED_WORDS_MIN = 32, // fewer that are the same are chance
    STACK_BYTES_MAX = 64 << 10,
};

// The first word in a chunk that is not the fill; its length when there is none.
static size_t find_used(const uint8_t *chunk, size_t size, uint64_t fill, bool big_endian)
{
    for (size_t at = 0; at < size; at += WORD)
        if (bytes_get(chunk + at, WORD, big_endian) != fill)
            return at;
    return size;
}

// The first address of the room that does not hold what its first word holds.
static int find_deepest(struct session *session, struct extent room, uint64_t *ret_fill,
                        uint64_t *ret, struct mph_err *err)
{
    uint64_t end = room.first + (extent_bytes(room) & ~(uint64_t)(WORD - 1));
    uint8_t chunk[CHUNK];

    for (uint64_t at = room.first; at < end; at += CHUNK) {
        size_t size = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        struct range range = {at, size};
        int rc = target_fetch(&session->target, &range, 1, err);

        if (rc == 0)
            rc = target_read(&session->target, at, chunk, size, err);
        if (rc < 0)
            return rc;
        if (at == room.first)
            *ret_fill = bytes_get(chunk, WORD, session->target.big_endian);
        size_t used = find_used(chunk, size, *ret_fill, session->target.big_endian);
        *ret = at + used;
        if (used < size)
            return 0;
    }
    return 0;
}

int bounds_gather_depth(struct bounds *bounds, struct session *session, struct mph_err *err)
{
    struct bounds_stack *live = &bounds->live_stack;
    struct mph_err tried = {0};
    uint64_t deepest = 0, fill = 0;
    struct extent room;

    if (!bounds_stack(bounds, &room) || extent_bytes(room) > STACK_BYTES_MAX || room.first % WORD ||
        room.last == UINT64_MAX)
        return 0;
    int rc = find_deepest(session, room, &fill, &deepest, &tried);
    if (rc < 0)
        return rc == MPH_ERR_READ ? 0 : mph_fail_again(err, &tried);
    live->deepest = deepest;
    live->fill = fill;
    live->has_deepest = deepest - room.first >= (uint64_t)FILLED_WORDS_MIN * WORD;
    return 0;
}
