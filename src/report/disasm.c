// SPDX-License-Identifier: MIT
// Machine code: around the program counter, of a symbol, at an address, and of functions
// in machine code that lie on the heap.
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/parse.h"
#include "object/function.h"
#include "object/lookup.h"
#include "report/listing.h"
#include "report/place.h"

struct disasm_options {
    const char *problem;
    const char *where;
    uint64_t count;
    enum isa isa;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct disasm_options *options = state->input;

    if (key == ARGP_KEY_ARG && !options->where) {
        options->where = argument;
    } else if (key == 'n') {
        if (!parse_uint(argument, &options->count) || !options->count ||
            options->count > LISTING_MAX)
            options->problem = "--count: not a number from 1 to 100000";
    } else if (key == 'i') {
        options->isa = isa_by_name(argument);
        if (!options->isa)
            options->problem = "--isa: thumb, arm, aarch64, riscv32, riscv64, x86 or x86-64";
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char *check_options(const void *raw_options)
{
    const struct disasm_options *options = raw_options;

    return options->where ? options->problem : "ADDR, PC or SYMBOL is missing";
}

static const struct argp_option option_table[] = {
    {"count", 'n', "N", 0, "So many instructions (16, or the whole function)", 0},
    {"isa", 'i', "NAME", 0,
     "thumb, arm, aarch64, riscv32, riscv64, x86 or x86-64, where nothing tells", 0},
    {0}};

static const struct argp disasm_argp = {option_table, parse_option, NULL, NULL, NULL, NULL, NULL};

// --- which code ---

// What lies on the heap is known to annotate code, and to find functions there; code can be
// read without.
static int load_objects(struct listing *listing, struct output *output, struct mph_err *err)
{
    struct target *target = &listing->session->target;
    bool was_big_endian = target->big_endian;
    struct mph_err why = {0};
    int rc = session_open_objects(listing->session, &why);

    if (rc < 0) // the search for a heap tries both orders
        target->big_endian = was_big_endian;
    if (rc == MPH_ERR_NO_MEMORY || rc == MPH_ERR_LINK || rc == MPH_ERR_INTERRUPTED)
        return mph_fail_again(err, &why);
    if (rc < 0)
        notes_add(&output->notes, "disasm: without the heap: %s", why.text);
    return 0;
}

static void choose_isa(struct listing *listing, uint64_t address)
{
    if (!listing->isa)
        listing->isa = isa_of(&listing->session->target, address);
}

// The function around an address, from whose start on instructions are known to follow
// each other.
static void use_symbol(struct listing *listing, uint64_t address)
{
    struct place place;

    if (!place_find(listing->session, address, &place) || !place.size)
        return;
    listing->start = place.start;
    listing->size = place.size;
    text_escaped(&listing->name, place.name, strlen(place.name));
}

// Code in a block of the heap: no more than the block.
static void use_block(struct listing *listing, uint64_t address)
{
    const struct objects *objects = &listing->session->objects;
    uint64_t block, offset;

    if (!listing->session->has_objects || !objects_find_head(objects, address, &block, &offset))
        return;
    listing->is_on_heap = true;
    listing->size = objects_block_bytes(objects, block) - offset;
}

static void use_address(struct listing *listing, uint64_t address)
{
    choose_isa(listing, address);
    listing->start = listing_address(listing, address);
    use_block(listing, listing->start);
}

static int use_pc(struct listing *listing, struct mph_err *err)
{
    listing->is_around_pc = true;
    if (!listing->has_pc && listing->session->target.state == RUN_RUNNING)
        return mph_fail(err, MPH_ERR_READ,
                        "disasm: the target runs, its pc is not known (--halt stops the board for "
                        "the read)");
    if (!listing->has_pc)
        return mph_fail(err, MPH_ERR_READ, "disasm: pc is not known (--reg pc=VALUE)");
    use_address(listing, listing->pc);
    if (!listing->is_on_heap)
        use_symbol(listing, listing->start);
    return 0;
}

// py/objfun.h mp_obj_fun_native_get_function_start, v1.23 on: in front of the code is the index
// of its prelude, a small number, which no function's first instruction is.
static void use_header(struct listing *listing)
{
    enum { INDEX_MAX = 0x1000 };
    const struct objects *objects = &listing->session->objects;
    uint64_t index;

    if (objects_word(objects, listing->start, &index) && index < INDEX_MAX)
        listing->header_bytes = objects->word;
}

// A function object in machine code.
static bool use_object(struct listing *listing, uint64_t address)
{
    const struct objects *objects = &listing->session->objects;
    struct object object;
    uint64_t code;

    if (!listing->session->has_objects || !objects_get(objects, address, &object) ||
        !function_machine_code(objects, &object, &code))
        return false;
    value_add_object(objects, address, &value_short, &listing->name);
    use_address(listing, code);
    use_header(listing);
    return true;
}

static int use_name(struct listing *listing, const char *name, struct mph_err *err)
{
    const struct session *session = listing->session;
    const struct symbol *symbol =
        session->has_firmware ? symbols_find(&session->firmware.symbols, name) : NULL;
    uint64_t word;

    if (symbol && use_object(listing, symbol->address))
        return 0;
    if (symbol) {
        choose_isa(listing, symbol->address);
        listing->start = listing_address(listing, symbol->address);
        listing->size = symbol->size;
        text_escaped(&listing->name, name, strlen(name));
        return 0;
    }
    if (!session->has_objects || global_find(&session->objects, name, &word, NULL) < 0)
        return mph_fail(err, MPH_ERR_NO_SYMBOL, "disasm: there is no symbol and no global '%.80s'",
                        name);
    if (!use_object(listing, word))
        return mph_fail(err, MPH_ERR_BAD_DATA, "disasm: %.80s is no function in machine code",
                        name);
    return 0;
}

static int find_code(struct listing *listing, const char *where, struct mph_err *err)
{
    uint64_t address;
    int rc = 0;

    if (!strcasecmp(where, "pc"))
        rc = use_pc(listing, err);
    else if (!parse_uint(where, &address))
        rc = use_name(listing, where, err);
    else if (!use_object(listing, address))
        use_address(listing, address);
    if (rc == 0 && !listing->isa)
        return mph_fail(err, MPH_ERR_UNSUPPORTED,
                        "disasm: the machine is not known (--elf or --isa tells)");
    return rc;
}

// --- the report ---

static int write(struct listing *listing, struct output *output, struct mph_err *err)
{
    json_t *document = listing_json(listing);

    if (listing->has_stop)
        notes_add(&output->notes, "disasm: code from 0x%" PRIx64 " on cannot be read",
                  listing->stop);
    report_common_notes(listing->session, output);
    if (output->is_json)
        return output_json(output, document, err);
    if (!document)
        return mph_fail_no_memory(err);
    listing_write(document, output->text);
    json_decref(document);
    return 0;
}

static int run_disasm(struct session *session, const void *raw_options, struct output *output,
                      struct mph_err *err)
{
    const struct disasm_options *options = raw_options;
    struct listing listing;

    listing_init(&listing, session);
    listing.isa = options->isa;
    listing.count = options->count;
    int rc = load_objects(&listing, output, err);
    if (rc == 0)
        rc = find_code(&listing, options->where, err);
    if (rc == 0)
        rc = listing_decode(&listing, err);
    if (rc == 0)
        rc = write(&listing, output, err);
    listing_deinit(&listing);
    return rc;
}

const struct report report_disasm = {
    .name = "disasm",
    .arguments = "ADDR|PC|SYMBOL",
    .summary = "machine code: around the pc, of a symbol, of a function on the heap",
    .help = "ADDR may be a function in machine code (native, viper, asm), whose code is shown; "
            "SYMBOL one of the firmware's, or a global of the program: name or module.name. "
            "Constants and targets are named.",
    .argp = &disasm_argp,
    .options_size = sizeof(struct disasm_options),
    .check = check_options,
    .run = run_disasm,
};
