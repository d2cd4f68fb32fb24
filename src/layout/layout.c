// SPDX-License-Identifier: MIT
#include "layout/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/area.h"
#include "layout/members.h"
#include "layout/ram.h"
#include "layout/types.h"
#include "layout/version.h"
#include "layout/window.h"

// Bytes before the area structure in which the rest of mp_state_ctx begins; the
// largest seen in a real build is 1,900.
enum { WINDOW_BYTES = 4096 };

// --- words for people ---

const char *how_name(enum how how)
{
    static const char *const names[] = {"not known",     "debug info",     "symbol", "found in memory",
                                        "era's layout", "version string", "option"};

    return names[how];
}

const char *tier_name(enum tier tier)
{
    static const char *const names[] = {"memory alone", "ELF with symbols", "ELF with debug info"};

    return names[tier];
}

const char *builtin_name(enum builtin builtin)
{
    static const char *const names[] = {"tuple",     "list",  "dict",  "str",      "bytes",
                                        "bytearray", "array", "float", "function", "module"};

    return names[builtin];
}

static const char *era_name(enum era era)
{
    static const char *const names[] = {"not known", "1.8",  "1.8.1 to 1.9.4", "1.10 to 1.18",
                                        "1.19",      "1.20", "1.21",           "1.22 or later"};

    return names[era];
}

void layout_note(struct layout *layout, const char *format, ...)
{
    struct layout_note *note = vec_add(&layout->notes);
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
}

// --- reading ---

int layout_read_word(const struct layout *layout, struct target *target, uint64_t address,
                     uint64_t *ret, struct mph_err *err)
{
    return target_read_uint(target, address, layout->word_bytes, ret, err);
}

bool layout_read_member(const struct layout *layout, struct target *target, enum member member,
                        uint64_t *ret)
{
    const struct member_at *at = &layout->members[member];

    return at->how != HOW_UNKNOWN && at->size >= 1 && at->size <= 8 &&
           target_read_uint(target, layout->ctx + (uint64_t)at->offset, at->size, ret, NULL) == 0;
}

// --- the era ---

// The number alone decides what the firmware's own text says of itself.
static enum era era_of_version(int number)
{
    static const struct {
        int since;
        enum era era;
    } rows[] = {{12200, ERA_1_22}, {12100, ERA_1_21}, {12000, ERA_1_20}, {11900, ERA_1_19},
                {11000, ERA_1_10}, {10801, ERA_1_8_1}, {1, ERA_1_8}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (number >= rows[i].since)
            return rows[i].era;
    return ERA_UNKNOWN;
}

static void set_era(struct layout *layout, enum era era, enum how how, const char *text)
{
    layout->era = era;
    layout->era_how = how;
    layout->era_text = text ? text : era_name(era);
}

// The gap byte came with the area structure in v1.20 (9f434dd8de).
static void era_from_area(struct layout *layout, const struct area_match *area)
{
    if (area->gap_is_sure && area->gap)
        set_era(layout, ERA_1_20, HOW_MEASURED, "1.20 or later");
    else if (area->gap_is_sure)
        set_era(layout, ERA_1_8_1, HOW_MEASURED, "1.8.1 to 1.19");
}

static void era_from_objects(struct layout *layout, size_t dicts_back)
{
    const struct qstrs *qstrs = &layout->qstrs;
    bool is_split_rom = false;

    for (size_t i = 0; i < qstrs->pool_count; i++)
        is_split_rom |= qstrs->pools[i].is_sorted;
    if (layout->type_form == TYPE_WORD_NAME)
        set_era(layout, ERA_1_8_1, HOW_MEASURED, NULL);
    else if (layout->type_form == TYPE_HALF_NAME && qstrs->form == QSTR_EMBEDDED)
        set_era(layout, ERA_1_10, HOW_MEASURED, NULL);
    else if (layout->type_form == TYPE_HALF_NAME)
        set_era(layout, ERA_1_19, HOW_MEASURED, NULL);
    else if (is_split_rom)
        set_era(layout, ERA_1_22, HOW_MEASURED, NULL);
    else if (layout->type_form == TYPE_SLOTS && dicts_back >= 6)
        set_era(layout, ERA_1_21, HOW_MEASURED, "1.21 or later");
    else if (layout->type_form == TYPE_SLOTS)
        set_era(layout, ERA_1_20, HOW_MEASURED, dicts_back ? "1.20" : "1.20 or later");
}

// A build between two releases ("v1.20.0-268-g...", "v1.22.0-preview.5.g...") may
// have any of the next release's structures, or not yet all of its own.
static bool is_between_releases(const struct layout *layout)
{
    return strchr(layout->version, '-') != NULL;
}

// The structures are believed rather than the version string; that one settles
// what leaves no trace in them.
static void reconcile_version(struct layout *layout)
{
    enum era said = era_of_version(layout->version_number);

    if (!said || said == layout->era)
        return;
    if (layout->era == ERA_UNKNOWN) {
        set_era(layout, said, HOW_VERSION, NULL);
        return;
    }
    bool is_newer_type = said >= ERA_1_20 && layout->era < ERA_1_20;
    bool is_1_8 = said == ERA_1_8 && layout->era == ERA_1_8_1;
    if (is_between_releases(layout) && (said == layout->era - 1 || said == layout->era + 1))
        return;
    if ((said > layout->era && !is_newer_type) || is_1_8)
        set_era(layout, said, layout->era_how, NULL);
    else
        layout_note(layout, "version: the firmware says %s, but its structures are those of %s",
                    layout->version, layout->era_text);
}

// --- the version string ---

static bool find_version_in(struct layout *layout, const uint8_t *bytes, size_t size, enum how how)
{
    if (!version_find(bytes, size, layout->version, sizeof layout->version,
                      &layout->version_number))
        return false;
    layout->version_how = how;
    return true;
}

// What a dump holds of its own is what ran, whatever ELF came with it.
static bool version_from_dump(struct layout *layout, const struct target *target,
                              const char *except)
{
    for (size_t i = 0; i < target->space.segments.len; i++) {
        const struct segment *segment = vec_at(&target->space.segments, i);

        if (segment->bytes && (!except || strncmp(segment->name, except, sizeof segment->name - 1)) &&
            find_version_in(layout, segment->bytes, (size_t)(segment->last - segment->first + 1),
                            HOW_MEASURED))
            return true;
    }
    return false;
}

static bool version_from_elf(struct layout *layout, const struct firmware *firmware)
{
    return find_version_in(layout, firmware->file.bytes, firmware->file.size, HOW_VERSION);
}

// Over a link flash is searched from where the metatype lies outwards, a little
// at a time, and given up after what a person would wait.
enum { FLASH_CHUNK = 4096, FLASH_REACH = 1 << 20 };
static const double version_seconds = 2.0;

static int read_flash_chunk(struct layout *layout, struct target *target, uint64_t address,
                            bool *is_end)
{
    uint8_t bytes[FLASH_CHUNK + 64];
    int rc = target_read(target, address, bytes, sizeof bytes, NULL);

    if (rc == MPH_ERR_READ) // the last chunk has nothing behind it
        rc = target_read(target, address, bytes, FLASH_CHUNK, NULL);
    *is_end = rc < 0;
    if (rc == MPH_ERR_LINK || rc == MPH_ERR_INTERRUPTED)
        return rc;
    return rc == 0 && find_version_in(layout, bytes, FLASH_CHUNK, HOW_MEASURED);
}

static int version_from_link(struct layout *layout, struct target *target, struct mph_err *err)
{
    uint64_t start = layout->metatype & ~(uint64_t)(FLASH_CHUNK - 1);
    double deadline = target->link.stats->seconds + version_seconds;
    bool up_ended = false, down_ended = false;

    for (uint64_t step = 0; step < FLASH_REACH && !(up_ended && down_ended); step += FLASH_CHUNK) {
        int rc = up_ended ? 0 : read_flash_chunk(layout, target, start + step, &up_ended);

        if (rc == 0 && !down_ended && step < start)
            rc = read_flash_chunk(layout, target, start - step - FLASH_CHUNK, &down_ended);
        if (rc < 0)
            return mph_fail(err, rc, "version: the search in flash failed");
        if (rc > 0)
            return 0;
        if (target->link.stats->seconds > deadline)
            break;
    }
    layout_note(layout, "version: no version string found near 0x%llx",
                (unsigned long long)layout->metatype);
    return 0;
}

// --- symbols ---

static void builtins_from_symbols(struct layout *layout, const struct firmware *firmware)
{
    static const char *const names[BUILTIN_COUNT] = {
        "mp_type_tuple",     "mp_type_list",  "mp_type_dict",  "mp_type_str",    "mp_type_bytes",
        "mp_type_bytearray", "mp_type_array", "mp_type_float", "mp_type_fun_bc", "mp_type_module"};

    for (enum builtin i = 0; i < BUILTIN_COUNT; i++) {
        const struct symbol *symbol = symbols_find(&firmware->symbols, names[i]);

        if (symbol) {
            layout->builtins[i] = symbol->address;
            layout->builtins_how = HOW_SYMBOL;
        }
    }
    const struct symbol *metatype = symbols_find(&firmware->symbols, "mp_type_type");
    if (metatype) {
        layout->metatype = metatype->address;
        layout->metatype_how = HOW_SYMBOL;
    }
}

// --- learning what objects need ---

static int learn_in_window(struct layout *layout, struct window *window, size_t *dicts_back)
{
    struct mph_err why = {0};
    uint64_t metatype;
    int rc = window_find_qstrs(window, &layout->qstrs, &why);

    if (rc == 0) {
        layout->qstrs_how = HOW_MEASURED;
        rc = window_find_metatype(window, &layout->qstrs, &metatype, &layout->type_form, &why);
    }
    if (rc < 0) {
        layout_note(layout, "%s", why.text);
        return rc;
    }
    if (layout->metatype_how == HOW_SYMBOL && layout->metatype != metatype)
        layout_note(layout, "types: mp_type_type is at 0x%llx by symbol, at 0x%llx by invariant",
                    (unsigned long long)layout->metatype, (unsigned long long)metatype);
    else
        layout->metatype = metatype;
    if (layout->metatype_how == HOW_UNKNOWN)
        layout->metatype_how = HOW_MEASURED;
    *dicts_back = window_find_dicts(window, layout);
    layout->repr = window_find_repr(window, layout);
    layout->repr_how = layout->repr ? HOW_MEASURED : HOW_UNKNOWN;
    return 0;
}

static int learn(struct layout *layout, struct target *target, size_t *dicts_back,
                 struct mph_err *err)
{
    struct window window;
    uint64_t first = layout->ctx_how == HOW_SYMBOL ? layout->ctx
                     : layout->area > WINDOW_BYTES ? layout->area - WINDOW_BYTES
                                                   : 0;

    if (layout->area > first + 16 * WINDOW_BYTES)
        first = layout->area - 16 * WINDOW_BYTES;
    int rc = window_init(&window, target, layout->word_bytes, first & ~7ull, layout->area, err);
    if (rc < 0)
        return rc;
    layout->objects_learned = true;
    rc = learn_in_window(layout, &window, dicts_back);
    window_deinit(&window);
    return rc == MPH_ERR_BAD_DATA || rc == MPH_ERR_READ ? 0
           : rc < 0 ? mph_fail(err, rc, "layout: the search in memory failed")
                    : 0;
}

// Era and members by what the structures around the area look like.
static int learn_structures(struct layout *layout, struct target *target,
                            const struct area_match *area, struct mph_err *err)
{
    size_t dicts_back = 0;
    int rc;

    era_from_area(layout, area);
    rc = learn(layout, target, &dicts_back, err);
    if (rc == 0 && layout->type_form)
        era_from_objects(layout, dicts_back);
    if (rc == 0 && dicts_back)
        members_from_anchors(layout, target, dicts_back);
    return rc;
}

int layout_learn_objects(struct layout *layout, struct target *target, struct mph_err *err)
{
    size_t dicts_back = 0;

    return layout->objects_learned ? 0 : learn(layout, target, &dicts_back, err);
}

// --- the area, measured ---

static void adopt_area(struct layout *layout, const struct area_match *area, bool is_split)
{
    layout->block_bytes = area->block_bytes;
    layout->block_how = HOW_MEASURED;
    layout->tables = area->tables;
    layout->gap = area->gap;
    members_from_area(layout, area, is_split);
}

// The first area of the one heap in `ram`.
static int find_head(struct target *target, size_t word_bytes, const struct range *ram,
                     size_t ram_count, struct area_match *ret, struct mph_err *err)
{
    struct vec matches = VEC_OF(struct area_match);
    int rc = area_scan(target, word_bytes, ram, ram_count, &matches, err);

    if (rc == 0)
        rc = area_head(&matches, word_bytes, ret, err);
    vec_deinit(&matches);
    return rc;
}

// Over a link one place of RAM after the other, so that the search ends early.
static int find_head_in_turn(struct target *target, size_t word_bytes, const struct vec *ranges,
                             struct area_match *ret, struct mph_err *err)
{
    for (size_t i = 0; i < ranges->len; i++) {
        struct mph_err tried = {0};
        int rc = find_head(target, word_bytes, vec_at(ranges, i), 1, ret, &tried);

        if (rc != MPH_ERR_NO_HEAP)
            return rc == 0 ? 0 : mph_fail_again(err, &tried);
    }
    return mph_fail(err, MPH_ERR_NO_HEAP,
                    "heap: no MicroPython heap found in the RAM of this target (--ram tells where)");
}

static int search_ram(const struct layout *layout, struct target *target,
                      const struct layout_options *options, struct area_match *ret,
                      struct mph_err *err)
{
    struct vec ranges = VEC_OF(struct range);
    int rc = ram_candidates(target, options->ram, options->ram_count, &ranges, err);

    if (rc == 0 && target->link.ops)
        rc = find_head_in_turn(target, layout->word_bytes, &ranges, ret, err);
    else if (rc == 0)
        rc = find_head(target, layout->word_bytes, ranges.data, ranges.len, ret, err);
    vec_deinit(&ranges);
    return rc;
}

// --- tier: memory alone ---

static int find_version(struct layout *layout, struct target *target,
                        const struct layout_options *options, struct mph_err *err)
{
    if (!target->link.ops)
        version_from_dump(layout, target, NULL);
    else if (options->wants_version && layout->metatype)
        return version_from_link(layout, target, err);
    return 0;
}

static int from_memory(struct layout *layout, struct target *target,
                       const struct layout_options *options, struct mph_err *err)
{
    struct area_match area;
    int rc = search_ram(layout, target, options, &area, err);

    if (rc < 0)
        return rc;
    bool is_split = area_leads_on(target, layout->word_bytes, &area);
    adopt_area(layout, &area, is_split);
    rc = learn_structures(layout, target, &area, err);
    if (rc == 0)
        rc = find_version(layout, target, options, err);
    if (rc == 0) {
        reconcile_version(layout);
        members_from_area(layout, &area, is_split); // now that the era is known
    }
    return rc;
}

// Without a file that says so, the word size is the one in which a heap is found.
static int from_memory_any_word(struct layout *layout, struct target *target,
                                const struct layout_options *options, struct mph_err *err)
{
    static const struct {
        uint8_t word_bytes;
        bool big_endian;
    } tries[] = {{4, false}, {8, false}, {4, true}, {8, true}};
    struct mph_err first = {0};

    if (layout->word_how != HOW_UNKNOWN)
        return from_memory(layout, target, options, err);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct mph_err tried = {0};

        if (target->link.ops && i > 0)
            break; // a board on a debug port; its link tells when it has 64 bits
        layout->word_bytes = tries[i].word_bytes;
        layout->big_endian = target->big_endian = tries[i].big_endian;
        layout->word_how = HOW_MEASURED;
        int rc = from_memory(layout, target, options, &tried);
        if (rc == 0)
            return 0;
        if (i == 0 || (first.code == MPH_ERR_NO_HEAP && rc != MPH_ERR_NO_HEAP))
            first = tried;
    }
    return mph_fail_again(err, &first);
}

// --- tiers: an ELF ---

static bool is_all_zero(struct target *target, uint64_t address, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += 8) {
        uint8_t bytes[8], any = 0;
        size_t step = size - at < 8 ? (size_t)(size - at) : 8;

        if (target_read(target, address + at, bytes, step, NULL) < 0)
            return false;
        for (size_t i = 0; i < step; i++)
            any |= bytes[i];
        if (any)
            return false;
    }
    return true;
}

// The ELF's mp_state_ctx holds no area. Say which of the possible reasons it is.
static int explain_no_area(const struct layout *layout, struct target *target, uint64_t address,
                           uint64_t size, const struct firmware *firmware,
                           const struct layout_options *options, struct mph_err *err)
{
    struct area_match other;
    uint8_t byte;
    int rc = target_read(target, address, &byte, 1, err);

    if (rc < 0)
        return rc;
    if (is_all_zero(target, address, size))
        return mph_fail_at(err, MPH_ERR_NO_HEAP, address,
                           "heap: all zeros at 0x%llx: not initialised, or memory that reads as zeros",
                           (unsigned long long)address);
    if (search_ram(layout, target, options, &other, NULL) == 0)
        return mph_fail_at(err, MPH_ERR_WRONG_ELF, address,
                           "ELF: no heap area at 0x%llx, where it has one, but at 0x%llx (%s)",
                           (unsigned long long)address, (unsigned long long)other.address,
                           firmware->path);
    return mph_fail_at(err, MPH_ERR_NO_HEAP, address,
                       "heap: no valid heap area at 0x%llx (corrupt, or another firmware's ELF)",
                       (unsigned long long)address);
}

static int from_symbols(struct layout *layout, struct target *target,
                        const struct firmware *firmware, uint64_t ctx_size,
                        const struct layout_options *options, struct mph_err *err)
{
    struct range ctx = {layout->ctx, ctx_size ? ctx_size : WINDOW_BYTES};
    struct area_match area;
    int rc = find_head(target, layout->word_bytes, &ctx, 1, &area, NULL);

    layout->tier = TIER_SYMBOLS;
    if (rc == MPH_ERR_NO_HEAP)
        return explain_no_area(layout, target, ctx.address, ctx.size, firmware, options, err);
    if (rc < 0)
        return mph_fail(err, rc, "heap: the search in mp_state_ctx failed");

    bool is_split = area_leads_on(target, layout->word_bytes, &area);
    adopt_area(layout, &area, is_split);
    if (layout->version_number) {
        era_from_area(layout, &area);
        reconcile_version(layout);
        members_from_version(layout, target);
    } else {
        rc = learn_structures(layout, target, &area, err);
    }
    members_from_area(layout, &area, is_split);
    return rc;
}

// Whether the area that debug information leads to satisfies the invariants.
static bool check_area(struct layout *layout, struct target *target, struct area_match *ret)
{
    uint8_t words[AREA_WORDS_MAX * 8];
    uint64_t address = layout->area + (uint64_t)layout->members[MEMBER_AREA_TABLE].offset;

    return target_read(target, address, words, AREA_WORDS_MAX * layout->word_bytes, NULL) == 0 &&
           area_match_words(words, layout->word_bytes, layout->big_endian, address, ret);
}

static int from_dwarf(struct layout *layout, struct target *target, const struct firmware *firmware,
                      const struct layout_options *options, struct mph_err *err)
{
    struct area_match area;
    int rc = members_from_dwarf(layout, firmware, err);

    if (rc < 0)
        return rc;
    layout->tier = TIER_DWARF;
    layout->era_text = layout->era >= ERA_1_21   ? "1.21 or later"
                       : layout->era == ERA_1_10 ? "1.16 to 1.19"
                       : layout->era == ERA_1_20 ? "1.20"
                                                 : "1.8.1 to 1.15";
    layout->tables = (uint8_t)((layout->members[MEMBER_AREA_FINALISERS].how != HOW_UNKNOWN) +
                               (layout->members[MEMBER_AREA_WEAKREFS].how != HOW_UNKNOWN));
    reconcile_version(layout);
    if (!check_area(layout, target, &area))
        return explain_no_area(layout, target, layout->area, 6 * layout->word_bytes, firmware,
                               options, err);
    if (area.tables != layout->tables)
        layout_note(layout,
                    "heap: debug info has %u one-bit tables, the invariants say %u; debug info is used",
                    layout->tables, area.tables);
    layout->block_bytes = area.block_bytes;
    layout->block_how = HOW_MEASURED;
    layout->gap = area.gap;
    return 0;
}

// A version string in a dump that is not the ELF's is proof of a wrong ELF.
static int check_version(const struct layout *layout, const struct target *target,
                         const struct firmware *firmware, struct mph_err *err)
{
    struct layout dump = {0};

    if (!layout->version_number || !version_from_dump(&dump, target, firmware->path) ||
        !strcmp(dump.version, layout->version))
        return 0;
    return mph_fail(err, MPH_ERR_WRONG_ELF, "ELF: is of MicroPython %s, the memory of %s (%s)",
                    layout->version, dump.version, firmware->path);
}

static int from_firmware(struct layout *layout, struct target *target,
                         const struct firmware *firmware, const struct layout_options *options,
                         struct mph_err *err)
{
    const struct symbol *ctx = symbols_find(&firmware->symbols, "mp_state_ctx");

    version_from_elf(layout, firmware);
    int rc = check_version(layout, target, firmware, err);
    if (rc < 0)
        return rc;
    builtins_from_symbols(layout, firmware);
    if (!ctx) {
        layout_note(layout, "ELF: has no symbol mp_state_ctx; everything is found in memory (%s)",
                    firmware->path);
        return from_memory(layout, target, options, err);
    }
    layout->ctx = ctx->address;
    layout->ctx_how = HOW_SYMBOL;
    if (!firmware->dwarf)
        return from_symbols(layout, target, firmware, ctx->size, options, err);
    return from_dwarf(layout, target, firmware, options, err);
}

// --- all of it ---

int layout_init(struct layout *layout, struct target *target, const struct firmware *firmware,
                const struct layout_options *options, struct mph_err *err)
{
    *layout = (struct layout){.word_bytes = target->word_bytes,
                              .word_how = target->word_bytes ? HOW_SYMBOL : HOW_UNKNOWN,
                              .big_endian = target->big_endian,
                              .era_text = era_name(ERA_UNKNOWN),
                              .notes = VEC_OF(struct layout_note)};

    int rc = firmware ? from_firmware(layout, target, firmware, options, err)
                      : from_memory_any_word(layout, target, options, err);
    if (rc < 0)
        layout_deinit(layout);
    return rc;
}

void layout_deinit(struct layout *layout)
{
    vec_deinit(&layout->notes);
}
