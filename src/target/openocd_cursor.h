// SPDX-License-Identifier: MIT
// Where one is in many reads that are done by aligned words.
#ifndef MPH_TARGET_OPENOCD_CURSOR_H
#define MPH_TARGET_OPENOCD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/link.h"

enum { CURSOR_WORD = 4 }; // bytes

struct cursor {
    struct link_read *reads;
    size_t count;
    size_t index; // the read that is next
    size_t done;  // words of it that are done
    size_t apart; // reads before this one are not merged with others
};

// The address of the word that a read begins in.
uint64_t cursor_first_word(const struct link_read *read);

bool cursor_at_end(const struct cursor *cursor);
size_t cursor_left(const struct cursor *cursor);      // words of the read that are not done
uint64_t cursor_address(const struct cursor *cursor); // of the next word
void cursor_advance(struct cursor *cursor, size_t words);

// Give up the read that is next: its memory refuses.
void cursor_refuse(struct cursor *cursor);

// Put the bytes of the word `index` further on where the read wants them, which may begin
// or end within it.
void cursor_deliver(const struct cursor *cursor, size_t index, const uint8_t bytes[CURSOR_WORD]);

#endif
