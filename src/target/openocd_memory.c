// SPDX-License-Identifier: MIT
#include "target/openocd_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/openocd_cursor.h"

enum {
    WORD = CURSOR_WORD,
    DUMP_LEAST = 16 * 1024 / WORD, // words from which a file pays off
};

// Longest spellings: "0xffffffff80000000 " for a word whose sign was extended
// to 64 bits, with room to spare, and "0x20000000: " once every eight by mdw.
enum { WORD_TEXT = 24, RUN_TEXT = 32, ANSWER_TEXT = 64 * 1024 };

// A script stays under the 64 KB a line of the Tcl port may have (tcl_server.c
// TCL_LINE_MAX, v0.12) at 26 bytes a run; read_memory takes 64 K words.
static const struct portion FIRST_WORDS = {1024, 64, 64 * 1024};
static const struct portion FIRST_RUNS = {64, 8, 2048};
static const struct portion FIRST_DUMP = {DUMP_LEAST, DUMP_LEAST, 1024 * 1024};

// Before anything is measured: 100 KB/s, a middling probe.
static const double FIRST_WORD_SECONDS = 40e-6;

// A run that costs less than this is not worth reading what nobody asked for.
static const double DEAR_RUN_SECONDS = 500e-6;

enum {
    MOST_GAP = 512 / WORD, // words
    RUN_SAMPLES = 2,       // portions measured before reads may be called dear
};

void openocd_memory_init(struct openocd_memory *ret, struct tcl_port *port, const char *target,
                         bool big_endian, bool has_read_memory)
{
    *ret = (struct openocd_memory){
        .port = port,
        .target = target,
        .big_endian = big_endian,
        .has_read_memory = has_read_memory,
        .has_dump = true,
        .words = FIRST_WORDS,
        .runs = FIRST_RUNS,
        .dump_words = FIRST_DUMP,
        .word_seconds = FIRST_WORD_SECONDS,
    };
}

// Learn from a portion of full size that took `seconds`.
static void portion_adapt(struct portion *portion, double seconds)
{
    const double wanted_seconds = 0.2;
    double factor = seconds * 8 < wanted_seconds ? 8 : wanted_seconds / seconds;

    portion->limit = (size_t)((double)portion->limit * factor);
    if (portion->limit > portion->most)
        portion->limit = portion->most;
    if (portion->limit < portion->least)
        portion->limit = portion->least;
}

// --- gathering runs of words in one script ---

struct gather {
    struct openocd_run *runs;
    size_t count;
    size_t words; // in all runs
};

static bool wants_dump(const struct openocd_memory *memory, const struct cursor *cursor)
{
    return memory->has_dump && tcl_port_is_shared(memory->port) &&
           cursor_left(cursor) >= DUMP_LEAST;
}

// How many words nobody asked for are cheaper than another run.
static size_t gap_words(const struct openocd_memory *memory)
{
    double words = memory->run_seconds / memory->word_seconds;

    if (memory->run_samples < RUN_SAMPLES || memory->run_seconds < DEAR_RUN_SECONDS)
        return 0;
    return words < MOST_GAP ? (size_t)words : MOST_GAP;
}

// Words between the end of a run and the cursor that are better read than left
// out. False where the cursor needs a run of its own.
static bool can_merge(const struct openocd_memory *memory, const struct openocd_run *run,
                      const struct cursor *cursor, size_t *gap)
{
    uint64_t end = run->address + (uint64_t)WORD * run->count;
    uint64_t address = cursor_address(cursor);

    if (cursor->index < cursor->apart || address < end ||
        (address - end) / WORD > gap_words(memory))
        return false;
    *gap = (size_t)((address - end) / WORD);
    return true;
}

// Choose the runs of the next script. Only the last may end before its read does.
static void gather_plan(struct gather *gather, const struct openocd_memory *memory,
                        struct cursor cursor, uint32_t *words)
{
    gather->count = gather->words = 0;
    while (!cursor_at_end(&cursor) && gather->words < memory->words.limit) {
        size_t room = memory->words.limit - gather->words;
        size_t left = cursor_left(&cursor), gap = 0;
        struct openocd_run *run = gather->count ? &gather->runs[gather->count - 1] : NULL;

        if (run && wants_dump(memory, &cursor))
            return;
        if (!run || !can_merge(memory, run, &cursor, &gap) || gap >= room) {
            if (gather->count == memory->runs.limit)
                return;
            run = &gather->runs[gather->count++];
            *run = (struct openocd_run){cursor_address(&cursor), 0, words + gather->words, false};
            gap = 0;
        }
        size_t take = left < room - gap ? left : room - gap;
        run->count += gap + take;
        gather->words += gap + take;
        cursor_advance(&cursor, take);
    }
}

// Memory that refuses is no news for OpenOCD's log, which would tell it line by line,
// to a GDB in `continue` too; its messages are off meanwhile, unless it is being debugged.
static void gather_script(struct text *script, const struct openocd_memory *memory,
                          const struct gather *gather)
{
    text_puts(script, "set mph_l [lindex [debug_level] end];"
                      " if {$mph_l < 3} {debug_level -1};"
                      " set mph_o {}; foreach {mph_a mph_n} {");
    for (size_t i = 0; i < gather->count; i++)
        text_printf(script, " 0x%llx %zu", (unsigned long long)gather->runs[i].address,
                    gather->runs[i].count);
    text_puts(script, "} {if {[catch {");
    if (memory->has_read_memory)
        text_printf(script, "%s read_memory $mph_a 32 $mph_n", memory->target);
    else
        text_printf(script, "capture {%s mdw $mph_a $mph_n}", memory->target);
    text_puts(script, "} mph_v]} {append mph_o {!;}} else {append mph_o $mph_v {;}}};"
                      " debug_level $mph_l; lindex [list $mph_o [unset mph_l mph_o mph_v]] 0");
}

static int gather_ask(const struct gather *gather, const struct openocd_memory *memory,
                      struct mph_err *err)
{
    size_t limit = gather->words * WORD_TEXT + gather->count * RUN_TEXT + ANSWER_TEXT;
    struct tcl_result result;
    struct text script;

    text_init(&script, NULL);
    gather_script(&script, memory, gather);
    int rc = tcl_port_eval(memory->port, &script, limit, &result, err);
    text_deinit(&script);
    if (rc < 0)
        return rc;
    if (result.code != 0)
        return tcl_port_fail(memory->port, err, "cannot read memory", result.text, result.len);

    bool fits = memory->has_read_memory
                    ? openocd_reply_words(result.text, result.len, gather->runs, gather->count)
                    : openocd_reply_mdw(result.text, result.len, gather->runs, gather->count);
    return fits ? 0
                : tcl_port_fail(memory->port, err, "an answer does not hold the memory asked for",
                                result.text, result.len);
}

// Hand the words of a run to the reads it was made for.
static void run_deliver(const struct openocd_run *run, bool big_endian, struct cursor *cursor)
{
    uint64_t at;

    while (!cursor_at_end(cursor) && (at = cursor_address(cursor)) >= run->address &&
           (at - run->address) / WORD < run->count) {
        size_t first = (size_t)((at - run->address) / WORD), left = cursor_left(cursor);
        size_t take = left < run->count - first ? left : run->count - first;

        for (size_t w = 0; w < take; w++) {
            uint8_t bytes[WORD];

            bytes_put(bytes, WORD, big_endian, run->words[first + w]);
            cursor_deliver(cursor, w, bytes);
        }
        cursor_advance(cursor, take);
    }
}

// A refused run that was merged says nothing about the reads in it: they are
// asked for again one by one, and what came behind it with them.
static bool run_refuse(const struct openocd_run *run, struct cursor *cursor)
{
    uint64_t end = run->address + (uint64_t)WORD * run->count;
    size_t index = cursor->index;

    if (run->count <= cursor_left(cursor)) {
        cursor_refuse(cursor);
        return true;
    }
    while (index < cursor->count && cursor_first_word(&cursor->reads[index]) < end)
        index++;
    cursor->apart = index;
    return false;
}

static void gather_deliver(const struct gather *gather, struct openocd_memory *memory,
                           struct cursor *cursor)
{
    for (size_t i = 0; i < gather->count; i++) {
        const struct openocd_run *run = &gather->runs[i];

        if (run->refused) {
            if (!run_refuse(run, cursor))
                return;
            continue;
        }
        run_deliver(run, memory->big_endian, cursor);
        memory->has_answered = true;
        memory->answered = run->address;
        memory->port->stats->pieces++;
        memory->port->stats->bytes += (uint64_t)WORD * run->count;
    }
}

// Whichever limit was reached is the one to blame, or to raise. Long runs say
// what a word costs, many short ones what a run costs.
static void gather_adapt(const struct gather *gather, struct openocd_memory *memory, double seconds)
{
    if (gather->words == memory->words.limit)
        portion_adapt(&memory->words, seconds);
    if (gather->count == memory->runs.limit)
        portion_adapt(&memory->runs, seconds);

    if (gather->words >= 64 * gather->count) {
        memory->word_seconds = seconds / (double)gather->words;
    } else if (gather->count >= memory->runs.least) {
        double words = memory->word_seconds * (double)gather->words;
        double run = (seconds - words) / (double)gather->count;

        // The least so far: one pause of the host must not make reads look dear.
        if (!memory->run_samples++ || run < memory->run_seconds)
            memory->run_seconds = run;
    }
}

static bool is_all_refused(const struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++)
        if (!gather->runs[i].refused)
            return false;
    return true;
}

// OpenOCD reports a probe that has fallen silent, or a board without power, as memory that
// cannot be read. What was read before tells the two apart.
static int check_alive(const struct openocd_memory *memory, struct mph_err *err)
{
    uint32_t word;
    struct openocd_run run = {memory->answered, 1, &word, false};
    struct gather gather = {&run, 1, 1};
    int rc = memory->has_answered ? gather_ask(&gather, memory, err) : 0;

    if (rc < 0 || !memory->has_answered || !run.refused)
        return rc;
    return mph_fail(
        err, MPH_ERR_LINK, "openocd: %s does not answer any more: 0x%llx was read before (%s)",
        memory->target, (unsigned long long)memory->answered, memory->port->stream.peer);
}

static int read_gather(struct openocd_memory *memory, struct cursor *cursor, struct mph_err *err)
{
    struct gather gather = {.runs = calloc(memory->runs.limit, sizeof *gather.runs)};
    uint32_t *words = malloc(memory->words.limit * sizeof *words);
    int rc = gather.runs && words ? 0 : mph_fail_no_memory(err);

    if (rc == 0) {
        double start = stream_now();

        gather_plan(&gather, memory, *cursor, words);
        rc = gather_ask(&gather, memory, err);
        gather_adapt(&gather, memory, stream_now() - start);
    }
    if (rc == 0 && is_all_refused(&gather))
        rc = check_alive(memory, err);
    if (rc == 0)
        gather_deliver(&gather, memory, cursor);
    free(words);
    free(gather.runs);
    return rc;
}

// --- long runs through a file ---

void openocd_with_target(struct text *script, const char *target, const struct text *command)
{
    text_printf(script, "set mph_c [target current]; targets %s; set mph_e [catch {", target);
    text_add(script, command->bytes, command->len);
    text_puts(script, "} mph_v]; targets $mph_c; list $mph_e $mph_v");
    if (command->failed)
        script->failed = command->failed;
}

// Have OpenOCD write the memory to a file. *ret: whether it said it did.
static int dump_ask(const struct openocd_memory *memory, uint64_t address, size_t words, bool *ret,
                    struct mph_err *err)
{
    struct text command, script;
    struct tcl_result result, outcome;

    text_init(&command, NULL);
    text_puts(&command, "dump_image ");
    tcl_quote_data_file(&command, memory->port);
    text_printf(&command, " 0x%llx %zu", (unsigned long long)address, words * WORD);
    text_init(&script, NULL);
    openocd_with_target(&script, memory->target, &command);
    int rc = tcl_port_eval(memory->port, &script, ANSWER_TEXT, &result, err);
    if (rc == 0)
        *ret = result.code == 0 && tcl_result_parse(result.text, result.len, &outcome) &&
               outcome.code == 0;
    text_deinit(&script);
    text_deinit(&command);
    return rc;
}

// One portion of the read at the cursor. Where that fails, the usual way says
// whether the memory or the file was to blame.
static int read_dump(struct openocd_memory *memory, struct cursor *cursor, struct mph_err *err)
{
    size_t left = cursor_left(cursor), limit = memory->dump_words.limit;
    size_t words = left < limit ? left : limit;
    uint8_t *bytes = malloc(words * WORD);
    bool said = false;
    double start = stream_now();

    if (!bytes)
        return mph_fail_no_memory(err);
    int rc = dump_ask(memory, cursor_address(cursor), words, &said, err);
    if (rc == 0 && tcl_port_take_data(memory->port, bytes, words * WORD) && said) {
        if (words == limit)
            portion_adapt(&memory->dump_words, stream_now() - start);
        for (size_t w = 0; w < words; w++)
            cursor_deliver(cursor, w, bytes + w * WORD);
        memory->port->stats->pieces++;
        memory->port->stats->bytes += (uint64_t)WORD * words;
        cursor_advance(cursor, words);
    } else if (rc == 0) {
        size_t index = cursor->index;

        rc = read_gather(memory, cursor, err);
        if (rc == 0 && cursor->reads[index].status == 0)
            memory->has_dump = false;
    }
    free(bytes);
    return rc;
}

int openocd_memory_read(struct openocd_memory *memory, struct link_read *reads, size_t count,
                        struct mph_err *err)
{
    struct cursor cursor = {.reads = reads, .count = count};
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        reads[i].status = 0;
    while (rc == 0 && !cursor_at_end(&cursor))
        rc = wants_dump(memory, &cursor) ? read_dump(memory, &cursor, err)
                                         : read_gather(memory, &cursor, err);
    return rc;
}
