// SPDX-License-Identifier: MIT
// What bounds memory, from three sides: the linker, the running board, the chip. First all
// facts are gathered (bounds_linker.c, bounds_live.c, bounds_chip.c, bounds_mpu.c), then they are
// judged against each other (bounds_judge*.c, which see neither target nor ELF), then written.
//
// To add a verdict: a function in one of bounds_judge_*.c, called from its bounds_judge_ENTRY.
#ifndef MPH_REPORT_BOUNDS_H
#define MPH_REPORT_BOUNDS_H

#include "base/extent.h"
#include "base/vec.h"
#include "cpu/mpu.h"
#include "report/report.h"

enum {
    BOUNDS_SLACK = 1024,        // unused bytes that are worth a verdict
    BOUNDS_STACK = 16 << 10,    // what MicroPython's stm32 scripts leave for a stack
    BOUNDS_STACK_MARGIN = 1024, // ports keep this back from the limit that Python sees
    BOUNDS_NAME_MAX = 96,
};

struct bounds_options {
    const char *problem; // what is wrong with them, or NULL
    const char *chip;    // of --chip
    const char *map, *ld;
    uint64_t slack, stack; // bytes; 0: the default, unless has_slack
    bool has_slack, has_stack;
    bool is_offline, wants_probe;
    uint64_t probe_first, probe_last;
    bool has_probe_range;
};

// Memory with a name.
struct named_extent {
    struct extent extent;
    char name[BOUNDS_NAME_MAX];
};

// Two symbols of the linker, or the array that is the heap.
struct bounds_pair {
    bool has_start, has_end; // which of the two there are
    uint64_t start, end;     // `end` is the first address that does not belong to it
    char start_name[BOUNDS_NAME_MAX], end_name[BOUNDS_NAME_MAX];
    bool is_array;    // in C: start_name is its name
    bool is_unlisted; // nobody has listed these symbols: they equal what the board has
};

// An area of the live heap.
struct bounds_area {
    struct extent whole; // with its tables
    uint64_t table_bytes, pool_bytes, slack_bytes;
    uint32_t block_bytes;
};

// Where it is said that there is RAM, the most trusted first.
enum ram_source { RAM_GIVEN, RAM_NAMED, RAM_IDENTIFIED, RAM_PROBED, RAM_SOURCES };

struct bounds_bank {
    struct extent extent;
    enum ram_source source;
    char name[BOUNDS_NAME_MAX];
};

struct bounds_stack {
    bool has_top, has_limit, has_sp;
    uint64_t top, limit; // of mp_state_ctx; `limit` is a number of bytes
    uint64_t sp;
    bool has_deepest; // below that address the stack still holds what it was filled with
    uint64_t deepest, fill;
    bool is_only_one; // a Cortex-M that has no process stack: there is no other thread
    bool is_threads;  // a Cortex-M on its process stack: this may be any thread's
};

enum verdict_level {
    VERDICT_WRONG,  // it will break, or has
    VERDICT_UNUSED, // RAM that nothing uses, at least as much as --slack
    VERDICT_UNSURE, // what cannot be told, or may be as it should
    VERDICT_SPARE,  // RAM apart from the heap's that nothing uses
    VERDICT_RIGHT,  // what agrees
    VERDICT_LEVELS
};

struct verdict {
    enum verdict_level level;
    char text[320];   // a sentence without a full stop
    char change[200]; // what to change, or ""
    uint64_t bytes;   // that it is about; 0: none in particular
    size_t order;     // in which it was added
};

// A row of the table.
enum row_kind {
    ROW_RAM,
    ROW_REGION,
    ROW_SECTION,
    ROW_RESERVED,
    ROW_MPU,
    ROW_HEAP,
    ROW_STACK,
    ROW_GAP,
    ROW_SYMBOL,
    ROW_LIVE
};

struct bounds_row {
    enum row_kind kind;
    struct extent extent; // of a point: first and last are that address
    bool is_point;
    char name[2 * BOUNDS_NAME_MAX];
};

struct bounds {
    uint64_t slack, stack_bytes; // what the options say
    bool is_stack_given;         // stack_bytes is the user's

    // the linker
    bool has_linker; // there are symbols
    struct bounds_pair heap, stack, ram;
    struct vec sections;  // of struct named_extent: what the program has in RAM
    struct vec constants; // the same: read-only ones, which lie in RAM on some boards
    struct vec reserved;  // the same: set apart from both
    struct vec regions;   // the same: of --map and --ld, without read-only ones
    struct vec symbols;   // of struct named_extent: every bound the ELF has, as a point

    // the board
    bool is_live;
    char no_heap[320]; // why there are no areas, or ""
    struct vec areas;  // of struct bounds_area
    bool is_elsewhere; // the stack pointer lies in a block of the heap: another thread's stack
    struct bounds_stack live_stack;
    struct vec registers; // of struct named_extent: what it says of its stack, as points
    struct mpu mpu;       // without a region_count there is none, or none that can be read

    // the chip
    struct vec banks;           // of struct bounds_bank
    struct extent probed;       // where --probe-ram has looked: elsewhere it knows nothing
    char chip[BOUNDS_NAME_MAX]; // what it is, or ""
    uint64_t flash_bytes;       // of that chip; 0: not known
    bool is_assumed; // it does not say all of its RAM: banks of RAM_IDENTIFIED may differ

    // the outcome
    struct vec verdicts; // of struct verdict, worst first after bounds_judge
    struct vec rows;     // of struct bounds_row, in rising order after bounds_lay_out
};

void bounds_init(struct bounds *bounds);
void bounds_deinit(struct bounds *bounds);

// --- gathering; what is not there is no error ---

int bounds_gather_live(struct bounds *bounds, struct session *session, struct mph_err *err);
int bounds_gather_linker(struct bounds *bounds, const struct session *session, struct mph_err *err);
int bounds_gather_files(struct bounds *bounds, const struct bounds_options *options,
                        struct session *session, struct mph_err *err);
int bounds_gather_chip(struct bounds *bounds, const struct bounds_options *options,
                       struct session *session, struct mph_err *err);

// RAM as reading finds it, around all that is known to lie in some.
int bounds_probe(struct bounds *bounds, const struct bounds_options *options,
                 struct session *session, struct mph_err *err);

// How deep the stack has been, if its lowest words show; after the linker is known.
int bounds_gather_depth(struct bounds *bounds, struct session *session, struct mph_err *err);

// The memory protection unit.
int bounds_gather_mpu(struct bounds *bounds, struct session *session, struct mph_err *err);

// Add to a list of struct named_extent.
int bounds_name(struct vec *list, struct extent extent, struct mph_err *err, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

// Add to bounds->banks.
int bounds_add_bank(struct bounds *bounds, struct extent extent, enum ram_source source,
                    struct mph_err *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// Say something once.
void verdict_add(struct bounds *bounds, enum verdict_level level, uint64_t bytes,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

// What to change about what was said last.
void verdict_change(struct bounds *bounds, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// --- what follows from the facts ---

// Where the heap is: its first area, else what the linker gives it.
bool bounds_heap(const struct bounds *bounds, struct extent *ret);

// The area that a pair of symbols is about: the first that has something in common with it, else
// the first; NULL: there are none.
const struct bounds_area *bounds_area_in(const struct bounds *bounds, struct extent pair);

// The stack as far as it needs room: from the linker, the board, or --stack.
bool bounds_stack(const struct bounds *bounds, struct extent *ret);

// The most trusted source of banks there is; RAM_SOURCES: none.
enum ram_source bounds_trusted(const struct bounds *bounds);

// Whether even that one has assumed what it says.
bool bounds_are_assumed(const struct bounds *bounds);

// The trusted bank that holds an address; NULL: none.
const struct bounds_bank *bounds_bank_at(const struct bounds *bounds, uint64_t address);

// The end of a range for people: the first address behind it.
void bounds_add_end(struct text *text, struct extent extent);

// --- judging and laying out ---

void bounds_judge_heap(struct bounds *bounds);
void bounds_judge_stack(struct bounds *bounds);
void bounds_judge_ram(struct bounds *bounds);
void bounds_judge_mpu(struct bounds *bounds);

// Add what the MPU protects, as struct named_extent.
int bounds_list_protected(const struct bounds *bounds, struct vec *ret, struct mph_err *err);

// All rows, with the gaps between them, and the verdicts about gaps.
int bounds_lay_out(struct bounds *bounds, struct mph_err *err);

// All of the above; verdicts are sorted, worst and largest first.
int bounds_judge(struct bounds *bounds, struct mph_err *err);

// Whether there is reason for exit status 1.
bool bounds_are_wrong(const struct bounds *bounds);

// --- writing ---

const char *verdict_level_name(enum verdict_level level);
const char *row_kind_name(enum row_kind kind);
void bounds_write(const struct bounds *bounds, struct text *text);
json_t *bounds_json(const struct bounds *bounds); // NULL: out of memory

#endif
