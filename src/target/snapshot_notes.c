// SPDX-License-Identifier: MIT
#include "target/snapshot_notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "target/own_note.h"
#include "target/prstatus.h"

// --- one note ---

static void add_uint(struct text *text, bool big_endian, uint32_t value)
{
    uint8_t bytes[4];

    bytes_put(bytes, sizeof bytes, big_endian, value);
    text_add(text, (const char *)bytes, sizeof bytes);
}

static void add_padded(struct text *text, const void *bytes, size_t size)
{
    static const char zeros[4];

    text_add(text, bytes, size);
    text_add(text, zeros, (4 - size % 4) % 4);
}

static void add_note(struct text *text, const struct target *target, const char *name,
                     uint32_t type, const void *bytes, size_t size)
{
    add_uint(text, target->big_endian, (uint32_t)strlen(name) + 1);
    add_uint(text, target->big_endian, (uint32_t)size);
    add_uint(text, target->big_endian, type);
    add_padded(text, name, strlen(name) + 1);
    add_padded(text, bytes, size);
}

// --- for every debugger ---

// GDB takes a core of EM_ARM for an M-profile one, with xPSR and Thumb code, when
// a note of this name and type (gdb/corelow.c NT_GDB_TDESC) describes it so.
enum { NT_GDB_TDESC = 0xff000000 };

static const char m_profile[] =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
    "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"r2\" bitsize=\"32\"/><reg name=\"r3\" bitsize=\"32\"/>"
    "<reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
    "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/>"
    "<reg name=\"r8\" bitsize=\"32\"/><reg name=\"r9\" bitsize=\"32\"/>"
    "<reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
    "<reg name=\"r12\" bitsize=\"32\"/><reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
    "<reg name=\"xpsr\" bitsize=\"32\" regnum=\"25\"/></feature></target>";

static int add_thread(struct text *text, const struct target *target,
                      const struct prstatus_layout *layout, const struct regs *regs,
                      uint32_t number, struct mph_err *err)
{
    uint8_t *bytes = malloc(layout->size);

    if (!bytes)
        return mph_fail_no_memory(err);
    prstatus_encode(layout, regs, number, target->big_endian, bytes);
    add_note(text, target, "CORE", NT_PRSTATUS, bytes, layout->size);
    free(bytes);
    return 0;
}

// The thread that was current comes first: debuggers select it.
static int add_threads(struct text *text, const struct target *target, uint8_t word_bytes,
                       struct mph_err *err)
{
    const struct prstatus_layout *layout = prstatus_find(target->machine, word_bytes);
    uint64_t xpsr;

    if (!layout || !target->regs.count)
        return 0;
    int rc = add_thread(text, target, layout, &target->regs, 1, err);
    for (size_t i = 0; rc == 0 && i < target->threads.len; i++)
        rc = add_thread(text, target, layout, vec_at(&target->threads, i), (uint32_t)i + 2, err);
    if (rc == 0 && target->machine == EM_ARM && regs_get(&target->regs, "xpsr", &xpsr))
        add_note(text, target, "GDB", NT_GDB_TDESC, m_profile, sizeof m_profile);
    return rc;
}

// Where a process was loaded, by the run-time address of its entry point: what readers need to
// find a position independent program's variables.
static void add_entry(struct text *text, const struct target *target, uint8_t word_bytes)
{
    const uint64_t words[] = {AT_ENTRY, target->entry, AT_NULL, 0};
    enum { WORDS = sizeof words / sizeof *words };
    uint8_t bytes[WORDS * sizeof(uint64_t)];

    if (!target->entry)
        return;
    for (size_t i = 0; i < WORDS; i++)
        bytes_put(bytes + i * word_bytes, word_bytes, target->big_endian, words[i]);
    add_note(text, target, "CORE", NT_AUXV, bytes, WORDS * (size_t)word_bytes);
}

// --- our own ---

static int refused_ranges(const struct target *target, struct vec *ranges, struct mph_err *err)
{
    for (size_t i = 0; i < target->refused.len; i++) {
        struct range *range = vec_add(ranges);

        if (!range)
            return mph_fail_no_memory(err);
        *range = *(struct range *)vec_at(&target->refused, i);
    }
    return target->cache ? cache_list_refused(target->cache, ranges, err) : 0;
}

// A note of lines; without any there is none.
static int add_lines(struct text *text, const struct target *target, enum own_note type,
                     struct text *lines, struct mph_err *err)
{
    int rc = lines->failed ? mph_fail_no_memory(err) : 0;

    if (rc == 0 && lines->len)
        add_note(text, target, OWN_NOTE_NAME, type, lines->bytes, lines->len);
    text_deinit(lines);
    return rc;
}

static int add_own(struct text *text, const struct target *target, struct mph_err *err)
{
    struct vec refused = VEC_OF(struct range);
    struct text lines;

    text_init(&lines, NULL);
    own_note_add_registers(&target->regs, &lines);
    int rc = add_lines(text, target, OWN_NOTE_REGISTERS, &lines, err);
    if (rc == 0)
        rc = refused_ranges(target, &refused, err);
    if (rc == 0) {
        own_note_add_ranges(&refused, &lines);
        rc = add_lines(text, target, OWN_NOTE_REFUSED, &lines, err);
    }
    vec_deinit(&refused);
    return rc;
}

int snapshot_notes(const struct target *target, uint8_t word_bytes, struct text *ret,
                   struct mph_err *err)
{
    text_init(ret, NULL);
    int rc = add_threads(ret, target, word_bytes, err);
    add_entry(ret, target, word_bytes);
    if (rc == 0)
        rc = add_own(ret, target, err);
    return rc == 0 && ret->failed ? mph_fail_no_memory(err) : rc;
}
