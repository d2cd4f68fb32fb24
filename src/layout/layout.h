// SPDX-License-Identifier: MIT
// Where everything is in one firmware: resolved once, constant afterwards. Each
// value remembers how it was learned.
#ifndef MPH_LAYOUT_LAYOUT_H
#define MPH_LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "elf/firmware.h"
#include "layout/qstr.h"
#include "target/target.h"

enum how {
    HOW_UNKNOWN,
    HOW_TARGET,   // the link, or the header of a core or of the ELF
    HOW_DWARF,    // the firmware's debug information
    HOW_SYMBOL,   // the firmware's symbol table
    HOW_MEASURED, // found in memory by an invariant
    HOW_ERA,      // the eras table, for the era that the evidence points to
    HOW_VERSION,  // the firmware's version string
};

// Members of mp_state_ctx, and of a heap area; presence decides what a firmware
// has. The names for people are in layout_member_name.
enum member {
    // offsets from mp_state_ctx
    MEMBER_STACK_TOP,
    MEMBER_STACK_LIMIT,
    MEMBER_LOCK_DEPTH,
    MEMBER_DICT_LOCALS,
    MEMBER_LAST_POOL,
    MEMBER_OVERFLOW,
    MEMBER_AUTO_COLLECT,
    MEMBER_PENDING,
    MEMBER_SCHED_STATE,
    MEMBER_SCHED_LEN,
    MEMBER_SCHED_QUEUE,
    // offsets from the area structure
    MEMBER_AREA_NEXT,
    MEMBER_AREA_TABLE,
    MEMBER_AREA_TABLE_BYTES,
    MEMBER_AREA_FINALISERS,
    MEMBER_AREA_WEAKREFS,
    MEMBER_AREA_POOL_START,
    MEMBER_AREA_POOL_END,
    MEMBER_AREA_LAST_FREE,
    MEMBER_AREA_LAST_USED,
    MEMBER_COUNT
};

struct member_at {
    enum how how; // HOW_UNKNOWN: this firmware has no such member, or it is not known
    int64_t offset;
    uint8_t size; // bytes; 0: more than fit here
};

// The types that have a letter in mem_info(1), in the order of section 3.4 of
// docs/heap-format.md.
enum builtin {
    BUILTIN_TUPLE,
    BUILTIN_LIST,
    BUILTIN_DICT,
    BUILTIN_STR,
    BUILTIN_BYTES,
    BUILTIN_BYTEARRAY,
    BUILTIN_ARRAY,
    BUILTIN_FLOAT,
    BUILTIN_FUNCTION,
    BUILTIN_MODULE,
    BUILTIN_COUNT
};

enum tier { TIER_MEMORY, TIER_SYMBOLS, TIER_DWARF };

// Eras of the structures, by the first release that has them.
enum era {
    ERA_UNKNOWN,
    ERA_1_8,   // mem_info prints 't' for tails and knows neither S nor A
    ERA_1_8_1, // to 1.9.4: type names are whole words
    ERA_1_10,  // to 1.18: 16-bit type names, text of qstrs behind their hash
    ERA_1_19,  // qstr lengths and hashes in arrays of their own
    ERA_1_20,  // area structure, slot types, gap byte
    ERA_1_21,  // last used block
    ERA_1_22,  // two pools of static qstrs
};

enum type_form { TYPE_FORM_UNKNOWN, TYPE_WORD_NAME, TYPE_HALF_NAME, TYPE_SLOTS };

struct layout {
    enum tier tier;
    uint8_t word_bytes;
    enum how word_how;
    bool big_endian;
    uint16_t block_bytes;
    enum how block_how;
    uint8_t tables; // 1-bit-per-block tables behind the allocation table: 0, 1 or 2
    uint8_t gap;    // bytes between the allocation table and the next one: 0 or 1

    uint64_t ctx; // mp_state_ctx; 0 where only parts of it were found
    enum how ctx_how;
    uint64_t area; // the first area structure
    enum how area_how;
    struct member_at members[MEMBER_COUNT];

    enum era era;
    enum how era_how;
    const char *era_text; // the span of releases that fit, e.g. "1.8.1 to 1.9.4"
    char version[96];     // the firmware's own version string, "" if none was found
    enum how version_how;
    int version_number; // major * 10000 + minor * 100 + patch, 0 not known

    uint64_t metatype; // mp_type_type; 0 not known
    enum how metatype_how;
    enum type_form type_form;
    struct qstrs qstrs;
    enum how qstrs_how;
    enum repr repr;
    enum how repr_how;
    uint64_t builtins[BUILTIN_COUNT]; // addresses; 0 not known (or the firmware has none)
    enum how builtins_how;
    bool builtins_by_name; // found lazily, by builtin_by_name in types.h

    struct vec notes; // of struct note: disagreements and what was not found
};

struct layout_options {
    const struct range *ram; // where RAM is, by --ram; may be empty
    size_t ram_count;
    bool wants_version; // search flash for the version string where it costs reads
};

// Resolve the layout of the firmware in `target`. `firmware` may be NULL: then
// everything is found in memory. MPH_ERR_NO_HEAP, MPH_ERR_AMBIGUOUS and
// MPH_ERR_WRONG_ELF say why there is none.
int layout_init(struct layout *layout, struct target *target, const struct firmware *firmware,
                const struct layout_options *options, struct mph_err *err);
void layout_deinit(struct layout *layout);

// Learn what objects need: qstr pools, metatype, representation. Without an ELF
// layout_init has done it; with one it is a second witness that costs reads, so
// only those who print it ask. What is not found is left unknown and noted.
int layout_learn_objects(struct layout *layout, struct target *target, struct mph_err *err);

// A pointer-sized word at an address.
int layout_read_word(const struct layout *layout, struct target *target, uint64_t address,
                     uint64_t *ret, struct mph_err *err);

// A member of mp_state_ctx as a number. False when the firmware has none, its
// place is not known, or it cannot be read.
bool layout_read_member(const struct layout *layout, struct target *target, enum member member,
                        uint64_t *ret);

// Bytes of an area structure, up to the end of its last known member.
uint64_t layout_area_bytes(const struct layout *layout);

// Words for people.
const char *how_name(enum how how);
const char *tier_name(enum tier tier);
const char *member_name(enum member member);
const char *builtin_name(enum builtin builtin);

#endif
