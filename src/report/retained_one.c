// SPDX-License-Identifier: MIT
#include "report/retained_one.h"

#include <inttypes.h>
#include <string.h>

// Keepers that are listed: the nearest, and those next to the roots.
enum { NEAREST = 12, OUTERMOST = 4 };

struct one {
    const struct retainers *retainers;
    uint32_t node;
    struct histogram types;
    size_t top;
    uint64_t keepers;              // how many there are
    uint32_t nearest[NEAREST];     // the first of them
    uint32_t outermost[OUTERMOST]; // the last of them, by keeper number % OUTERMOST
};

static uint32_t keeper_at(const struct one *one, uint64_t number)
{
    return number < NEAREST ? one->nearest[number] : one->outermost[number % OUTERMOST];
}

static bool is_listed(const struct one *one, uint64_t number)
{
    return number < NEAREST || number + OUTERMOST >= one->keepers;
}

static void find_keepers(struct one *one)
{
    const struct retained *retained = &one->retainers->retained;
    uint32_t node = retained_above(retained, one->node);

    for (; node; node = retained_above(retained, node)) {
        if (one->keepers < NEAREST)
            one->nearest[one->keepers] = node;
        one->outermost[one->keepers++ % OUTERMOST] = node;
    }
}

// The object, or its last keeper: no single object on the heap keeps it.
static uint32_t topmost(const struct one *one)
{
    return one->keepers ? one->outermost[(one->keepers - 1) % OUTERMOST] : one->node;
}

// --- text ---

static void write_roots(const struct one *one, struct text *text)
{
    const struct root_of *roots;
    size_t count = retained_roots(&one->retainers->retained, topmost(one), &roots);

    for (size_t i = 0; i < count && i < RETAINERS_ROOTS_MAX; i++) {
        text_puts(text, "  ");
        root_names_add(&one->retainers->root_names, &roots[i].word, text);
        text_putc(text, '\n');
    }
    if (count > RETAINERS_ROOTS_MAX)
        text_printf(text, "  and %zu more words\n", count - RETAINERS_ROOTS_MAX);
    if (!count)
        text_puts(text, "  several ways from roots, with no object that is on all of them\n");
}

static void write_keepers(const struct one *one, struct text *text)
{
    text_puts(text, "\nkept by, the nearest first\n");
    for (uint64_t i = 0; i < one->keepers; i++) {
        if (!is_listed(one, i)) {
            uint64_t next = one->keepers - OUTERMOST;

            text_printf(text, "  ... %" PRIu64 " more\n", next - i);
            i = next;
        }
        text_puts(text, "  ");
        retainers_add(one->retainers, keeper_at(one, i), text);
        text_printf(text, " at 0x%08" PRIx64 ", retains %" PRIu64 "\n",
                    objects_block_address(
                        one->retainers->objects,
                        dominators_block(&one->retainers->retained.tree, keeper_at(one, i))),
                    dominators_bytes(&one->retainers->retained.tree, keeper_at(one, i)));
    }
    write_roots(one, text);
}

static void write_types(const struct one *one, struct text *text)
{
    text_puts(text, "\nwhat would go with it\n  count      bytes  type\n");
    for (size_t i = 0; i < one->types.rows.len && i < one->top; i++) {
        const struct histogram_row *row = histogram_at(&one->types, i);

        text_printf(text, "%7" PRIu64 " %10" PRIu64 "  ", row->count, histogram_bytes(row));
        text_escaped(text, row->name, strlen(row->name));
        text_putc(text, '\n');
    }
}

static void write_text(const struct one *one, struct text *text)
{
    text_printf(text, "%s     what\n", retainers_heading);
    retainers_add_columns(one->retainers, one->node, text);
    retainers_add(one->retainers, one->node, text);
    text_putc(text, '\n');
    write_keepers(one, text);
    write_types(one, text);
}

// --- JSON ---

static json_t *keepers_json(const struct one *one)
{
    json_t *list = json_array();

    for (uint64_t i = 0; i < one->keepers; i++) {
        if (!is_listed(one, i))
            i = one->keepers - OUTERMOST;
        json_array_append_new(list, retainers_json(one->retainers, keeper_at(one, i)));
    }
    return list;
}

static json_t *types_json(const struct one *one)
{
    json_t *list = json_array();

    for (size_t i = 0; i < one->types.rows.len && i < one->top; i++) {
        const struct histogram_row *row = histogram_at(&one->types, i);

        json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "type", json_text(row->name),
                                              "count", (json_int_t)row->count, "bytes",
                                              (json_int_t)histogram_bytes(row)));
    }
    return list;
}

static int write_json(const struct one *one, struct output *output, struct mph_err *err)
{
    return output_json(
        output,
        json_pack("{s:b, s:b, s:o, s:I, s:o, s:o, s:o}", "certain", one->retainers->mark.is_certain,
                  "is_reached", true, "object", retainers_json(one->retainers, one->node),
                  "keeper_count", (json_int_t)one->keepers, "kept_by", keepers_json(one), "roots",
                  retainers_roots_json(one->retainers, topmost(one)), "types", types_json(one)),
        err);
}

// --- the whole ---

static int write_garbage(const struct retainers *retainers, uint64_t block, struct output *output,
                         struct mph_err *err)
{
    uint64_t address = objects_block_address(retainers->objects, block);

    if (output->is_json)
        return output_json(output,
                           json_pack("{s:b, s:b, s:o}", "certain", retainers->mark.is_certain,
                                     "is_reached", false, "address", json_address(address)),
                           err);
    text_printf(output->text,
                "no %sroot leads to the allocation at 0x%08" PRIx64 ": it is garbage\n",
                retainers->mark.is_certain ? "" : "known ", address);
    return 0;
}

int retained_one_write(const struct retainers *retainers, uint64_t address, size_t top,
                       struct output *output, struct mph_err *err)
{
    const struct retained *retained = &retainers->retained;
    struct one one = {.retainers = retainers, .top = top};
    uint64_t block, offset;

    if (!objects_find_head(retainers->objects, address, &block, &offset))
        return mph_fail_at(
            err, MPH_ERR_BAD_DATA, address,
            "retained: no used block is at 0x%" PRIx64 " (whatis says what is there)", address);
    one.node = retained_node(retained, block);
    if (!one.node)
        return write_garbage(retainers, block, output, err);
    find_keepers(&one);
    int rc = retained_types(retained, one.node, &one.types, err);
    if (rc < 0)
        return rc;
    if (output->is_json)
        rc = write_json(&one, output, err);
    else
        write_text(&one, output->text);
    histogram_deinit(&one.types);
    return rc;
}
