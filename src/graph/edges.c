// SPDX-License-Identifier: MIT
#include "graph/edges.h"

#include "base/bytes.h"
#include "object/declare.h"

void edges_init(struct edges *edges, const struct objects *objects)
{
    uint64_t high = 0;

    edges->objects = objects;
    edges->is_deep = false;
    edges->at = edges->end = edges->known = 0;
    edges->unread = edges->unread_first = 0;
    edges->low = UINT64_MAX;
    for (size_t i = 0; i < objects->area_count; i++) {
        const struct object_area *area = &objects->areas[i];

        if (area->area->pool_start < edges->low)
            edges->low = area->area->pool_start;
        if (area->size && area->area->pool_start + (area->size - 1) > high)
            high = area->area->pool_start + (area->size - 1);
    }
    edges->span = high >= edges->low ? high - edges->low + 1 : 0;
}

void edges_begin(struct edges *edges, uint64_t address, uint64_t bytes)
{
    edges->at = edges->known = address;
    edges->end = address + bytes / edges->objects->word * edges->objects->word;
    if (edges->end < address)
        edges->end = address;
}

// --- reading ---

static const struct object_area *area_of(const struct objects *objects, uint64_t address)
{
    for (size_t i = 0; i < objects->area_count; i++) {
        const struct object_area *area = &objects->areas[i];

        if (area->bytes && address - area->area->pool_start < area->size)
            return area;
    }
    return NULL;
}

static const uint8_t *at_hand(const struct objects *objects, uint64_t address, uint64_t size)
{
    const struct object_area *area = area_of(objects, address);
    uint64_t offset = area ? address - area->area->pool_start : 0;

    return area && size <= area->size - offset ? area->bytes + offset : NULL;
}

// Objects are all over the heap, and waiting for memory is what most of the time goes by
// with. What a word may lead to is on its way while the words before it are looked at.
enum { WORDS_AHEAD = 16 };

static void look_ahead(const struct edges *edges)
{
    size_t word = edges->objects->word;
    uint64_t bytes = edges->known - edges->at;

    for (size_t i = 0; i < WORDS_AHEAD * word && i + word <= bytes; i += word) {
        uint64_t value = bytes_get(edges->bytes + i, word, edges->objects->layout->big_endian);
        const struct object_area *area =
            value - edges->low < edges->span ? area_of(edges->objects, value) : NULL;

        if (!area)
            continue;
        uint64_t offset = value - area->area->pool_start;
        __builtin_prefetch(area->area->bits + (offset >> edges->objects->block_shift) / 4);
        if (edges->is_deep)
            __builtin_prefetch(area->bytes + offset);
    }
}

// Up to the next multiple of `step`, or to the end.
static bool read_step(struct edges *edges, uint64_t step)
{
    uint64_t size = step - edges->at % step;

    if (size > edges->end - edges->at)
        size = edges->end - edges->at;
    if (!objects_read(edges->objects, edges->at, edges->buffer, (size_t)size))
        return false;
    edges->bytes = edges->buffer;
    edges->known = edges->at + size;
    return true;
}

// Steps get smaller about a hole, and only there.
enum { SMALL_STEP = 64 };

static bool load(struct edges *edges)
{
    edges->bytes = at_hand(edges->objects, edges->at, edges->end - edges->at);
    if (edges->bytes) {
        edges->known = edges->end;
        look_ahead(edges);
        return true;
    }
    if (read_step(edges, EDGES_CHUNK) || read_step(edges, SMALL_STEP) ||
        read_step(edges, edges->objects->word))
        return true;
    if (!edges->unread)
        edges->unread_first = edges->at;
    edges->unread += edges->objects->word;
    edges->at = edges->known = edges->at + edges->objects->word;
    return false;
}

bool edges_word(const struct edges *edges, uint64_t word, uint64_t *ret_block)
{
    return word - edges->low < edges->span && objects_head_at(edges->objects, word, ret_block);
}

bool edges_next(struct edges *edges, struct edge *ret)
{
    size_t word = edges->objects->word;
    bool big_endian = edges->objects->layout->big_endian;

    while (edges->at < edges->end) {
        if (edges->at >= edges->known && !load(edges))
            continue;
        uint64_t value = bytes_get(edges->bytes, word, big_endian);

        ret->at = edges->at;
        edges->at += word;
        edges->bytes += word;
        if (edges_word(edges, value, &ret->block))
            return true;
    }
    return false;
}

void edges_begin_block(struct edges *edges, uint64_t block)
{
    edges_begin(edges, objects_block_address(edges->objects, block),
                objects_block_bytes(edges->objects, block));
}

void edges_expect_block(const struct edges *edges, uint64_t block)
{
    const uint8_t *bytes = at_hand(edges->objects, objects_block_address(edges->objects, block), 1);

    if (bytes)
        __builtin_prefetch(bytes);
}

// --- over a link ---

static bool whole_block(const struct objects *objects, uint64_t block, struct range *ret)
{
    (void)objects, (void)block, (void)ret;
    return true;
}

int edges_declare(const struct objects *objects, struct mph_err *err)
{
    return declare_heads(objects, whole_block, err);
}
