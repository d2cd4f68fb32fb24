// SPDX-License-Identifier: MIT
#include "vm/candidates.h"

#include <string.h>

#include "vm/coroutine.h"

struct search {
    const struct objects *objects;
    const struct region *region;
    struct vec *candidates;
    bool has_functions; // frames begin with their function, from v1.9 on
    int rc;
};

// --- declaring ---

enum { HEAD_WORDS = 8, CODE_BYTES = 256 };

static void declare(struct vec *ranges, uint64_t address, uint64_t size)
{
    struct range *range = vec_add(ranges);

    if (range) // without it the exact read asks by itself
        *range = (struct range){address, size};
}

// The frame of a generator follows its type and one object word.
static uint64_t frame_offset(const struct objects *objects)
{
    uint64_t words = objects->word + objects->obj - 1;

    return words / objects->obj * objects->obj + objects->obj;
}

// The heads that words of the region point at, or behind which a frame may be.
static int declare_heads(const struct search *search, struct vec *ranges, struct mph_err *err)
{
    const struct objects *objects = search->objects;
    uint64_t block;

    for (size_t i = 0; i < search->region->count; i++) {
        uint64_t value = search->region->words[i];

        if (objects_head_at(objects, value, &block))
            declare(ranges, value, HEAD_WORDS * objects->word);
        else if (objects_head_at(objects, value - frame_offset(objects), &block))
            declare(ranges, value - frame_offset(objects), (HEAD_WORDS + 2) * objects->word);
    }
    return target_fetch(objects->target, ranges->data, ranges->len, err);
}

// Where a function object on the heap has its code; py/objfun.c, see code_function.c.
static bool find_code(const struct objects *objects, uint64_t function, uint64_t *ret)
{
    uint64_t block, index = code_form(objects->layout) == PRELUDE_V2 ? 3 : 2;

    return objects_head_at(objects, function, &block) &&
           objects_word(objects, function + index * objects->word, ret);
}

// Most functions whose address is on the stack only are arguments: a frame's next word
// leads into their code.
enum { CODE_BYTES_MAX = 1 << 16 };

static int declare_code(const struct search *search, struct vec *ranges, struct mph_err *err)
{
    const struct region *region = search->region;
    uint64_t code;

    ranges->len = 0;
    for (size_t i = 0; i + 1 < region->count; i++)
        if (find_code(search->objects, region->words[i], &code) && region->words[i + 1] > code &&
            region->words[i + 1] - code < CODE_BYTES_MAX)
            declare(ranges, code, CODE_BYTES);
    return target_fetch(search->objects->target, ranges->data, ranges->len, err);
}

static int declare_all(const struct search *search, struct mph_err *err)
{
    struct vec ranges = VEC_OF(struct range);
    int rc = declare_heads(search, &ranges, err);

    if (rc == 0)
        rc = declare_code(search, &ranges, err);
    vec_deinit(&ranges);
    return rc;
}

// --- one candidate ---

static bool is_known(const struct search *search, uint64_t address)
{
    for (size_t i = 0; i < search->candidates->len; i++)
        if (((const struct candidate *)vec_at(search->candidates, i))->frame.address == address)
            return true;
    return false;
}

static bool is_function(const struct objects *objects, uint64_t address)
{
    uint64_t block, word;
    const struct type *type;

    return objects_head_at(objects, address, &block) && objects_word(objects, address, &word) &&
           (type = objects_type(objects, word)) &&
           (!strcmp(type->name, "function") || !strcmp(type->name, "generator"));
}

static void add(struct search *search, uint64_t at, uint64_t address, enum trace_place place)
{
    const struct objects *objects = search->objects;
    struct frame frame;

    if (search->candidates->len >= CANDIDATES_MAX || is_known(search, address) ||
        frame_read(objects->layout, objects->target, address, &frame, NULL) < 0 || !frame.ip ||
        (search->has_functions ? !is_function(objects, frame.fun) : frame.fun != 0))
        return;
    struct candidate *slot = vec_add(search->candidates);
    if (!slot)
        search->rc = MPH_ERR_NO_MEMORY;
    else
        *slot = (struct candidate){.frame = frame, .place = place, .at = at};
}

// --- generators ---

// py/objgenerator.c mp_obj_gen_resume: from v1.10 on the member in front of the frame is
// null while a generator runs. Before, nothing tells.
bool running_generator(const struct objects *objects, uint64_t address, uint64_t *ret_frame)
{
    uint64_t frame = address + frame_offset(objects), block, bits;

    if (!objects_head_at(objects, address, &block) || !generator_at(objects, address) ||
        !objects_uint(objects, frame - objects->obj, objects->obj, &bits))
        return false;
    *ret_frame = frame;
    return bits == 0 || objects->layout->type_form == TYPE_WORD_NAME;
}

static void add_generator(struct search *search, uint64_t at, uint64_t value)
{
    uint64_t frame;

    if (running_generator(search->objects, value, &frame) ||
        running_generator(search->objects, value - frame_offset(search->objects), &frame))
        add(search, at, frame, PLACE_GENERATOR);
}

// --- the words ---

static bool may_begin_frame(const struct search *search, uint64_t first)
{
    return search->has_functions ? is_function(search->objects, first) : first != 0;
}

static void look_at(struct search *search, size_t index)
{
    const struct objects *objects = search->objects;
    uint64_t value = search->region->words[index];
    uint64_t at = search->region->start + index * objects->word;
    uint64_t block, first;

    if (may_begin_frame(search, value))
        add(search, at, at, search->region->place);
    if (objects_head_at(objects, value, &block) && objects_word(objects, value, &first) &&
        may_begin_frame(search, first))
        add(search, at, value, PLACE_HEAP);
    add_generator(search, at, value);
}

static void look_at_all(struct search *search)
{
    for (size_t i = 0; i < search->region->count && search->rc == 0; i++)
        look_at(search, i);
}

int candidates_find(const struct objects *objects, const struct region *region,
                    struct vec *candidates, struct mph_err *err)
{
    const struct layout *layout = objects->layout;
    struct search search = {objects, region, candidates, true, 0};
    size_t before = candidates->len;

    int rc = declare_all(&search, err);
    if (rc < 0)
        return rc;
    if (!layout->version_number || layout->version_number >= 10900)
        look_at_all(&search);
    if (candidates->len == before && layout->type_form == TYPE_WORD_NAME &&
        layout->version_number < 10900) {
        search.has_functions = false;
        look_at_all(&search);
    }
    return search.rc < 0 ? mph_fail_no_memory(err) : 0;
}
