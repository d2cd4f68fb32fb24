// SPDX-License-Identifier: MIT
// What comes back from OpenOCD, taken apart: pure functions over bytes that may
// be anything. Which command asked for them is openocd.c's business.
#ifndef MPH_TARGET_OPENOCD_REPLY_H
#define MPH_TARGET_OPENOCD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/regs.h"

// A Tcl list that is being taken apart in place.
struct tcl_list {
    char *at;
    char *end;
};

// The next element, its braces and backslashes undone in place and ended with a
// NUL that *len does not count. 1, or 0 at the end of the list, or -1 when the
// bytes are no list. `end` must point at a byte that may be overwritten.
int tcl_list_next(struct tcl_list *list, char **word, size_t *len);

// The outcome of a script: the list `CODE TEXT`. Code 0 is success; OpenOCD
// hands out its own negative codes beside Tcl's 1 (helper/log.h, v0.12).
struct tcl_result {
    long code;
    char *text; // NUL-terminated, inside the bytes it was taken from
    size_t len;
};

// False when the bytes are no such list. `bytes[size]` must be writable.
bool tcl_result_parse(char *bytes, size_t size, struct tcl_result *ret);

// One contiguous run of 32-bit words that was asked for.
struct openocd_run {
    uint64_t address;
    size_t count;     // words, > 0
    uint32_t *words;  // room for `count`
    bool refused;     // the target did not let them be read
};

// Words in the order asked for. Each run ends in ';', and '!' stands for one
// that was refused: "0x1 0xffffffff80000000;!;7 8;". Numbers are hexadecimal or
// decimal and taken modulo 2^32, as Jim Tcl extends the sign of some. False
// unless every run has exactly its count of words.
bool openocd_reply_words(const char *text, size_t len, struct openocd_run *runs, size_t count);

// The same from `mdw`, which says the address before every eighth word:
// "0x20000000: 00000000 11111111 ... ;!;". False unless the addresses are those
// asked for, too. Other lines that got into the answer are passed over.
bool openocd_reply_mdw(const char *text, size_t len, struct openocd_run *runs, size_t count);

// Registers, one a ';': "pc 0x8000123;" or, from `reg NAME force`,
// "pc (/32): 0x08000123;". Entries without a value of at most 64 bits are
// passed over. Names become lower case.
void openocd_reply_registers(const char *text, size_t len, struct regs *ret);

#endif
