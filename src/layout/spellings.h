// SPDX-License-Identifier: MIT
// How the linker scripts and the sources of MicroPython's ports spell what bounds memory.
//
// To add a port: a row in spellings.c, with where its spelling stands.
#ifndef MPH_LAYOUT_SPELLINGS_H
#define MPH_LAYOUT_SPELLINGS_H

// Two symbols of a linker script: the first address, and the one behind the last.
struct spelling {
    const char *start; // NULL ends a list; "" where only the end has a name
    const char *end;
    const char *source; // ports, and the file
};

extern const struct spelling spellings_heap[];     // what gc_init is given
extern const struct spelling spellings_stack[];    // the main stack
extern const struct spelling spellings_ram[];      // what the linker takes for RAM
extern const struct spelling spellings_reserved[]; // set apart from heap and stack

// The heap of the C library, where it lies below that of MicroPython; two ports give one of
// these names to something else.
extern const struct spelling spellings_c_heap[];

// A heap that is an array in C; `end` is not used.
extern const struct spelling spellings_array[];

// Sections that only make sure that there is room: heap and stack lie elsewhere.
extern const char *const spellings_dummy_sections[]; // beginnings of names; ends with NULL

#endif
