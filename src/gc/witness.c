// SPDX-License-Identifier: MIT
#include "gc/witness.h"

#include "base/bytes.h"

// Enough heads to tell chance from rule, and no more than that are looked at.
enum { HEADS_MIN = 8, HEADS_MAX = 512, LOOKS_MAX = 1 << 16 };

struct tally {
    unsigned looks;    // heads looked at
    unsigned in_flash; // heads whose first word points into read-only memory
    unsigned types;    // of these, how many point to a type
};

static bool is_in_flash(const struct target *target, uint64_t address)
{
    uint64_t last;
    const struct segment *segment = space_find(&target->space, address, &last);

    return segment && segment->bytes && !segment->writable;
}

static void look_at_head(const struct heap *heap, struct target *target, uint64_t address,
                         struct tally *tally)
{
    size_t word = heap->layout->word_bytes;
    const uint8_t *head = target_direct(target, address, word);
    uint64_t metatype;

    tally->looks++;
    if (!head)
        return;
    uint64_t type = bytes_get(head, word, heap->layout->big_endian);
    if (!type || type % word || !is_in_flash(target, type) ||
        layout_read_word(heap->layout, target, type, &metatype, NULL) < 0)
        return;
    tally->in_flash++;
    tally->types += metatype == heap->layout->metatype;
}

static void look_at_area(const struct heap *heap, struct target *target,
                         const struct gc_area *area, struct tally *tally)
{
    for (uint64_t block = 0; block < area->block_count && tally->looks < LOOKS_MAX &&
                             tally->in_flash < HEADS_MAX;
         block++) {
        enum block kind = area_block(area, block);

        if (kind == BLOCK_HEAD || kind == BLOCK_MARK)
            look_at_head(heap, target, area->pool_start + block * heap->layout->block_bytes,
                         tally);
    }
}

int witness_types(const struct heap *heap, struct target *target, const struct firmware *firmware,
                  struct mph_err *err)
{
    struct tally tally = {0};

    if (heap->layout->metatype_how != HOW_SYMBOL)
        return 0;
    for (size_t i = 0; i < heap_area_count(heap); i++)
        look_at_area(heap, target, heap_area(heap, i), &tally);
    if (tally.in_flash < HEADS_MIN || tally.types * 4 >= tally.in_flash)
        return 0;
    return mph_fail(err, MPH_ERR_WRONG_ELF,
                    "ELF: %u of %u objects on the heap are of no type that it has (%s)",
                    tally.in_flash - tally.types, tally.in_flash, firmware->path);
}
