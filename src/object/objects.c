// SPDX-License-Identifier: MIT
#include "object/objects.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "object/labels.h"
#include "object/types.h"
#include "target/devices.h"

// --- areas and blocks ---

static const struct object_area *area_of_block(const struct objects *objects, uint64_t block)
{
    size_t i = objects->area_count - 1;

    while (i > 0 && objects->areas[i].first > block)
        i--;
    return &objects->areas[i];
}

static const struct object_area *area_of(const struct objects *objects, uint64_t address)
{
    for (size_t i = 0; i < objects->area_count; i++) {
        const struct gc_area *area = objects->areas[i].area;

        if (address >= area->pool_start && address - area->pool_start < objects->areas[i].size)
            return &objects->areas[i];
    }
    return NULL;
}

uint64_t objects_block_address(const struct objects *objects, uint64_t block)
{
    const struct object_area *area = area_of_block(objects, block);

    return area->area->pool_start + (block - area->first) * objects->layout->block_bytes;
}

uint64_t objects_block_bytes(const struct objects *objects, uint64_t block)
{
    const struct object_area *area = area_of_block(objects, block);

    return heads_length(&area->heads, block - area->first) << objects->block_shift;
}

uint64_t objects_head_number(const struct objects *objects, uint64_t block)
{
    const struct object_area *area = area_of_block(objects, block);

    return area->first_head + heads_before(&area->heads, block - area->first);
}

uint64_t objects_head_block(const struct objects *objects, uint64_t number)
{
    size_t i = objects->area_count - 1;

    while (i > 0 && objects->areas[i].first_head > number)
        i--;
    const struct object_area *area = &objects->areas[i];
    return area->first + heads_block(&area->heads, number - area->first_head);
}

static bool is_head(const struct objects *objects, uint64_t block)
{
    const struct object_area *area = area_of_block(objects, block);

    return block_is_head(area_block(area->area, block - area->first));
}

uint8_t objects_kind_number(const struct objects *objects, uint64_t block)
{
    return is_head(objects, block) ? objects->kinds[objects_head_number(objects, block)] : 0;
}

uint32_t objects_owner(const struct objects *objects, uint64_t block)
{
    return is_head(objects, block) ? objects->owners[objects_head_number(objects, block)]
                                   : BLOCK_NOBODY;
}

bool objects_head_at(const struct objects *objects, uint64_t address, uint64_t *ret_block)
{
    const struct object_area *area = area_of(objects, address);

    uint64_t index = area ? (address - area->area->pool_start) >> objects->block_shift : 0;
    if (!area || address != area->area->pool_start + (index << objects->block_shift))
        return false;
    if (!block_is_head(area_block(area->area, index)))
        return false;
    *ret_block = area->first + index;
    return true;
}

bool objects_find_head(const struct objects *objects, uint64_t address, uint64_t *ret_block,
                       uint64_t *ret_offset)
{
    const struct object_area *area = area_of(objects, address);

    if (!area)
        return false;
    uint64_t offset = address - area->area->pool_start;
    uint64_t index = offset >> objects->block_shift;
    enum block kind = area_block(area->area, index);
    if (!block_is_head(kind) && (kind != BLOCK_TAIL || !heads_of_tail(&area->heads, index, &index)))
        return false;
    *ret_block = area->first + index;
    *ret_offset = offset - index * objects->layout->block_bytes;
    return true;
}

uint64_t objects_room(const struct objects *objects, uint64_t address)
{
    uint64_t block, offset;

    if (objects_find_head(objects, address, &block, &offset))
        return objects_block_bytes(objects, block) - offset;
    uint64_t last = objects->word == 4 ? UINT32_MAX : UINT64_MAX;
    return area_of(objects, address) || address > last ? 0 : last - address;
}

uint64_t objects_top_owner(const struct objects *objects, uint64_t block)
{
    // A chain of holders is short; a loop of them would be a mistake of ours.
    for (int i = 0; i < 64 && block < objects->block_count; i++) {
        uint32_t owner = objects_owner(objects, block);

        if (owner == BLOCK_NOBODY)
            return block;
        block = owner;
    }
    return block;
}

const struct outside *objects_outside(const struct objects *objects, uint64_t owner)
{
    return owner >= objects->block_count && owner != BLOCK_NOBODY
               ? vec_at(&objects->outside, (size_t)(owner - objects->block_count))
               : NULL;
}

int objects_each_head(const struct objects *objects, const struct head_walk *walk)
{
    for (size_t i = 0; i < objects->area_count; i++) {
        const struct object_area *area = &objects->areas[i];

        for (uint64_t index = 0; index < area->area->block_count;) {
            enum block kind = area_block(area->area, index);

            if (!block_is_head(kind)) {
                index += area_run(area->area, index, kind);
                continue;
            }
            uint64_t run = 1 + area_run(area->area, index + 1, BLOCK_TAIL);
            int rc = walk->visit(walk->context, area->first + index,
                                 area->area->pool_start + (index << objects->block_shift),
                                 run << objects->block_shift);
            if (rc)
                return rc;
            index += run;
        }
    }
    return 0;
}

// --- memory ---

// The bytes themselves, where they are a pool's that is at hand. A damaged pool may claim
// to end behind its last block, which `bytes` does not.
static const uint8_t *at_hand(const struct object_area *area, uint64_t address, size_t size)
{
    if (!area || !area->bytes || size > area->size - (address - area->area->pool_start))
        return NULL;
    return area->bytes + (address - area->area->pool_start);
}

bool objects_read(const struct objects *objects, uint64_t address, void *bytes, size_t size)
{
    const struct object_area *area = area_of(objects, address);
    const uint8_t *direct = at_hand(area, address, size);

    if (direct)
        memcpy(bytes, direct, size);
    return direct || ((area || !devices_contain(objects->target, address)) &&
                      target_read(objects->target, address, bytes, size, NULL) == 0);
}

bool objects_uint(const struct objects *objects, uint64_t address, size_t size, uint64_t *ret)
{
    const uint8_t *direct = at_hand(area_of(objects, address), address, size);
    uint8_t bytes[8];

    if (!direct && !objects_read(objects, address, bytes, size))
        return false;
    *ret = bytes_get(direct ? direct : bytes, size, objects->layout->big_endian);
    return true;
}

bool objects_word(const struct objects *objects, uint64_t address, uint64_t *ret)
{
    return objects_uint(objects, address, objects->word, ret);
}

// --- objects ---

const struct type *objects_type(const struct objects *objects, uint64_t address)
{
    return type_table_find(objects->types, objects, address);
}

static void set_kind(const struct objects *objects, struct object *object, size_t number)
{
    object->kind = kind_at(number);
    object->offsets = objects->offsets[number];
}

static const struct type *type_at(const struct objects *objects, uint64_t address)
{
    uint64_t type;

    return address && address % 4 == 0 && objects_word(objects, address, &type)
               ? objects_type(objects, type)
               : NULL;
}

bool objects_is_object(const struct objects *objects, uint64_t address)
{
    return type_at(objects, address) != NULL;
}

bool objects_get(const struct objects *objects, uint64_t address, struct object *ret)
{
    uint64_t block;

    *ret = (struct object){.address = address};
    ret->type = type_at(objects, address);
    if (!ret->type)
        return false;
    if (objects_head_at(objects, address, &block))
        ret->bytes = objects_block_bytes(objects, block);
    set_kind(objects, ret, kind_of(objects, ret));
    return true;
}

void objects_get_block(const struct objects *objects, uint64_t block, struct object *ret)
{
    uint8_t number = objects_kind_number(objects, block);
    uint64_t address = objects_block_address(objects, block), type;

    *ret = (struct object){.address = address, .bytes = objects_block_bytes(objects, block)};
    if (!number)
        return;
    if (!kind_at(number)->is_block && objects_word(objects, address, &type))
        ret->type = objects_type(objects, type);
    set_kind(objects, ret, number);
}

// --- loading ---

static int open_area(struct objects *objects, size_t index, struct mph_err *err)
{
    const struct gc_area *area = heap_area(objects->heap, index);
    struct object_area *opened = &objects->areas[index];
    uint64_t size = area->block_count << objects->block_shift;

    *opened = (struct object_area){.area = area,
                                   .first = objects->block_count,
                                   .first_head = objects->head_count,
                                   .size = size,
                                   .bytes = target_direct(objects->target, area->pool_start, size)};
    int rc = heads_init(&opened->heads, area, err);
    objects->block_count += area->block_count;
    objects->head_count += opened->heads.count;
    return rc;
}

static int open_areas(struct objects *objects, struct mph_err *err)
{
    size_t count = heap_area_count(objects->heap);
    int rc = 0;

    objects->areas = calloc(count, sizeof *objects->areas);
    if (!objects->areas)
        return mph_fail_no_memory(err);
    objects->area_count = count;
    objects->block_shift = (uint8_t)__builtin_ctz(objects->layout->block_bytes);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = open_area(objects, i, err);
    if (rc < 0)
        return rc;
    if (objects->block_count >= BLOCK_NOBODY / 2)
        return mph_fail(err, MPH_ERR_UNSUPPORTED, "heap: %llu blocks are more than can be named",
                        (unsigned long long)objects->block_count);
    objects->kinds = calloc(objects->head_count + 1, sizeof *objects->kinds);
    objects->owners = malloc((objects->head_count + 1) * sizeof *objects->owners);
    objects->types = type_table_create();
    objects->lookups = calloc(1, sizeof *objects->lookups);
    if (!objects->kinds || !objects->owners || !objects->types || !objects->lookups)
        return mph_fail_no_memory(err);
    memset(objects->owners, 0xff, objects->head_count * sizeof *objects->owners); // BLOCK_NOBODY
    return 0;
}

static void measure_words(struct objects *objects)
{
    const struct layout *layout = objects->layout;

    objects->word = layout->word_bytes;
    objects->obj = word_size(layout);
    // i386 alone of all ports aligns 64-bit members at four bytes.
    objects->wide = objects->target->machine == EM_386 ? 4 : 8;
    objects->number = objects->word;
    objects->has_contexts =
        layout->qstrs.form != QSTR_FORM_UNKNOWN && layout->qstrs.form != QSTR_EMBEDDED;
    objects_lay_out(objects);
}

static int open_objects(struct objects *objects, const struct heap *heap, struct layout *layout,
                        struct target *target, const struct symbols *symbols, struct mph_err *err)
{
    *objects = (struct objects){.heap = heap,
                                .layout = layout,
                                .target = target,
                                .symbols = symbols,
                                .outside = VEC_OF(struct outside)};
    int rc = layout_learn_objects(layout, target, err);

    if (rc == 0)
        rc = open_areas(objects, err);
    if (rc == 0) {
        objects_allow_lookups(objects);
        measure_words(objects);
    } else {
        objects_deinit(objects);
    }
    return rc;
}

int objects_open(struct objects *objects, const struct heap *heap, struct layout *layout,
                 struct target *target, const struct symbols *symbols, struct mph_err *err)
{
    int rc = open_objects(objects, heap, layout, target, symbols, err);

    if (rc == 0)
        numbers_sample(objects);
    return rc;
}

int objects_init(struct objects *objects, const struct heap *heap, struct layout *layout,
                 struct target *target, const struct symbols *symbols, struct mph_err *err)
{
    int rc = open_objects(objects, heap, layout, target, symbols, err);

    if (rc < 0)
        return rc;
    rc = labels_make(objects, err);
    if (rc < 0)
        objects_deinit(objects);
    return rc;
}

enum { LOOKUPS_PER_BLOCK = 32, LOOKUPS_MIN = 1 << 18 };

void objects_allow_lookups(const struct objects *objects)
{
    *objects->lookups = objects->block_count * LOOKUPS_PER_BLOCK + LOOKUPS_MIN;
}

void objects_deinit(struct objects *objects)
{
    type_table_destroy(objects->types);
    for (size_t i = 0; i < objects->area_count; i++)
        heads_deinit(&objects->areas[i].heads);
    free(objects->areas);
    free(objects->kinds);
    free(objects->owners);
    free(objects->lookups);
    vec_deinit(&objects->outside);
    *objects = (struct objects){0};
}
