// SPDX-License-Identifier: MIT
// An ELF core of the board: all its RAM, and its registers where they are known. Its size is
// bounded: each area and each section grows by RAM_REACH each way at most, flash by FLASH_REACH,
// and what reports read besides is limited by snapshot_add_read. What those read is bounded as
// they are when asked for alone.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/isa.h"
#include "report/snapshot.h"
#include "target/devices.h"

// RAM and flash end where reads fail; this bounds the search where they do not,
// because memory repeats itself or a simulator answers for everything.
enum { RAM_REACH = 16 << 20, FLASH_REACH = 2 << 20 };

struct snapshot_options {
    const char *path;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct snapshot_options *options = state->input;

    if (key != ARGP_KEY_ARG || options->path)
        return ARGP_ERR_UNKNOWN;
    options->path = argument;
    return 0;
}

static const struct argp snapshot_argp = {NULL, parse_option, NULL, NULL, NULL, NULL, NULL};

static const char *check_options(const void *raw_options)
{
    const struct snapshot_options *options = raw_options;

    return options->path ? NULL : "FILE is missing";
}

// --- which parts ---

static int add_part(struct vec *parts, uint64_t address, uint64_t size, enum snapshot_kind kind,
                    struct mph_err *err)
{
    struct snapshot_part *part = vec_add(parts);

    if (!part)
        return mph_fail_no_memory(err);
    *part = (struct snapshot_part){address, size, kind};
    return 0;
}

static bool is_covered(const struct vec *parts, uint64_t address)
{
    for (size_t i = 0; i < parts->len; i++) {
        const struct snapshot_part *part = vec_at(parts, i);
        if (address >= part->address && address - part->address < part->size)
            return true;
    }
    return false;
}

static void reverse(struct vec *parts)
{
    for (size_t i = 0; i < parts->len / 2; i++) {
        struct snapshot_part *a = vec_at(parts, i), *b = vec_at(parts, parts->len - 1 - i);
        struct snapshot_part kept = *a;

        *a = *b;
        *b = kept;
    }
}

// What a dump has of its own, in the order in which it was given. A newer part shadows
// older ones; the bytes of an ELF stay in the ELF, unless its loader has changed some.
static int add_dump(const struct session *session, struct vec *parts, struct mph_err *err)
{
    const struct vec *segments = &session->target.space.segments;
    bool is_in_elf = session->has_firmware && !session->firmware.bias;
    int rc = 0;

    for (size_t i = segments->len; rc == 0 && i-- > 0;) {
        const struct segment *segment = vec_at(segments, i);

        if ((is_in_elf && !segment->writable) || is_covered(parts, segment->first))
            continue;
        rc = add_part(parts, segment->first, segment->last - segment->first + 1,
                      segment->writable ? SNAPSHOT_RAM : SNAPSHOT_FLASH, err);
    }
    reverse(parts);
    return rc;
}

// The piece of memory around a range that is known to be there.
static int add_grown(struct session *session, struct vec *parts, struct range range,
                     enum snapshot_kind kind, uint64_t reach, struct output *output,
                     struct mph_err *err)
{
    if (!range.size || is_covered(parts, range.address))
        return 0;
    if (!snapshot_grow(&session->target, &range, reach))
        notes_add(&output->notes,
                  "snapshot: stopped %" PRIu64 " KiB from where it began at 0x%" PRIx64,
                  reach >> 10, range.address);
    return add_part(parts, range.address, range.size, kind, err);
}

static int add_sections(struct session *session, struct vec *parts, struct output *output,
                        struct mph_err *err)
{
    struct vec sections = VEC_OF(struct range);
    int rc = session->has_firmware ? firmware_ram(&session->firmware, &sections, err) : 0;

    for (size_t i = 0; rc == 0 && i < sections.len; i++)
        rc = add_grown(session, parts, *(struct range *)vec_at(&sections, i), SNAPSHOT_RAM,
                       RAM_REACH, output, err);
    vec_deinit(&sections);
    return rc;
}

static int add_link(struct session *session, struct vec *parts, struct output *output,
                    struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < heap_area_count(&session->heap); i++) {
        const struct gc_area *area = heap_area(&session->heap, i);
        struct range pool = {area->pool_start, area->pool_end - area->pool_start};

        rc = add_grown(session, parts, pool, SNAPSHOT_RAM, RAM_REACH, output, err);
    }
    if (rc == 0)
        rc = add_sections(session, parts, output, err);
    // Without an ELF, types and the text of qstrs are known from flash alone.
    if (rc == 0 && !session->has_firmware && session->layout.metatype)
        rc = add_grown(session, parts, (struct range){session->layout.metatype, 4}, SNAPSHOT_FLASH,
                       FLASH_REACH, output, err);
    return rc;
}

static int choose_parts(struct session *session, struct vec *parts, struct output *output,
                        struct mph_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < session->ram.len; i++) {
        const struct range *range = vec_at(&session->ram, i);
        rc = add_part(parts, range->address, range->size, SNAPSHOT_RAM, err);
    }
    if (rc < 0 || session->ram.len)
        return rc;
    return session->target.link.ops ? add_link(session, parts, output, err)
                                    : add_dump(session, parts, err);
}

// --- what reports read besides ---

// Those that read more than RAM: fault registers and their handlers, code in ROM, values in
// flash outside of the ELF, what the chip says of itself. None has an option that it needs.
static const char *const readers[] = {"fault", "bt", "tasks", "objects", "qstr", "bounds"};

static int discard(void *context, const char *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
    return 0;
}

// A report that fails on this heap will fail on its core; only a lost link matters here.
static int run_reader(struct session *session, const struct report *report, struct mph_err *err)
{
    static const struct sink nowhere = {discard, NULL};
    void *options = calloc(1, report->options_size + 1);
    struct mph_err reason = {0};
    struct output output;
    struct text text;

    if (!options)
        return mph_fail_no_memory(err);
    text_init(&text, &nowhere);
    output_init(&output, &text, false, false);
    int rc = report->run(session, options, &output, &reason);
    output_deinit(&output);
    text_deinit(&text);
    free(options);
    session_drop_objects(session); // opened as this report wants them, not as the next one does
    return rc == MPH_ERR_LINK || rc == MPH_ERR_INTERRUPTED ? mph_fail_again(err, &reason) : 0;
}

// Code around the pc, as `disasm pc` shows it.
static int fetch_code(struct session *session, struct mph_err *err)
{
    enum { AROUND_BYTES = 256 };
    uint64_t pc;

    if (!isa_pc(&session->target, &pc) || pc < AROUND_BYTES ||
        devices_contain(&session->target, pc))
        return 0;
    struct range around = {(pc - AROUND_BYTES) & ~(uint64_t)3, 2 * AROUND_BYTES};
    return target_fetch(&session->target, &around, 1, err);
}

// Run the reports, so that the core has all that they read of this board. What is RAM has
// been read in large pieces before. Of a running target only the fault registers are asked.
static int add_what_is_read(struct session *session, struct vec *parts, struct output *output,
                            struct mph_err *err)
{
    bool is_running = session->target.state == RUN_RUNNING;
    size_t count = is_running ? 1 : sizeof readers / sizeof *readers;
    int rc = 0;

    if (!session->target.link.ops)
        return 0;
    for (size_t i = 0; rc == 0 && i < parts->len; i++) {
        const struct snapshot_part *part = vec_at(parts, i);
        struct range range = {part->address, part->size};

        rc = target_fetch(&session->target, &range, 1, err);
    }
    if (rc == 0)
        rc = fetch_code(session, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = run_reader(session, report_find(readers[i]), err);
    if (rc == 0)
        rc = snapshot_add_read(&session->target, parts, err);
    if (rc > 0)
        notes_add(&output->notes, "snapshot: %d more places that reports read were left out", rc);
    return rc < 0 ? rc : 0;
}

// --- the report ---

static void add_registers_note(const struct session *session, struct output *output)
{
    if (session->target.state == RUN_RUNNING)
        notes_add(&output->notes,
                  "snapshot: no registers: the target runs (--halt stops it for the read)");
    else if (!session->target.regs.count)
        notes_add(&output->notes, "snapshot: no registers are known");
    else if (!session->target.machine)
        notes_add(&output->notes, "snapshot: not for GDB: the machine is not known (--elf tells)");
}

// An image file does not tell what kind of memory it was taken from.
static const char *part_kind(const struct session *session, const struct snapshot_part *part)
{
    if (session->target.state == RUN_DUMP && !session->target.link.ops)
        return "memory";
    static const char *const names[] = {
        [SNAPSHOT_RAM] = "ram", [SNAPSHOT_FLASH] = "flash", [SNAPSHOT_READ] = "read by reports"};

    return names[part->kind];
}

static int write_report(const struct session *session, const struct vec *parts, const char *path,
                        struct output *output, struct mph_err *err)
{
    json_t *list = json_array();
    uint64_t total = 0;

    for (size_t i = 0; i < parts->len; i++) {
        const struct snapshot_part *part = vec_at(parts, i);

        total += part->size;
        json_array_append_new(list,
                              json_pack("{s:o, s:I}", "start_address", json_address(part->address),
                                        "size_bytes", (json_int_t)part->size));
        if (!output->is_json)
            text_printf(output->text, "0x%" PRIx64 "..0x%" PRIx64 " %s\n", part->address,
                        part->address + part->size, part_kind(session, part));
    }
    if (output->is_json)
        return output_json(output,
                           json_pack("{s:o, s:o, s:I, s:I}", "file", json_text(path), "parts", list,
                                     "total_bytes", (json_int_t)total, "register_count",
                                     (json_int_t)session->target.regs.count),
                           err);
    json_decref(list);
    text_printf(output->text, "%" PRIu64 " bytes and %zu registers in ", total,
                session->target.regs.count);
    text_escaped(output->text, path, strlen(path));
    text_putc(output->text, '\n');
    return 0;
}

int snapshot_take(struct session *session, const char *path, struct vec *parts,
                  struct output *output, struct mph_err *err)
{
    int rc = session->ram.len || !session->target.link.ops ? 0 : session_load(session, false, err);
    uint8_t word = session->has_layout ? session->layout.word_bytes : session->target.word_bytes;

    if (rc == 0)
        rc = choose_parts(session, parts, output, err);
    if (rc == 0)
        rc = add_what_is_read(session, parts, output, err);
    return rc < 0 ? rc
                  : snapshot_write(&session->target, path, parts->data, parts->len,
                                   word ? word : 4, err);
}

static int run_snapshot(struct session *session, const void *raw_options, struct output *output,
                        struct mph_err *err)
{
    const struct snapshot_options *options = raw_options;
    struct vec parts = VEC_OF(struct snapshot_part);
    int rc = snapshot_take(session, options->path, &parts, output, err);

    if (rc == 0) {
        add_registers_note(session, output);
        report_common_notes(session, output);
        rc = write_report(session, &parts, options->path, output, err);
    }
    vec_deinit(&parts);
    return rc;
}

const struct report report_snapshot = {
    .name = "snapshot",
    .arguments = "FILE",
    .summary = "an ELF core of all RAM and the registers, for --core and gdb-multiarch",
    .help = "RAM is what --ram says, or is found by walking outwards from the heap and the ELF's "
            "sections until reads fail. Of a halted board the core keeps what reports read "
            "besides, so that they say the same of it. FILE appears whole or not at all.",
    .argp = &snapshot_argp,
    .options_size = sizeof(struct snapshot_options),
    .check = check_options,
    .run = run_snapshot,
};
