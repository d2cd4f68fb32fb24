// SPDX-License-Identifier: MIT
#include "graph/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/diff_parts.h"

// --- whether they can be compared ---

static bool share_a_pool(const struct inventory *before, const struct inventory *after)
{
    for (size_t i = 0; i < before->areas.len; i++)
        if (inventory_contains(after, ((struct range *)vec_at(&before->areas, i))->address))
            return true;
    return false;
}

static int check(const struct inventory *before, const struct inventory *after, struct mph_err *err)
{
    if (before->word_bytes != after->word_bytes)
        return mph_fail(err, MPH_ERR_BAD_DATA, "diff: two firmwares: words of %u and of %u bytes",
                        before->word_bytes, after->word_bytes);
    if (before->big_endian != after->big_endian)
        return mph_fail(err, MPH_ERR_BAD_DATA, "diff: two firmwares: of two byte orders");
    if (before->block_bytes != after->block_bytes)
        return mph_fail(err, MPH_ERR_BAD_DATA, "diff: two firmwares: blocks of %u and of %u bytes",
                        before->block_bytes, after->block_bytes);
    if (before->metatype && after->metatype && before->metatype != after->metatype)
        return mph_fail(err, MPH_ERR_BAD_DATA,
                        "diff: two firmwares, or one loaded at two places: mp_type_type is at "
                        "0x%" PRIx64 " and at 0x%" PRIx64,
                        before->metatype, after->metatype);
    if (!share_a_pool(before, after))
        return mph_fail(err, MPH_ERR_BAD_DATA, "diff: the two heaps lie at different addresses");
    return 0;
}

// --- types ---

static int order_of_types(const struct thing_type *a, const struct thing_type *b)
{
    int order = strcmp(a->name, b->name);

    return order ? order : a->class < b->class ? -1 : a->class > b->class;
}

static int by_name(const void *left, const void *right)
{
    return order_of_types(*(const struct thing_type *const *)left,
                          *(const struct thing_type *const *)right);
}

// Pointers to the types of a inventory, by name; NULL: out of memory.
static const struct thing_type **sort_types(const struct inventory *inventory)
{
    size_t count = inventory->types.len;
    const struct thing_type **sorted = calloc(count + 1, sizeof *sorted);

    for (size_t i = 0; sorted && i < count; i++)
        sorted[i] = inventory_type(inventory, i);
    if (sorted && count)
        qsort(sorted, count, sizeof *sorted, by_name);
    return sorted;
}

static void set_row(struct matching *matching, int side, const struct thing_type *type)
{
    size_t place = (size_t)(type - inventory_type(matching->moments[side], 0));

    matching->rows[side][place] = (uint32_t)(matching->types.len - 1);
}

static int merge_types(struct matching *matching, const struct thing_type **before,
                       const struct thing_type **after, struct mph_err *err)
{
    while (*before || *after) {
        int order = !*before ? 1 : !*after ? -1 : order_of_types(*before, *after);
        struct diff_type *row = vec_add(&matching->types);

        if (!row)
            return mph_fail_no_memory(err);
        row->type = order <= 0 ? *before : *after;
        if (order <= 0)
            set_row(matching, BEFORE, *before++);
        if (order >= 0)
            set_row(matching, AFTER, *after++);
    }
    return 0;
}

static int match_types(struct matching *matching, struct mph_err *err)
{
    const struct thing_type **before = sort_types(matching->moments[BEFORE]);
    const struct thing_type **after = sort_types(matching->moments[AFTER]);
    int rc = before && after ? merge_types(matching, before, after, err) : mph_fail_no_memory(err);

    free(before);
    free(after);
    return rc;
}

// --- things ---

static struct diff_type *row_of(const struct matching *matching, int side,
                                const struct thing *thing)
{
    return vec_at(&matching->types, matching->rows[side][thing->type]);
}

static bool are_same(const struct matching *matching, const struct thing *before,
                     const struct thing *after)
{
    return before->address == after->address &&
           row_of(matching, BEFORE, before) == row_of(matching, AFTER, after) &&
           ((before->is_block && after->is_block) || before->own_bytes == after->own_bytes);
}

static void count_things(struct matching *matching, int side)
{
    const struct inventory *inventory = matching->moments[side];

    for (size_t i = 0; i < inventory->things.len; i++) {
        const struct thing *thing = inventory_thing(inventory, i);
        struct diff_type *row = row_of(matching, side, thing);

        row->count[side]++;
        row->bytes[side] += thing_bytes(thing);
        if (matching->twins[side][i] == DIFF_NONE)
            ++*(side == AFTER ? &row->new_count : &row->gone_count);
    }
}

static void match_pair(struct matching *matching, uint32_t before, uint32_t after)
{
    const struct thing *old = inventory_thing(matching->moments[BEFORE], before);
    const struct thing *new = inventory_thing(matching->moments[AFTER], after);
    struct diff_type *row = row_of(matching, AFTER, new);

    if (!are_same(matching, old, new))
        return;
    matching->twins[BEFORE][before] = after;
    matching->twins[AFTER][after] = before;
    row->grown_count += thing_bytes(new) > thing_bytes(old);
    row->shrunk_count += thing_bytes(new) < thing_bytes(old);
}

static void match_things(struct matching *matching)
{
    const struct inventory *before = matching->moments[BEFORE], *after = matching->moments[AFTER];
    uint32_t i = 0, j = 0;

    while (i < before->things.len && j < after->things.len) {
        uint64_t old = inventory_thing(before, i)->address,
                 new = inventory_thing(after, j)->address;

        if (old == new)
            match_pair(matching, i, j);
        i += old <= new;
        j += new <= old;
    }
    count_things(matching, BEFORE);
    count_things(matching, AFTER);
}

// --- the whole ---

static uint32_t *places_init(size_t count)
{
    uint32_t *places = malloc((count + 1) * sizeof *places);

    if (places)
        memset(places, 0xff, (count + 1) * sizeof *places);
    return places;
}

static int matching_init(struct matching *matching, const struct inventory *before,
                         const struct inventory *after, struct mph_err *err)
{
    bool is_complete = true;

    *matching = (struct matching){.moments = {before, after}, .types = VEC_OF(struct diff_type)};
    for (int side = BEFORE; side <= AFTER; side++) {
        matching->rows[side] = places_init(matching->moments[side]->types.len);
        matching->twins[side] = places_init(matching->moments[side]->things.len);
        is_complete &= matching->rows[side] && matching->twins[side];
    }
    int rc = is_complete ? match_types(matching, err) : mph_fail_no_memory(err);
    if (rc == 0)
        match_things(matching);
    return rc;
}

static void matching_deinit(struct matching *matching)
{
    for (int side = BEFORE; side <= AFTER; side++) {
        free(matching->rows[side]);
        free(matching->twins[side]);
    }
    vec_deinit(&matching->types);
}

static int add_types(struct diff *diff, const struct matching *matching, struct mph_err *err)
{
    for (size_t i = 0; i < matching->types.len; i++) {
        const struct diff_type *type = vec_at(&matching->types, i);

        if (!(type->new_count || type->gone_count || type->grown_count || type->shrunk_count))
            continue;
        struct diff_type *slot = vec_add(&diff->types);
        if (!slot)
            return mph_fail_no_memory(err);
        *slot = *type;
    }
    return 0;
}

static int by_type_change(const void *left, const void *right)
{
    const struct diff_type *a = left, *b = right;
    int64_t a_change = diff_type_change(a), b_change = diff_type_change(b);

    return a_change != b_change ? (a_change > b_change ? -1 : 1) : order_of_types(a->type, b->type);
}

static int by_holder_change(const void *left, const void *right)
{
    const struct diff_holder *a = left, *b = right;
    int64_t a_change = diff_holder_change(a), b_change = diff_holder_change(b);

    if (a_change != b_change)
        return a_change > b_change ? -1 : 1;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->is_garbage - b->is_garbage;
}

static void sort(struct vec *vec, int (*order)(const void *, const void *))
{
    if (vec->len)
        qsort(vec->data, vec->len, vec->element_size, order);
}

int diff_init(struct diff *ret, const struct inventory *before, const struct inventory *after,
              struct mph_err *err)
{
    struct matching matching;
    int rc = check(before, after, err);

    if (rc < 0)
        return rc;
    *ret = (struct diff){.moments = {before, after},
                         .types = VEC_OF(struct diff_type),
                         .holders = VEC_OF(struct diff_holder)};
    rc = matching_init(&matching, before, after, err);
    if (rc == 0)
        rc = add_types(ret, &matching, err);
    if (rc == 0)
        rc = diff_add_holders(ret, &matching, err);
    matching_deinit(&matching);
    if (rc < 0) {
        diff_deinit(ret);
        return rc;
    }
    sort(&ret->types, by_type_change);
    sort(&ret->holders, by_holder_change);
    return 0;
}

void diff_deinit(struct diff *diff)
{
    vec_deinit(&diff->types);
    vec_deinit(&diff->holders);
}
