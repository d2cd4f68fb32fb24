// SPDX-License-Identifier: MIT
#include "gc/letters.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "layout/types.h"

// py/gc.c gc_dump_alloc_table.
static const char builtin_letters[BUILTIN_COUNT] = {
    [BUILTIN_TUPLE] = 'T', [BUILTIN_LIST] = 'L',  [BUILTIN_DICT] = 'D',
    [BUILTIN_STR] = 'S',   [BUILTIN_BYTES] = 'S', [BUILTIN_BYTEARRAY] = 'A',
    [BUILTIN_ARRAY] = 'A', [BUILTIN_FLOAT] = 'F', [BUILTIN_FUNCTION] = 'B',
    [BUILTIN_MODULE] = 'M'};

// Blocks looked at in one go: bounds what is declared to a link at a time.
enum { BATCH = 1 << 16 };

// --- heads and their first words ---

static uint64_t address_of(const struct heap *heap, const struct gc_area *area, uint64_t block)
{
    return area->pool_start + block * heap->layout->block_bytes;
}

// Declare the first words of the heads among `count` blocks from `first` on.
// Marked heads are 'm' whatever they hold.
static int declare_heads(const struct heap *heap, struct target *target, const struct gc_area *area,
                         uint64_t first, size_t count, struct mph_err *err)
{
    struct range *ranges;
    size_t used = 0;

    if (!target->cache)
        return 0;
    ranges = calloc(count, sizeof *ranges);
    if (!ranges)
        return mph_fail_no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (area_block(area, first + i) == BLOCK_HEAD)
            ranges[used++] =
                (struct range){address_of(heap, area, first + i), heap->layout->word_bytes};
    int rc = target_fetch(target, ranges, used, err);
    free(ranges);
    return rc;
}

// The first word of a head; `pool` is the pool itself where it is at hand.
static int first_word(const struct heap *heap, struct target *target, const struct gc_area *area,
                      const uint8_t *pool, uint64_t block, uint64_t *ret)
{
    size_t word = heap->layout->word_bytes;

    if (!pool)
        return layout_read_word(heap->layout, target, address_of(heap, area, block), ret, NULL);
    *ret = bytes_get(pool + block * heap->layout->block_bytes, word, heap->layout->big_endian);
    return 0;
}

static const uint8_t *pool_at_hand(const struct heap *heap, const struct target *target,
                                   const struct gc_area *area)
{
    return target_direct(target, area->pool_start, area->block_count * heap->layout->block_bytes);
}

static size_t batch_at(const struct gc_area *area, uint64_t first)
{
    return area->block_count - first < BATCH ? (size_t)(area->block_count - first) : BATCH;
}

// --- a target that runs ---

static int declare_all_heads(const struct heap *heap, struct target *target, struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);

        target_forget(target, area->pool_start, area->pool_end - area->pool_start);
        for (uint64_t first = 0; rc == 0 && first < area->block_count; first += BATCH)
            rc = declare_heads(heap, target, area, first, batch_at(area, first), err);
    }
    return rc;
}

int letters_hold(struct heap *heap, struct target *target, unsigned tries, struct mph_err *err)
{
    bool has_changed = true;
    int rc = 0;

    if (target->state != RUN_RUNNING || heap->is_torn)
        return 0;
    for (unsigned i = 0; rc == 0 && has_changed && i < tries; i++) {
        rc = declare_all_heads(heap, target, err);
        if (rc == 0)
            rc = heap_refresh(heap, target, &has_changed, err);
    }
    heap->is_torn = has_changed;
    return rc;
}

// --- which types are in use ---

// A set of type addresses, open addressing.
struct uses {
    struct type_use *slots;
    size_t capacity; // a power of two
    size_t count;
};

static size_t slot_of(const struct uses *uses, uint64_t type)
{
    size_t slot = (size_t)(type * 0x9e3779b97f4a7c15u >> 32) & (uses->capacity - 1);

    while (uses->slots[slot].type && uses->slots[slot].type != type)
        slot = (slot + 1) & (uses->capacity - 1);
    return slot;
}

// More types than any firmware has: what lies beyond them is data.
enum { USES_CAPACITY = 1 << 14, USES_MAX = USES_CAPACITY / 2 };

static void add_use(struct uses *uses, uint64_t type, uint64_t object)
{
    struct type_use *slot = &uses->slots[slot_of(uses, type)];

    if (!slot->type) {
        if (uses->count == USES_MAX)
            return;
        slot->type = type;
        uses->count++;
    }
    if (slot->object_count < TYPE_SAMPLES)
        slot->objects[slot->object_count++] = object;
}

static int collect_uses(const struct heap *heap, struct target *target, const struct gc_area *area,
                        struct uses *uses, struct mph_err *err)
{
    const uint8_t *pool = pool_at_hand(heap, target, area);

    for (uint64_t first = 0; first < area->block_count; first += BATCH) {
        size_t count = batch_at(area, first);
        int rc = pool ? 0 : declare_heads(heap, target, area, first, count, err);

        if (rc < 0)
            return rc;
        for (uint64_t block = first; block < first + count; block++) {
            uint64_t word;

            if (block_is_head(area_block(area, block)) &&
                first_word(heap, target, area, pool, block, &word) == 0 &&
                type_may_be_at(heap->layout, target, word))
                add_use(uses, word, address_of(heap, area, block));
        }
    }
    return 0;
}

static bool is_on_heap(const void *context, uint64_t address)
{
    return heap_area_of(context, address) != NULL;
}

// Close up the set into an array, in place.
static size_t pack(struct uses *uses)
{
    size_t used = 0;

    for (size_t i = 0; i < uses->capacity; i++)
        if (uses->slots[i].type)
            uses->slots[used++] = uses->slots[i];
    return used;
}

int letters_learn(const struct heap *heap, struct layout *layout, struct target *target,
                  struct mph_err *err)
{
    struct uses uses = {.capacity = USES_CAPACITY};
    int rc = 0;

    if (layout->builtins_how != HOW_UNKNOWN || layout->builtins_by_name)
        return 0;
    if (!layout->metatype) {
        notes_add(&layout->notes, "types: not known, so every head prints as h");
        layout->builtins_by_name = true;
        return 0;
    }
    uses.slots = calloc(uses.capacity, sizeof *uses.slots);
    if (!uses.slots)
        return mph_fail_no_memory(err);
    for (size_t i = 0; rc == 0 && i < heap_area_count(heap); i++)
        rc = collect_uses(heap, target, heap_area(heap, i), &uses, err);
    if (rc == 0)
        rc = builtins_by_name(layout, target, uses.slots, pack(&uses), is_on_heap, heap, err);
    free(uses.slots);
    return rc;
}

// --- letters ---

// py/gc.c before v1.8.1 (68a7a92cec) knew neither S nor A, and printed t for tails.
static char letter_of(const struct layout *layout, uint64_t word)
{
    for (enum builtin i = 0; word && i < BUILTIN_COUNT; i++) {
        char letter = builtin_letters[i];

        if (layout->builtins[i] != word)
            continue;
        return layout->era == ERA_1_8 && (letter == 'S' || letter == 'A') ? 'h' : letter;
    }
    return 'h';
}

static char head_letter(const struct heap *heap, struct target *target, const struct gc_area *area,
                        const uint8_t *pool, uint64_t block, struct letters *letters)
{
    uint64_t word;

    if (first_word(heap, target, area, pool, block, &word) == 0)
        return letter_of(heap->layout, word);
    if (!letters->unread++)
        letters->unread_first = address_of(heap, area, block);
    return '?';
}

int letters_walk(const struct heap *heap, struct target *target, const struct gc_area *area,
                 struct letters *letters, struct mph_err *err)
{
    const uint8_t *pool = pool_at_hand(heap, target, area);
    char tail = heap->layout->era == ERA_1_8 ? 't' : '=';
    char *batch = malloc(BATCH);
    int rc = batch ? 0 : mph_fail_no_memory(err);

    for (uint64_t first = 0; rc == 0 && first < area->block_count; first += BATCH) {
        size_t count = batch_at(area, first);

        rc = pool ? 0 : declare_heads(heap, target, area, first, count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            enum block kind = area_block(area, first + i);

            batch[i] = kind == BLOCK_FREE   ? '.'
                       : kind == BLOCK_TAIL ? tail
                       : kind == BLOCK_MARK
                           ? 'm'
                           : head_letter(heap, target, area, pool, first + i, letters);
        }
        if (rc == 0)
            rc = letters->emit(letters->context, first, batch, count);
    }
    free(batch);
    return rc;
}
