// SPDX-License-Identifier: MIT
// The colour of each letter of a map, the same on a terminal, in a picture and on a page.
//
// Kinds of blocks share a hue with their relatives. The hues are those of M. Okabe and
// K. Ito, "Color Universal Design" (2008), which people who see fewer colours tell apart,
// and greys of different lightness.
#ifndef MPH_REPORT_PALETTE_H
#define MPH_REPORT_PALETTE_H

#include <stddef.h>
#include <stdint.h>

enum { HUE_REVERSED = -1 };

struct hue {
    const char *name;    // of what has it: "text", "code"
    const char *letters; // of map and of map --rich, where none means two things
    uint32_t rgb;        // 0xRRGGBB, for light paper
    int16_t terminal;    // among xterm's 256 colours, or HUE_REVERSED: ink and paper change places
};

// In the order in which a legend has them; free blocks come first.
extern const struct hue hues[];
extern const size_t hue_count;

// The hue of a letter; that of other things for one that has none of its own.
const struct hue *hue_of(char letter);

#endif
