// SPDX-License-Identifier: MIT
#include "report/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu/insn.h"
#include "object/value.h"
#include "report/place.h"
#include "target/devices.h"

enum { COUNT_DEFAULT = 16 };

void listing_init(struct listing *listing, struct session *session)
{
    *listing = (struct listing){
        .session = session, .literals = VEC_OF(uint64_t), .insns = VEC_OF(struct insn)};
    listing->has_pc = isa_pc(&session->target, &listing->pc);
    text_init(&listing->name, NULL);
}

void listing_deinit(struct listing *listing)
{
    text_deinit(&listing->name);
    vec_deinit(&listing->literals);
    vec_deinit(&listing->insns);
}

uint64_t listing_address(const struct listing *listing, uint64_t address)
{
    return listing->isa == ISA_THUMB ? address & ~(uint64_t)1 : address;
}

// --- decoding ---

static bool is_literal(const struct listing *listing, uint64_t address)
{
    if (address - listing->start < listing->header_bytes)
        return true;
    for (size_t i = listing->literals.len; i-- > 0;)
        if (*(const uint64_t *)vec_at(&listing->literals, i) == address)
            return true;
    return false;
}

static int add_insn(struct listing *listing, const struct insn *insn, struct mph_err *err)
{
    struct insn *slot = vec_add(&listing->insns);
    uint64_t *literal = insn->has_literal ? vec_add(&listing->literals) : NULL;

    if (!slot || (insn->has_literal && !literal))
        return mph_fail_no_memory(err);
    *slot = *insn;
    if (literal)
        *literal = insn->literal;
    return 0;
}

// The bytes at an address, as many as there are of the longest instruction.
static int read_some(struct listing *listing, uint64_t address, uint8_t *bytes, size_t *size,
                     struct mph_err *err)
{
    struct target *target = &listing->session->target;
    struct mph_err why = {0};
    int rc = -1;

    if (devices_contain(target, address))
        return mph_fail_at(err, MPH_ERR_READ, address,
                           "disasm: 0x%" PRIx64 " is a device's, which is not read", address);
    for (*size = INSN_BYTES_MAX; rc < 0 && *size; *size /= rc < 0 ? 2 : 1)
        rc = target_read(target, address, bytes, *size, *size == 1 ? &why : NULL);
    return rc < 0 ? mph_fail_again(err, &why) : 0;
}

static int decode_one(struct listing *listing, struct decoder *decoder, uint64_t address,
                      struct insn *ret, struct mph_err *err)
{
    bool big_endian = listing->session->target.big_endian;
    uint8_t bytes[INSN_BYTES_MAX];
    size_t size;
    int rc = read_some(listing, address, bytes, &size, err);

    if (rc < 0)
        return rc;
    if (is_literal(listing, address) && size >= 4)
        insn_set_data(ret, address, bytes, 4, big_endian);
    else if (!decoder_next(decoder, address, bytes, size, ret))
        insn_set_data(ret, address, bytes, 1, big_endian);
    return 0;
}

// Where decoding ends: behind the function, or so many instructions.
static uint64_t count_wanted(const struct listing *listing)
{
    if (listing->count)
        return listing->count;
    return listing->size ? LISTING_MAX : COUNT_DEFAULT;
}

static void declare(const struct listing *listing)
{
    uint64_t most = count_wanted(listing) * 4;
    struct range range = {listing->start,
                          listing->size && listing->size < most ? listing->size : most};

    if (!devices_contain(&listing->session->target, range.address))
        target_fetch(&listing->session->target, &range, 1, NULL);
}

static int decode_from(struct listing *listing, struct decoder *decoder, uint64_t start,
                       uint64_t most, struct mph_err *err)
{
    uint64_t at = start;
    struct insn insn;
    int rc = 0;

    listing->insns.len = listing->literals.len = 0;
    while (rc == 0 && listing->insns.len < most &&
           (!listing->size || at - listing->start < listing->size)) {
        struct mph_err why = {0};

        rc = decode_one(listing, decoder, at, &insn, &why);
        if (rc == MPH_ERR_READ && listing->insns.len) {
            listing->has_stop = true;
            listing->stop = at;
            return 0;
        }
        if (rc < 0)
            return mph_fail_again(err, &why);
        rc = add_insn(listing, &insn, err);
        at += insn.size;
    }
    return rc;
}

static bool find_insn(const struct listing *listing, uint64_t address, size_t *ret)
{
    for (size_t i = 0; i < listing->insns.len; i++)
        if (((const struct insn *)vec_at(&listing->insns, i))->address == address) {
            *ret = i;
            return true;
        }
    return false;
}

// Around the program counter: from a known boundary before it, else from itself on. The
// instructions before what is shown are decoded too, for the constants among them.
static int decode_around_pc(struct listing *listing, struct decoder *decoder, struct mph_err *err)
{
    uint64_t most = listing->count ? listing->count : COUNT_DEFAULT;
    uint64_t pc = listing_address(listing, listing->pc), before = most / 2;
    size_t index = 0;
    int rc = decode_from(listing, decoder, listing->start, LISTING_MAX, err);

    if (rc < 0)
        return rc;
    if (!find_insn(listing, pc, &index))
        return decode_from(listing, decoder, pc, most, err);
    size_t skipped = index > before ? index - (size_t)before : 0;
    listing->insns.len -= skipped;
    memmove(listing->insns.data, (char *)listing->insns.data + skipped * sizeof(struct insn),
            listing->insns.len * sizeof(struct insn));
    if (listing->insns.len > most) {
        listing->insns.len = (size_t)most;
        listing->has_stop = false;
    }
    return 0;
}

int listing_decode(struct listing *listing, struct mph_err *err)
{
    struct decoder *decoder;
    int rc = decoder_create(listing->isa, listing->session->target.big_endian, &decoder, err);

    if (rc < 0)
        return rc;
    declare(listing);
    if (listing->is_around_pc && listing->size)
        rc = decode_around_pc(listing, decoder, err);
    else
        rc = decode_from(listing, decoder, listing->start, count_wanted(listing), err);
    decoder_destroy(decoder);
    return rc;
}

// --- what words and addresses in code are ---

static void add_object(const struct listing *listing, uint64_t value, struct text *text)
{
    const struct objects *objects = &listing->session->objects;
    const struct type *type;
    struct object object;
    uint64_t block, offset;

    if (!listing->session->has_objects)
        return;
    type = objects_type(objects, value);
    if (type) {
        text_puts(text, "type ");
        text_escaped(text, type->name, strlen(type->name));
    } else if (objects_get(objects, value, &object) && object.kind) {
        text_printf(text, "%s ", object.kind->name);
        value_add_object(objects, value, &value_short, text);
    } else if (objects_find_head(objects, value, &block, &offset)) {
        text_printf(text, "+%" PRIu64 " in heap block 0x%" PRIx64, offset, value - offset);
    }
}

// A symbol, an object, a place on the heap, which may be an array with a symbol of its own;
// nothing for plain numbers.
static void add_meaning(const struct listing *listing, uint64_t value, struct text *text)
{
    bool is_on_heap =
        listing->session->has_objects && heap_area_of(&listing->session->heap, value) != NULL;

    if (!is_on_heap && value)
        place_add(listing->session, value, text);
    if (!text->len && value)
        add_object(listing, value, text);
}

// The constant that an instruction loads, or that a word is.
static bool find_constant(const struct listing *listing, const struct insn *insn, uint64_t *ret)
{
    struct target *target = &listing->session->target;

    if (insn->is_data)
        return insn->size == 4 && target_read_uint(target, insn->address, 4, ret, NULL) == 0;
    return insn->has_literal && !devices_contain(target, insn->literal) &&
           target_read_uint(target, insn->literal, target->word_bytes == 8 ? 8 : 4, ret, NULL) == 0;
}

static json_t *insn_json(const struct listing *listing, const struct insn *insn)
{
    char bytes[2 * INSN_BYTES_MAX + 1] = "";
    struct text meaning;
    uint64_t constant;

    for (size_t i = 0; i < insn->size; i++)
        snprintf(bytes + 2 * i, 3, "%02x", insn->bytes[i]);
    json_t *document =
        json_pack("{s:o, s:s, s:s, s:s, s:b}", "address", json_address(insn->address), "bytes",
                  bytes, "mnemonic", insn->mnemonic, "operands", insn->operands, "is_pc",
                  listing->has_pc && listing_address(listing, listing->pc) == insn->address);
    text_init(&meaning, NULL);
    if (insn->has_target) {
        json_object_set_new(document, "target_address", json_address(insn->target));
        if (!listing->is_on_heap)
            place_add(listing->session, insn->target, &meaning);
    } else if (find_constant(listing, insn, &constant)) {
        json_object_set_new(document, "word", json_address(constant));
        add_meaning(listing, constant, &meaning);
    }
    if (meaning.len)
        json_object_set_new(document, "meaning", json_text(meaning.bytes));
    text_deinit(&meaning);
    return document;
}

json_t *listing_json(const struct listing *listing)
{
    json_t *list = json_array();

    for (size_t i = 0; i < listing->insns.len; i++)
        json_array_append_new(list, insn_json(listing, vec_at(&listing->insns, i)));
    json_t *document = json_pack("{s:s, s:o, s:b, s:o}", "isa", isa_name(listing->isa),
                                 "start_address", json_address(listing->start), "is_on_heap",
                                 listing->is_on_heap, "instructions", list);
    if (document && listing->size)
        json_object_set_new(document, "size_bytes", json_integer((json_int_t)listing->size));
    if (document && listing->name.len)
        json_object_set_new(document, "name", json_text(listing->name.bytes));
    if (document && listing->has_pc)
        json_object_set_new(document, "pc_address", json_address(listing->pc));
    return document;
}

// --- text, from the same document ---

static void write_insn(const json_t *insn, int width, struct text *text)
{
    const char *word = json_string_of(insn, "word"), *meaning = json_string_of(insn, "meaning");
    const char *mnemonic = json_string_of(insn, "mnemonic"),
               *operands = json_string_of(insn, "operands");
    bool has_word = *word && mnemonic[0] != '.';

    text_printf(text, "%s %s  %-*s  ", json_is_true(json_object_get(insn, "is_pc")) ? "=>" : "  ",
                json_string_of(insn, "address"), width, json_string_of(insn, "bytes"));
    if (*operands)
        text_printf(text, "%-7s %s", mnemonic, operands);
    else
        text_puts(text, mnemonic);
    if (has_word || *meaning)
        text_printf(text, "  ; %s%s%s", has_word ? word : "", has_word && *meaning ? " " : "",
                    meaning);
    text_putc(text, '\n');
}

void listing_write(const json_t *document, struct text *text)
{
    const json_t *insns = json_object_get(document, "instructions");
    const json_t *size = json_object_get(document, "size_bytes");
    const char *name = json_string_of(document, "name");
    int width = 8;
    size_t i;
    json_t *insn;

    text_printf(text, "%s%s%s", name, *name ? " at " : "",
                json_string_of(document, "start_address"));
    if (size)
        text_printf(text, ", %" PRId64 " bytes", (int64_t)json_integer_value(size));
    text_printf(text, ", %s%s\n", json_string_of(document, "isa"),
                json_is_true(json_object_get(document, "is_on_heap")) ? ", on the heap" : "");
    json_array_foreach(insns, i, insn)
    {
        int length = (int)strlen(json_string_of(insn, "bytes"));
        width = length > width ? length : width;
    }
    json_array_foreach(insns, i, insn)
    {
        write_insn(insn, width, text);
    }
}
