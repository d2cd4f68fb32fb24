// SPDX-License-Identifier: MIT
// What an address is: from the most telling to the most general.
#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "object/frame.h"
#include "object/meaning.h"
#include "object/roots.h"
#include "object/value.h"
#include "report/address.h"
#include "vm/locals.h"

struct query {
    struct session *session;
    struct names names;
    uint64_t address;
};

static const struct objects *objects_of(const struct query *query)
{
    return &query->session->objects;
}

// Each of these adds one line about the address, or nothing.

// --- the heap ---

// By its number in the area, as a table's bits are numbered.
static void add_block_number(const struct query *query, const struct gc_area *area, uint64_t number,
                             struct text *text)
{
    const struct heap *heap = &query->session->heap;

    text_printf(text, "block %" PRIu64, number);
    for (size_t i = 0; heap_area_count(heap) > 1 && i < heap_area_count(heap); i++)
        if (heap_area(heap, i) == area)
            text_printf(text, " of area %zu", i);
}

static void add_used_block(const struct query *query, const struct gc_area *area, uint64_t block,
                           uint64_t offset, struct text *text)
{
    uint64_t address = query->address - offset;
    struct text member;

    text_printf(text, "+%" PRIu64 " in ", offset);
    add_block_number(query, area, (address - area->pool_start) / query->session->layout.block_bytes,
                     text);
    text_printf(text, " (0x%" PRIx64 ", %" PRIu64 " bytes): ", address,
                objects_block_bytes(objects_of(query), block));
    meaning_add_block(&query->names, block, text);
    text_init(&member, NULL);
    meaning_add_member(&query->names, block, query->address, &member);
    if (member.len)
        text_printf(text, ", %s", member.bytes);
    text_deinit(&member);
}

static void add_heap(const struct query *query, struct text *text)
{
    const struct gc_area *area = heap_area_of(&query->session->heap, query->address);
    uint64_t block, offset;

    if (!area)
        return;
    if (objects_find_head(objects_of(query), query->address, &block, &offset)) {
        add_used_block(query, area, block, offset, text);
        return;
    }
    uint64_t size = query->session->layout.block_bytes;
    uint64_t index = (query->address - area->pool_start) / size, first = index;
    if (index >= area->block_count || area_block(area, index) != BLOCK_FREE) {
        text_puts(text, "tail of no head in the heap");
        return;
    }
    while (first > 0 && area_block(area, first - 1) == BLOCK_FREE)
        first--;
    text_puts(text, "free ");
    add_block_number(query, area, index, text);
    text_printf(text, ", in a run of %" PRIu64 " bytes from 0x%" PRIx64,
                area_run(area, first, BLOCK_FREE) * size, area->pool_start + first * size);
}

struct table {
    const char *name;
    uint64_t address;
    unsigned blocks; // in one byte
};

// The last byte may have bits to spare.
static bool add_table(const struct query *query, const struct gc_area *area,
                      const struct table *table, struct text *text)
{
    uint64_t first = (query->address - table->address) * table->blocks;
    uint64_t last = first + table->blocks - 1;

    if (!table->address || query->address < table->address || first >= area->block_count)
        return false;
    text_printf(text, "%s, blocks %" PRIu64 " to %" PRIu64, table->name, first,
                last < area->block_count ? last : area->block_count - 1);
    return true;
}

static void add_area(const struct query *query, uint64_t offset, size_t area, struct text *text)
{
    const struct layout *layout = &query->session->layout;

    text_printf(text, "+%" PRIu64 " in the structure of area %zu", offset, area);
    for (enum member member = MEMBER_AREA_NEXT; member < MEMBER_COUNT; member++) {
        const struct member_at *at = &layout->members[member];

        if (at->how && offset - (uint64_t)at->offset < at->size)
            text_printf(text, ", %s", member_name(member) + strlen("area."));
    }
}

static void add_tables(const struct query *query, struct text *text)
{
    const struct heap *heap = &query->session->heap;

    for (size_t i = 0; i < heap_area_count(heap); i++) {
        const struct gc_area *area = heap_area(heap, i);
        const struct table tables[] = {{"allocation table", area->table, 4},
                                       {"finaliser table", area->finalisers, 8},
                                       {"weak reference table", area->weakrefs, 8}};
        bool is_found = false;

        for (size_t j = 0; !is_found && j < sizeof tables / sizeof *tables; j++)
            is_found = add_table(query, area, &tables[j], text);
        if (is_found)
            text_printf(text, " of area %zu", i);
        else if (query->address >= area->address &&
                 query->address - area->address < layout_area_bytes(&query->session->layout))
            add_area(query, query->address - area->address, i, text);
    }
}

// --- the interpreter's state, the stack ---

// Behind the last of its members that is known.
static uint64_t state_end(const struct layout *layout)
{
    uint64_t end = layout->area + layout_area_bytes(layout);

    for (enum member member = 0; member < MEMBER_AREA_NEXT; member++) {
        const struct member_at *at = &layout->members[member];

        if (at->how && layout->ctx + (uint64_t)at->offset + at->size > end)
            end = layout->ctx + (uint64_t)at->offset + at->size;
    }
    return end;
}

static void add_state(const struct query *query, struct text *text)
{
    const struct layout *layout = &query->session->layout;

    if (layout->ctx_how == HOW_UNKNOWN || query->address < layout->ctx ||
        query->address >= state_end(layout))
        return;
    text_printf(text, "mp_state_ctx+0x%" PRIx64, query->address - layout->ctx);
    for (enum member member = 0; member < MEMBER_AREA_NEXT; member++) {
        const struct member_at *at = &layout->members[member];

        if (at->how && query->address - layout->ctx - (uint64_t)at->offset < at->size)
            text_printf(text, ", %s", member_name(member));
    }
}

static void add_frame(const struct query *query, const struct frame *frame, struct text *text)
{
    const struct objects *objects = objects_of(query);
    uint64_t address = query->address;
    bool is_certain;

    text_printf(text, ", frame at 0x%" PRIx64 " of ", frame->address);
    if (frame->code.name)
        value_add_qstr(objects, frame->code.name, text);
    if (address < frame->state || address >= frame->state + frame->n_state * objects->obj)
        return;
    uint64_t index = frame->n_state - 1 - (address - frame->state) / objects->obj;
    text_printf(text, ", local %" PRIu64 "%s", index,
                index < locals_count(objects, frame, &is_certain) ? "" : " or value stack");
}

static void add_stack(const struct query *query, struct text *text)
{
    const struct objects *objects = objects_of(query);
    uint64_t sp, top;
    struct frame frame;

    if (!roots_find_stack(objects, &sp, &top) || query->address < sp || query->address >= top)
        return;
    text_printf(text, "C stack, %" PRIu64 " bytes above the stack pointer", query->address - sp);
    for (uint64_t at = sp; at <= query->address; at += objects->word)
        if (roots_may_be_frame(objects, at) &&
            frame_read(objects->layout, objects->target, at, &frame, NULL) == 0 &&
            query->address < frame.end)
            add_frame(query, &frame, text);
}

// py/nlr.h nlr_buf_t: {prev, ret_val, saved registers}, on the C stack, the innermost
// at mp_state_ctx's nlr_top, which follows the pair of dicts in all releases. How many
// registers there are: py/nlr.h MICROPY_NLR_NUM_REGS_*.
static unsigned saved_registers(const struct target *target)
{
    static const struct {
        uint16_t machine;
        uint8_t count;
    } counts[] = {{EM_386, 6},     {EM_ARM, 10},     {EM_X86_64, 8},
                  {EM_XTENSA, 10}, {EM_AARCH64, 13}, {EM_RISCV, 14}};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].machine == target->machine)
            return counts[i].count;
    return 10; // the fewest a 32-bit microcontroller saves
}

enum { NLR_DEPTH_MAX = 256 };

static void add_saved_registers(const struct query *query, struct text *text)
{
    const struct objects *objects = objects_of(query);
    const struct member_at *dicts = &query->session->layout.members[MEMBER_DICT_LOCALS];
    uint64_t bytes = (2u + saved_registers(&query->session->target)) * objects->word, at, previous;

    if (!dicts->how ||
        !objects_word(
            objects, query->session->layout.ctx + (uint64_t)dicts->offset + 2 * objects->word, &at))
        return;
    for (int depth = 0; at && depth < NLR_DEPTH_MAX; depth++) {
        if (query->address >= at && query->address - at < bytes) {
            text_printf(text, "+%" PRIu64 " in the registers saved by nlr_push at 0x%" PRIx64,
                        query->address - at, at);
            return;
        }
        if (!objects_word(objects, at, &previous) || previous <= at)
            return; // they lie ever further up the stack
        at = previous;
    }
}

// --- anything else ---

static void add_object(const struct query *query, struct text *text)
{
    struct object object;
    const struct objects *objects = objects_of(query);

    if (heap_area_of(&query->session->heap, query->address))
        return;
    if (objects_type(objects, query->address))
        meaning_add_value(&query->names, query->address, text);
    else if (objects_get(objects, query->address, &object)) {
        text_printf(text, "%s ", object.kind->name);
        value_add_object(objects, query->address, &value_short, text);
    }
}

static void add_symbol(const struct query *query, struct text *text)
{
    struct text symbol;

    text_init(&symbol, NULL);
    if (meaning_add_symbol(objects_of(query), query->address, &symbol))
        text_printf(text, "symbol %s", symbol.bytes);
    text_deinit(&symbol);
}

static void add_memory(const struct query *query, struct text *text)
{
    uint64_t value;

    if (!objects_uint(objects_of(query), query->address, 1, &value))
        text_puts(text, "memory that cannot be read");
    else
        text_puts(text, "memory outside the heap");
}

static const struct {
    const char *place;
    void (*add)(const struct query *query, struct text *text);
} finders[] = {
    {"heap", add_heap},     {"table", add_tables},  {"object", add_object},
    {"state", add_state},   {"stack", add_stack},   {"registers", add_saved_registers},
    {"symbol", add_symbol}, {"memory", add_memory},
};

enum { FINDERS = sizeof finders / sizeof *finders };

// The last finder speaks only where no other did.
static size_t find_places(const struct query *query, struct text texts[FINDERS])
{
    size_t found = 0;

    for (size_t i = 0; i < FINDERS; i++) {
        text_init(&texts[i], NULL);
        if (i == FINDERS - 1 && found)
            continue;
        finders[i].add(query, &texts[i]);
        found += texts[i].len > 0;
    }
    return found;
}

static int write(const struct query *query, struct output *output, struct mph_err *err)
{
    struct text texts[FINDERS], meaning;
    json_t *places = json_array();
    uint64_t word;
    bool is_readable = objects_word(objects_of(query), query->address, &word);

    find_places(query, texts);
    for (size_t i = 0; i < FINDERS; i++) {
        if (texts[i].len && output->is_json)
            json_array_append_new(places, json_pack("{s:s, s:o}", "place", finders[i].place, "text",
                                                    json_text(texts[i].bytes)));
        else if (texts[i].len)
            text_printf(output->text, "0x%08" PRIx64 "  %s\n", query->address, texts[i].bytes);
        text_deinit(&texts[i]);
    }
    text_init(&meaning, NULL);
    if (is_readable)
        meaning_add_value(&query->names, word, &meaning);
    if (!output->is_json) {
        if (is_readable)
            text_printf(output->text, "  holds 0x%" PRIx64 "%s%s\n", word, meaning.len ? ": " : "",
                        meaning.bytes ? meaning.bytes : "");
        text_deinit(&meaning);
        json_decref(places);
        return 0;
    }
    json_t *document =
        json_pack("{s:o, s:o}", "address", json_address(query->address), "places", places);
    if (document && is_readable)
        json_object_set_new(document, "word", json_address(word));
    if (document && meaning.len)
        json_object_set_new(document, "meaning", json_text(meaning.bytes));
    text_deinit(&meaning);
    return output_json(output, document, err);
}

static int run_whatis(struct session *session, const void *raw_options, struct output *output,
                      struct mph_err *err)
{
    const struct address_options *options = raw_options;
    struct query query = {.session = session, .address = options->address};
    int rc = session_load_objects(session, err);

    if (rc == 0)
        rc = names_init(&query.names, &session->objects, err);
    if (rc < 0)
        return rc;
    report_common_notes(session, output);
    rc = write(&query, output, err);
    names_deinit(&query.names);
    return rc;
}

const struct report report_whatis = {
    .name = "whatis",
    .arguments = "ADDR",
    .summary = "what an address is: object and member, table, stack, symbol",
    .help = "Everything that is known of an address, whether it is an object's or not.",
    .argp = &address_argp,
    .options_size = sizeof(struct address_options),
    .check = address_check,
    .run = run_whatis,
};
