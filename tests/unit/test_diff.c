// SPDX-License-Identifier: MIT
// Random pairs of small inventories, compared beside brute force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/diff.h"

enum { POOL = 0x20000000, BLOCK = 16, SLOTS = 24, MODULE = 0x1000, TYPES = 4 };

// What may begin at each place of the pool; names lead from slot to slot, from the module
// where the parent is SLOTS, and from nowhere where it is larger. A keeper that is a place
// is one where something is used; with another there is none.
struct slot {
    bool is_used, is_block;
    unsigned type, own, held, parent, keeper;
    bool has_name, is_garbage;
};

static struct slot random_slot(unsigned index)
{
    return (struct slot){.is_used = rand() % 3,
                         .is_block = rand() % 8 == 0,
                         .type = (unsigned)rand() % TYPES,
                         .own = 1 + (unsigned)rand() % 2,
                         .held = (unsigned)rand() % 3,
                         .parent = index && rand() % 3 ? (unsigned)rand() % index
                                                       : SLOTS + (unsigned)rand() % 2,
                         .keeper = index && rand() % 2 ? (unsigned)rand() % index : SLOTS,
                         .has_name = rand() % 4,
                         .is_garbage = rand() % 8 == 0};
}

static void *add(struct vec *vec)
{
    void *element = vec_add(vec);

    assert_non_null(element);
    return element;
}

// A parent that is not there or has no name gives none.
static bool is_named(const struct slot *slots, unsigned index)
{
    const struct slot *slot = &slots[index];

    return slot->is_used && slot->has_name &&
           (slot->parent >= SLOTS || is_named(slots, slot->parent));
}

static bool is_kept(const struct slot *slots, unsigned index)
{
    unsigned keeper = slots[index].keeper;

    return !slots[index].is_garbage && keeper < SLOTS && slots[keeper].is_used &&
           !slots[keeper].is_garbage;
}

static void add_keepers(struct inventory *inventory, const struct slot *slots)
{
    uint32_t places[SLOTS] = {0}, count = 0; // a keeper comes before what it keeps

    for (unsigned i = 0; i < SLOTS; i++) {
        if (!slots[i].is_used)
            continue;
        struct thing *thing = vec_at(&inventory->things, count);
        thing->is_garbage = slots[i].is_garbage;
        thing->keeper = is_kept(slots, i) ? places[slots[i].keeper] : THING_NONE;
        places[i] = count++;
    }
}

static void add_names(struct inventory *inventory, const struct slot *slots)
{
    uint32_t places[SLOTS + 2] = {[SLOTS] = 1};

    add(&inventory->names);
    *(struct thing_name *)add(&inventory->names) = (struct thing_name){MODULE, 0};
    for (unsigned i = 0, thing = 0; i < SLOTS; i++) {
        if (is_named(slots, i)) {
            places[i] = (uint32_t)inventory->names.len;
            *(struct thing_name *)add(&inventory->names) =
                (struct thing_name){POOL + i * 4 * BLOCK, places[slots[i].parent]};
            ((struct thing *)vec_at(&inventory->things, thing))->name = places[i];
        }
        thing += slots[i].is_used;
    }
}

// The types come in another order at each moment.
static struct inventory inventory_of(const struct slot *slots, unsigned turn)
{
    struct inventory ret = {.word_bytes = 4,
                            .block_bytes = BLOCK,
                            .areas = VEC_OF(struct range),
                            .things = VEC_OF(struct thing),
                            .types = VEC_OF(struct thing_type),
                            .names = VEC_OF(struct thing_name),
                            .notes = VEC_OF(int)};

    *(struct range *)add(&ret.areas) = (struct range){POOL, SLOTS * 4 * BLOCK};
    for (unsigned i = 0; i < TYPES; i++) {
        char name[] = {(char)('a' + (i + turn) % TYPES), '\0'};

        *(struct thing_type *)add(&ret.types) = (struct thing_type){strdup(name), 0};
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].is_used)
            *(struct thing *)add(&ret.things) =
                (struct thing){.address = POOL + i * 4 * BLOCK,
                               .own_bytes = slots[i].own * BLOCK,
                               .held_bytes = slots[i].held * BLOCK,
                               .is_block = slots[i].is_block,
                               .type = (slots[i].type + TYPES - turn) % TYPES};
    add_names(&ret, slots);
    add_keepers(&ret, slots);
    return ret;
}

struct pair {
    struct slot slots[2][SLOTS];
    struct inventory sides[2];
};

static void pair_init(struct pair *pair)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        pair->slots[BEFORE][i] = random_slot(i);
        pair->slots[AFTER][i] = rand() % 2 ? random_slot(i) : pair->slots[BEFORE][i];
    }
    for (unsigned side = BEFORE; side <= AFTER; side++)
        pair->sides[side] = inventory_of(pair->slots[side], side * 3);
}

static void pair_deinit(struct pair *pair)
{
    inventory_deinit(&pair->sides[BEFORE]);
    inventory_deinit(&pair->sides[AFTER]);
}

// --- brute force ---

static bool stays(const struct pair *pair, unsigned index)
{
    const struct slot *old = &pair->slots[BEFORE][index], *new = &pair->slots[AFTER][index];

    return old->is_used && new->is_used && old->type == new->type &&
           ((old->is_block && new->is_block) || old->own == new->own);
}

static int64_t bytes_of(const struct slot *slot)
{
    return slot->is_used ? (int64_t)(slot->own + slot->held) * BLOCK : 0;
}

// Where what is new or gone counts: an address, 0, or GARBAGE.
enum { GARBAGE = 1 };

static uint64_t holder_of(const struct pair *pair, int side, unsigned index)
{
    const struct slot *slots = pair->slots[side];

    if (slots[index].is_garbage)
        return GARBAGE;
    while (is_kept(slots, index) && !stays(pair, index))
        index = slots[index].keeper;
    if (stays(pair, index))
        return POOL + index * 4 * BLOCK;
    if (!is_named(slots, index))
        return 0;
    while (slots[index].parent < SLOTS && !stays(pair, index))
        index = slots[index].parent;
    return !stays(pair, index) && slots[index].parent == SLOTS ? MODULE : POOL + index * 4 * BLOCK;
}

static int64_t change_at(const struct pair *pair, uint64_t holder)
{
    int64_t change = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        for (int side = BEFORE; side <= AFTER; side++) {
            uint64_t at = stays(pair, i) ? POOL + i * 4 * BLOCK : holder_of(pair, side, i);

            if (pair->slots[side][i].is_used && at == holder)
                change += (side == AFTER ? 1 : -1) * bytes_of(&pair->slots[side][i]);
        }
    return change;
}

static int64_t change_of_all(const struct pair *pair)
{
    int64_t change = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        change += bytes_of(&pair->slots[AFTER][i]) - bytes_of(&pair->slots[BEFORE][i]);
    return change;
}

static void check_type(const struct pair *pair, const struct diff_type *row)
{
    uint64_t counts[2] = {0}, new = 0, gone = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        for (int side = BEFORE; side <= AFTER; side++) {
            const struct slot *slot = &pair->slots[side][i];

            if (!slot->is_used || slot->type != (unsigned)(row->type->name[0] - 'a'))
                continue;
            counts[side]++;
            *(side == AFTER ? &new : &gone) += !stays(pair, i);
        }
    assert_memory_equal(counts, row->count, sizeof counts);
    assert_int_equal(new, row->new_count);
    assert_int_equal(gone, row->gone_count);
}

static void check_holders(const struct pair *pair, const struct diff *diff)
{
    int64_t sum = 0;

    for (size_t i = 0; i < diff->holders.len; i++) {
        const struct diff_holder *holder = diff_holder(diff, i);

        assert_int_equal(diff_holder_change(holder),
                         change_at(pair, holder->is_garbage ? (uint64_t)GARBAGE : holder->address));
        assert_int_equal(holder->is_outside, holder->address == MODULE);
        sum += diff_holder_change(holder);
        if (i)
            assert_true(diff_holder_change(diff_holder(diff, i - 1)) >= diff_holder_change(holder));
    }
    assert_int_equal(sum, change_of_all(pair));
}

static void check_types(const struct pair *pair, const struct diff *diff)
{
    int64_t sum = 0;

    for (size_t i = 0; i < diff->types.len; i++) {
        check_type(pair, diff_type(diff, i));
        sum += diff_type_change(diff_type(diff, i));
    }
    assert_int_equal(sum, change_of_all(pair));
}

// --- tests ---

enum { ROUNDS = 3000 };

static void test_it_is_what_brute_force_finds(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        struct pair pair;
        struct diff diff;

        pair_init(&pair);
        assert_int_equal(0, diff_init(&diff, &pair.sides[BEFORE], &pair.sides[AFTER], NULL));
        check_types(&pair, &diff);
        check_holders(&pair, &diff);
        diff_deinit(&diff);
        pair_deinit(&pair);
    }
}

static void test_backwards_is_the_mirror(void **state)
{
    (void)state;
    srand(2);
    for (int round = 0; round < ROUNDS; round++) {
        struct pair pair;
        struct diff there, back;

        pair_init(&pair);
        assert_int_equal(0, diff_init(&there, &pair.sides[BEFORE], &pair.sides[AFTER], NULL));
        assert_int_equal(0, diff_init(&back, &pair.sides[AFTER], &pair.sides[BEFORE], NULL));
        assert_int_equal(there.holders.len, back.holders.len);
        for (size_t i = 0; i < there.holders.len; i++)
            assert_int_equal(diff_holder_change(diff_holder(&there, i)),
                             -diff_holder_change(diff_holder(&back, there.holders.len - 1 - i)));
        diff_deinit(&there);
        diff_deinit(&back);
        pair_deinit(&pair);
    }
}

static void test_a_moment_and_itself(void **state)
{
    (void)state;
    struct pair pair;
    struct diff diff;

    pair_init(&pair);
    assert_int_equal(0, diff_init(&diff, &pair.sides[AFTER], &pair.sides[AFTER], NULL));
    assert_int_equal(0, diff.types.len);
    assert_int_equal(0, diff.holders.len);
    diff_deinit(&diff);
    pair_deinit(&pair);
}

static void test_two_firmwares(void **state)
{
    (void)state;
    struct pair pair;
    struct diff diff;
    struct mph_err err = {0};

    pair_init(&pair);
    pair.sides[AFTER].block_bytes = 2 * BLOCK;
    assert_int_equal(MPH_ERR_BAD_DATA,
                     diff_init(&diff, &pair.sides[BEFORE], &pair.sides[AFTER], &err));
    assert_string_equal("diff: two firmwares: blocks of 16 and of 32 bytes", err.text);
    pair_deinit(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_what_brute_force_finds),
        cmocka_unit_test(test_backwards_is_the_mirror),
        cmocka_unit_test(test_a_moment_and_itself),
        cmocka_unit_test(test_two_firmwares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
