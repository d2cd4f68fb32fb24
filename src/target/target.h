// SPDX-License-Identifier: MIT
// A target: its memory, its registers, whether it runs. Everything to the right
// in the pipeline sees the board through this header only. There is no function
// that writes to a target's memory or resets it.
#ifndef MPH_TARGET_TARGET_H
#define MPH_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"
#include "base/vec.h"
#include "target/cache.h"
#include "target/link.h"
#include "target/regs.h"
#include "target/space.h"

enum { TARGET_THREADS_MAX = 1024 }; // of a core that are read

struct target {
    struct space space;
    struct regs regs;     // known registers: from the link, a core, or --reg
    enum run_state state; // at the moment the target was opened
    bool was_running;     // halted by us under --halt
    struct link link;     // ops == NULL for a dump
    struct cache *cache;  // in front of the link
    struct vec mappings;  // files in memory, to be unmapped
    struct vec notes;     // of struct note: what was missing in the input
    struct vec refused;   // of struct range: where a core's board was asked and did not answer
    struct vec threads;   // of struct regs: the program's other threads, from a debugger or a core
    uint64_t entry;       // run-time entry point of a core's program; 0 not known
    uint16_t machine;     // ELF e_machine of a core or firmware; 0 not known
    uint8_t word_bytes;   // 4 or 8 where a file says so; 0 not known
    bool big_endian;      // meaningful where word_bytes is known
};

void target_init(struct target *target);

// Resume what was halted under --halt, close the link, unmap the files.
void target_deinit(struct target *target);

// --- opening: each adds segments in front of those already there ---

// Raw bytes of a file at an address.
int target_add_image(struct target *target, const char *path, uint64_t address,
                     struct mph_err *err);

// An Intel HEX file (record types 0 to 5).
int target_add_hex(struct target *target, const char *path, struct mph_err *err);

// The read-only loadable bytes of a firmware's ELF: flash as it was programmed.
// Initial contents of writable sections are not taken: RAM has moved on.
int target_add_elf(struct target *target, const char *path, struct mph_err *err);

// An ELF core: memory, and the registers of its first thread: as our own note has them,
// else as NT_PRSTATUS does; and those of its other threads. Bytes a core leaves out (p_memsz beyond
// p_filesz) stay unreadable. Files of ESP-IDF that hold a core in another form are told from
// garbage.
int target_add_core(struct target *target, const char *path, struct mph_err *err);

// What our own notes in a core say, and nothing else: for a debugger that has opened it and
// lends its memory. A file that is no such core adds nothing.
void target_add_core_notes(struct target *target, const char *path);

// Take over an open link as the memory behind all segments, ask it for its
// state and, if it is halted, its registers. With `may_halt`, a running target
// is halted now and resumed by target_deinit.
int target_add_link(struct target *target, const struct link *link, bool may_halt,
                    struct mph_err *err);

// --- reading ---

int target_read(struct target *target, uint64_t address, void *bytes, size_t size,
                struct mph_err *err);

// An unsigned integer of `size` bytes (1 to 8) in the target's byte order.
int target_read_uint(struct target *target, uint64_t address, size_t size, uint64_t *ret,
                     struct mph_err *err);

// Declare what will be read; see cache.h. Costs nothing where all is at hand.
int target_fetch(struct target *target, const struct range *ranges, size_t count,
                 struct mph_err *err);

// The next read of this range crosses the link again.
void target_forget(struct target *target, uint64_t address, uint64_t size);

// All that came over the link is read again when it is wanted: the target has run since.
void target_forget_all(struct target *target);

// Read this over the link now, one after the other in the order given and with as few requests
// as that takes. Nothing of it is kept for target_read. Without a link: as target_read.
// MPH_ERR_READ with the first address of a read that the target refuses.
int target_read_anew(struct target *target, struct link_read *reads, size_t count,
                     struct mph_err *err);

// Whether an address is one where the board of a core did not answer.
bool target_has_refused(const struct target *target, uint64_t address);

// The bytes themselves where a file in memory holds all of them, else NULL.
// They live as long as the target.
const uint8_t *target_direct(const struct target *target, uint64_t address, uint64_t size);

// --- helpers for the readers in this folder ---

// Map a whole file read-only; unmapped by target_deinit. An empty file is an error.
int target_map_file(struct target *target, const char *path, const uint8_t **bytes, size_t *size,
                    struct mph_err *err);

// Add memory at hand as a segment.
int target_add_bytes(struct target *target, uint64_t address, const uint8_t *bytes, uint64_t size,
                     bool writable, const char *name, struct mph_err *err);

struct elf_file;

// Map and parse an ELF file. `path` must outlive *ret.
int target_open_elf(struct target *target, const char *path, struct elf_file *ret,
                    struct mph_err *err);

#endif
